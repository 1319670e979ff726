#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "protocol/error.h"

namespace tidewire {

/// A growing message, as streams/* name it; which fields count depends on the verb.
struct StreamBody {
  std::string channel;
  std::string message_id;
  std::string user_id;  // in whose name; empty: the server's own
  std::string content;
  std::string part_id;
  std::string part_kind;
  std::string part_name;
  std::string reason;
  std::uint64_t generation = 0;
  std::uint64_t index = 0;  // 0: the next one
};
enum class StreamVerb : std::uint8_t { open, append, complete, cancel, status };
[[nodiscard]] std::expected<StreamBody, Error> parse_stream_body(std::string_view body,
                                                                 StreamVerb verb);

}  // namespace tidewire
