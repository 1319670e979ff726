#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "session/parked_session.h"
#include "session/session_desk.h"

namespace tidewire {

class Session;
struct ChannelPlace;

/// How a session leaves its connection, and what is known of how far its client has come
/// (docs/mechanisms/sessions.md, "Positions").
class SessionParking {
 public:
  /// The connection has ended with `close_code`: the session waits for the next one, or ends.
  static void leave(Session& session, std::uint16_t close_code);

  /// Gives the session to a newer connection and closes this one with 4409; nullopt: it has ended.
  [[nodiscard]] static std::optional<ParkedSession> surrender(Session& session);

  /// Everything of the session, for a connection that goes on with another one.
  [[nodiscard]] static ParkedSession leave_for(Session& session);

  /// `elsewhere`: the connection has another session by now. `ended`: its end ends the session too.
  /// `kept`: it goes out when the session is all back, or with the next connection. `skipped`: the
  /// connection takes nothing more.
  enum class Taken : std::uint8_t { elsewhere, ended, sent, kept, skipped };
  /// Sends `event`, behind those that have waited. `keep`: again after a resume, unless it surely
  /// arrived.
  [[nodiscard]] static Taken take(Session& session, std::string_view session_id,
                                  const DirectEvent& event, bool keep);

  /// Sends one that nothing goes before.
  static Taken send(Session& session, const DirectEvent& event, bool keep);

  /// What was sent so far has reached the client's machine.
  static void settle(Session& session);

  /// The session's connection, as the registry knows it.
  [[nodiscard]] static SessionHolder holder_of(const Session& session);

  /// Stores what would be left of the session now. Answers about how many bytes that is.
  static std::size_t keep(Session& session, SessionDesk::Kept kept);

 private:
  [[nodiscard]] static ParkedSession record_of(const Session& session, bool delivered);
  static void let_go(Session& session);
  /// Past session.events the oldest one goes.
  static void add(Session& session, const DirectEvent& event, std::vector<DirectEvent>& events);
};

}  // namespace tidewire
