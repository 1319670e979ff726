#pragma once

#include <expected>
#include <string_view>

#include "auth/permission_set.h"
#include "config/config.h"
#include "protocol/channel_name.h"
#include "protocol/error.h"

namespace tidewire {

class Session;

/// A channel that a message names, and what the session may do there.
struct ChannelAccess {
  ChannelName name;
  const NamespaceConfig& options;
  PermissionSet permissions;
};

/// Looks at `channel` (empty: the one the URL names). Error: invalid_channel.
[[nodiscard]] std::expected<ChannelAccess, Error> access_to(const Session& session,
                                                            std::string_view channel);

/// The same, refused with permission_denied unless `needed` is allowed.
[[nodiscard]] std::expected<ChannelAccess, Error> access_to(const Session& session,
                                                            std::string_view channel,
                                                            Permission needed);

/// The answer to a `subscribe` that was taken back while its channel, or the application, was
/// asked.
[[nodiscard]] Error ended_before_it_began();
/// The answer to one whose permission went meanwhile.
[[nodiscard]] Error no_longer_allowed();

/// The options of a channel's namespace: a namespace that the configuration does not name has the
/// defaults, which allow nothing, so that only rules of tokens open its channels.
[[nodiscard]] const NamespaceConfig& options_of(const Config& config, const ChannelName& channel);

}  // namespace tidewire
