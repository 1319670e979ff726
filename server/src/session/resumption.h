#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/claims.h"
#include "base/clock.h"
#include "protocol/envelope.h"
#include "session/kept_envelope.h"
#include "session/parked_session.h"

namespace tidewire {

/// What a client asked for when it named a session.
struct ResumeWish {
  std::string session_id;
  std::string reply_id;
  std::vector<std::pair<std::string, StreamPosition>> positions;  // of the client, by channel
  bool bound = false;                                             // the token names the session
  bool in_place = false;  // the connection has a session already
  Claims claims = {};     // in place: they count unless the session is refused
};

/// Messages that came while a session was on its way.
///
/// Limit: kMessagesMax and kBytesMax; add() past them keeps nothing and says false.
class HeldMessages {
 public:
  static constexpr std::size_t kMessagesMax = 256;
  static constexpr std::size_t kBytesMax = 256 * 1024;

  [[nodiscard]] bool add(const Envelope& envelope);
  [[nodiscard]] bool empty() const { return messages_.empty(); }

  /// Hands over every message in order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const KeptEnvelope& held : messages_) visit(held.view());
  }

 private:
  std::deque<KeptEnvelope> messages_;
  std::size_t bytes_ = 0;
};

/// A session on its way to a connection: first it is looked for, then its channels come back.
///
/// Owner: the Session that asked. Thread: its shard's.
struct Resumption {
  ResumeWish wish;
  MonoMicros asked_at = 0;
  HeldMessages held;
  std::deque<ParkedChannel> waiting;
  std::vector<std::shared_ptr<const ParkedChannel>> asked;  // the application is asked about them
  std::vector<DirectEvent> events;
  std::size_t in_flight = 0;  // channels whose owner has not answered
  bool asking = true;
  bool advancing = false;
  bool pouring = false;  // more was missed than one write should hold
};

}  // namespace tidewire
