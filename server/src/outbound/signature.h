#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidewire::outbound {

/// What `Tidewire-Signature` holds: "sha256=" and the hexadecimal HMAC-SHA256 under `secret` of
/// "<timestamp>.<body>". The timestamp (seconds since 1970, also in `Tidewire-Timestamp`) lets the
/// receiver refuse what somebody recorded and sends again.
[[nodiscard]] std::string sign_body(std::string_view secret, std::int64_t timestamp_s,
                                    std::string_view body);

}  // namespace tidewire::outbound
