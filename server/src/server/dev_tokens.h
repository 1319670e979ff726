#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "http/request.h"
#include "http/response.h"

namespace tidewire {

/// `GET /dev/token?user=NAME[&name=SHOWN]`: a token for whoever asks, so that a demo page needs no
/// login. Only `tidewire dev` switches it on; anybody who reaches the port may be anybody.
///
/// Answer: `{"token", "userId", "expiresAt"}`, valid for an hour; 400 for a bad name.
[[nodiscard]] http::Response dev_token_response(const http::Request& request, const Config& config,
                                                WallMillis now);

}  // namespace tidewire
