#include "auth/authorizer.h"

namespace tidewire {
namespace {

constexpr std::string_view kUserNamespace = "user";
constexpr PermissionSet kOwnChannel{Permission::subscribe, Permission::presence,
                                    Permission::history};

}  // namespace

PermissionSet Authorizer::permissions(const Holder& holder, const ChannelName& channel,
                                      const NamespaceDefaults& defaults) {
  const bool user_channel = channel.name_space() == kUserNamespace;
  PermissionSet granted;
  bool matched = false;
  for (const ChannelRule& rule : holder.rules) {
    if (!rule.matches(channel.str())) continue;
    matched = true;
    granted |= rule.allow;
  }
  if (!matched && !user_channel) granted = defaults.authenticated;
  if (user_channel && channel.rest() == holder.user_id) granted |= kOwnChannel;
  return granted;
}

}  // namespace tidewire
