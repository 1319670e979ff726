#pragma once

#include <cstdint>
#include <string_view>

#include "http/request.h"

namespace tidewire::http {

/// 200, 304 or 412: what If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since make of
/// a GET or HEAD for a representation with this tag and date, in the order of RFC 9110, 13.2.2.
[[nodiscard]] int check_preconditions(const Request& request, std::string_view etag,
                                      std::int64_t modified_s);

/// Whether the request has one Range that counts: a GET, and If-Range (13.1.5) agrees.
[[nodiscard]] bool range_applies(const Request& request, std::string_view etag,
                                 std::int64_t modified_s);

}  // namespace tidewire::http
