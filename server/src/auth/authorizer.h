#pragma once

#include "auth/claims.h"
#include "auth/permission_set.h"
#include "protocol/channel_name.h"

namespace tidewire {

/// What a namespace grants to any authenticated user whose token has no rule for the channel.
struct NamespaceDefaults {
  PermissionSet authenticated;  // empty: deny, the default of the defaults
};

/// Decides whether the holder of some claims may do something on a channel.
///
/// 1. `user:{sub}` always grants its own user subscribe, presence and history.
/// 2. If any rule of the token matches, the union of the matching rules decides.
/// 3. Otherwise the namespace's defaults decide, except in the namespace `user`, where nobody
///    but its owner gets anything without a rule.
///
/// Thread: stateless. Cost: linear in the token's rules, so callers ask once per subscription and
/// keep permissions() rather than ask per message.
class Authorizer {
 public:
  [[nodiscard]] static bool allowed(const Holder& holder, const ChannelName& channel,
                                    const NamespaceDefaults& defaults, Permission permission) {
    return permissions(holder, channel, defaults).contains(permission);
  }
  /// Everything the holder may do on the channel.
  [[nodiscard]] static PermissionSet permissions(const Holder& holder, const ChannelName& channel,
                                                 const NamespaceDefaults& defaults);
};

}  // namespace tidewire
