#pragma once

#include "session/resumption.h"
#include "session/session_desk.h"

namespace tidewire {

class Session;

/// Brings a session that the client named back to its connection, in one round trip: `welcome`,
/// then a `subscribed` for each channel, then what was sent to the session meanwhile.
class ResumeHandler {
 public:
  /// Channels whose answers are on their way at a time.
  static constexpr std::size_t kInFlight = 8;

  /// Looks for the session; until it is found and back, messages of the client are held.
  static void ask(Session& session, ResumeWish wish);
  /// A message came meanwhile.
  static void hold(Session& session, const Envelope& envelope);
  /// An owner has answered, or there is room in the outbox.
  static void answered(Session& session);
  static void advance(Session& session);

 private:
  static void decide(Session& session, ClaimResult result);
  static void refuse(Session& session);
  static void give_way(Session& session);
  static void begin_anew(Session& session);
  static void restore(Session& session, ParkedSession parked);
  static void complete(Session& session);
  static void release(Session& session, bool subscribe_scope = false);
};

}  // namespace tidewire
