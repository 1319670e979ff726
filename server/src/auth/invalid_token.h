#pragma once

#include <expected>
#include <string>
#include <utility>

#include "protocol/error.h"

namespace tidewire {

/// The refusal of a token, as every step of its verification words it. `why` is a clause: "it is
/// empty". Never with a part of the token, since it goes to logs and to the client.
[[nodiscard]] inline std::unexpected<Error> invalid_token(std::string why) {
  return fail(ErrorCode::token_invalid, "token: " + std::move(why));
}

}  // namespace tidewire
