#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/codes.gen.h"

namespace tidewire {

/// What program is at the other end, for people, statistics and metric labels. Never a decision
/// about rights: the client says it of itself.
struct ClientInfo {
  ClientKind kind = ClientKind::unknown;
  std::string name;     // at most kClientNameMax of [A-Za-z0-9._+-]; empty: not told
  std::string version;  // at most kClientVersionMax of the same

  /// "name/version", "name", or the kind when nothing was told.
  [[nodiscard]] std::string label() const;
};

inline constexpr std::size_t kClientNameMax = 32;
inline constexpr std::size_t kClientVersionMax = 16;

/// `declared` is the header `Tidewire-Client` or the `client` of `auth` ("name/version"; a word of
/// the name can be a kind: "agent", "web", "my-agent"). Where it is empty or does not tell the
/// kind, the User-Agent decides. Any bytes are accepted; what is not allowed in a name is dropped.
[[nodiscard]] ClientInfo detect_client(std::string_view declared, std::string_view user_agent);

}  // namespace tidewire
