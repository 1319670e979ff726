#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "history/publication.h"

namespace tidewire {

/// One change of a channel's shared state that somebody with permission `state` asks for.
struct StateChange {
  std::string channel;
  std::string key;
  std::optional<std::string> value_json;  // nullopt: the key goes
  std::optional<std::uint64_t> if_version;
  PublicationSender from;
};

/// One key of a channel's shared state, as it stood when it was asked for.
struct StateEntry {
  std::string key;
  std::string value_json;
  std::uint64_t version = 0;
};

}  // namespace tidewire
