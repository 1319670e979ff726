#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hub/channel_latest.h"
#include "hub/channel_scope.h"
#include "hub/publish_request.h"

namespace tidewire {

/// What people and agents are doing in one channel right now: who types, which agent works. Both
/// end by themselves: typing after the namespace's typing_timeout or with the user's next message,
/// both with the connection that told of them. The events of the end are the user's own, made by
/// the server.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  ChannelLimits::typing_users devices; past it typing is delivered, but does not end by
///         itself. The status of an agent ends while ChannelLatest
///         keeps it.
class ChannelActivity {
 public:
  ChannelActivity(const ChannelScope& scope, ChannelLatest& latest)
      : scope_(scope), latest_(latest) {}

  /// Delivers a `user_typing`. A repeat that tells nothing new prolongs, and is delivered again
  /// when somebody has joined or half of the timeout has passed since the last one.
  void typing(const PublishRequest& request);
  /// The user's message is there: nothing is typed any more.
  void message_by(std::string_view user_id);
  /// A connection that told of something here is gone.
  void connection_gone(std::string_view user_id, std::string_view connection_id);
  /// Ends what is due by now; when to call again, if ever.
  std::optional<MonoMillis> run_due();

  /// Somebody joined, who learns of what goes on from the next repeat: typing is kept nowhere.
  void joined() { ++joins_; }
  [[nodiscard]] bool idle() const { return typing_.empty(); }

 private:
  struct Typing {
    PublicationPtr event;
    MonoMillis told_at = 0;
    std::uint64_t told_joins = 0;
    MonoMillis ends_at = 0;
  };
  using Who = std::pair<std::string, std::string>;  // user id, `sessionId` of the payload
  using Table = std::map<Who, Typing>;

  [[nodiscard]] PublicationPtr emit(const PublishRequest& request);
  Table::iterator stop(Table::iterator typing);

  const ChannelScope& scope_;
  ChannelLatest& latest_;
  Table typing_;
  std::uint64_t joins_ = 0;
};

}  // namespace tidewire
