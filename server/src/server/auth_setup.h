#pragma once

#include <expected>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "auth/key_set.h"
#include "auth/origin_policy.h"
#include "config/config.h"

namespace tidewire {

/// What auth/ needs, made of what config/ read. Faults are one line that begins with the key.
[[nodiscard]] std::expected<Authenticator, std::string> make_authenticator(
    const AuthConfig& config);
[[nodiscard]] std::expected<OriginPolicy, std::string> make_origin_policy(
    const OriginsConfig& config);

/// Every fault that the two makers, the TLS files and the schemas would give: what checkconfig adds
/// to the loader's, and what must be empty before the server starts.
[[nodiscard]] std::vector<std::string> find_setup_faults(const Config& config);

}  // namespace tidewire
