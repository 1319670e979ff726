#include "session/channel_access.h"

#include "auth/authorizer.h"
#include "session/session.h"

namespace tidewire {
namespace {

NamespaceDefaults defaults_of(const NamespaceConfig& options) {
  NamespaceDefaults defaults;
  if (options.publish) defaults.authenticated.add(Permission::publish);
  if (options.subscribe) defaults.authenticated.add(Permission::subscribe);
  if (options.history) defaults.authenticated.add(Permission::history);
  if (options.state) defaults.authenticated.add(Permission::state);
  if (options.cancel) defaults.authenticated.add(Permission::cancel);
  if (options.presence && options.subscribe) defaults.authenticated.add(Permission::presence);
  return defaults;
}

}  // namespace

const NamespaceConfig& options_of(const Config& config, const ChannelName& channel) {
  static const NamespaceConfig unconfigured;
  const NamespaceConfig* options = config.find_namespace(channel.name_space());
  return options != nullptr ? *options : unconfigured;
}

Error ended_before_it_began() {
  return {.code = ErrorCode::not_subscribed,
          .message = "the subscription has ended before it began",
          .path = "/channel"};
}

Error no_longer_allowed() {
  return {.code = ErrorCode::permission_denied,
          .message = "the channel is no longer allowed",
          .path = "/channel"};
}

std::expected<ChannelAccess, Error> access_to(const Session& session, std::string_view channel) {
  auto name = ChannelName::parse(channel.empty() ? session.scope() : channel);
  if (!name) return std::unexpected(std::move(name.error()));
  const NamespaceConfig& options = options_of(session.config(), *name);
  return ChannelAccess{*name, options,
                       Authorizer::permissions(session.claims(), *name, defaults_of(options))};
}

std::expected<ChannelAccess, Error> access_to(const Session& session, std::string_view channel,
                                              Permission needed) {
  auto access = access_to(session, channel);
  if (access && !access->permissions.contains(needed))
    return fail(ErrorCode::permission_denied,
                "no permission to " + std::string(to_name(needed)) + " on this channel",
                "/channel");
  return access;
}

}  // namespace tidewire
