#include "auth/authenticator.h"

#include "auth/jwt.h"

namespace tidewire {

std::expected<Claims, Error> Authenticator::authenticate(std::string_view token,
                                                         WallMillis now) const {
  const auto payload = verify_jws(token, keys_);
  if (!payload) return std::unexpected(payload.error());
  return parse_claims(*payload, checks_, now);
}

}  // namespace tidewire
