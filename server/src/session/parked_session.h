#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/permission_set.h"
#include "base/clock.h"
#include "hub/stream_mode.h"
#include "protocol/commands.h"
#include "protocol/error.h"
#include "session/publish_window.h"

namespace tidewire {

/// An event for one session, outside every channel.
struct DirectEvent {
  std::string type;
  std::string payload;  // JSON object text
  std::string key;      // the same when it is sent again
  WallMillis ts = 0;

  /// About how much memory it takes.
  [[nodiscard]] std::size_t cost() const;
};

/// A subscription of a session without a connection.
struct ParkedChannel {
  std::string channel;
  StreamPosition position;                       // everything up to here has reached the client
  std::uint64_t attempts = 0;                    // how often the next one was sent again
  std::uint64_t acknowledged = 0;                // the client has said so itself
  PermissionSet granted;                         // beside the rules of the connection's token,
  WallMillis granted_until = 0;                  // until then
  PermissionSet ceiling = PermissionSet::all();  // what the subscribe hook left
  StreamMode mode;                               // as the client asked for growing messages
};

/// What is left of a session when its connection has gone.
///
/// A plain value; belongs to nobody's thread. The identity is the user's name only: what a resumed
/// session may do is said by the token that resumes it.
struct ParkedSession {
  static constexpr std::uint64_t kVersion = 1;

  std::string id;
  std::string user_id;
  WallMillis expires_at = 0;
  std::vector<ParkedChannel> channels;
  std::vector<DirectEvent> events;                 // sent, but perhaps not received
  std::shared_ptr<const PublishWindow> publishes;  // answers to numbered ones; nullptr: none

  /// About how much memory it takes.
  [[nodiscard]] std::size_t cost() const;
  /// Drops the oldest events until it takes no more than `bytes_max`, or has none left.
  void shed_events(std::size_t bytes_max);
};

[[nodiscard]] std::string to_json(const ParkedSession& session);
/// Error: `invalid_message` for text that no version of this server has written.
[[nodiscard]] std::expected<ParkedSession, Error> parked_session_from_json(std::string_view text);

}  // namespace tidewire
