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
  std::int64_t ttl_ms = 0;    // the key goes by itself after so long; 0: it stays
  WallMillis expires_at = 0;  // that moment, set by the channel
  bool expiry = false;        // the server takes the key away because its time has come
};

/// What a change came to.
struct StateChanged {
  std::uint64_t version = 0;
  WallMillis expires_at = 0;  // 0: never
};

/// One key of a channel's shared state, as it stood when it was asked for.
struct StateEntry {
  std::string key;
  std::string value_json;
  std::uint64_t version = 0;
  WallMillis expires_at = 0;  // 0: never
};

}  // namespace tidewire
