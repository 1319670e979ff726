#include "session/session_journal.h"

#include "session/session.h"
#include "session/session_parking.h"

namespace tidewire {

SessionJournal::SessionJournal(SessionDirectory& sessions, const Clock& clock, TimerWheel& timers)
    : sessions_(sessions),
      clock_(clock),
      timers_(timers),
      timer_([](void* self) { static_cast<SessionJournal*>(self)->write_some(); }, this) {}

void SessionJournal::add(const std::string& connection_id) {
  waiting_.push_back(connection_id);
  schedule();
}

void SessionJournal::write_some() {
  if (unanswered_ > 0) return schedule();
  for (std::size_t bytes = 0; !waiting_.empty() && bytes < kBytesPerTurn;) {
    Session* session = sessions_.find(waiting_.front());
    waiting_.pop_front();
    if (session == nullptr) continue;
    ++unanswered_;
    bytes += SessionParking::keep(*session, [this] { --unanswered_; });
  }
  if (!waiting_.empty()) schedule();
}

void SessionJournal::schedule() {
  if (!timer_.waiting()) timers_.schedule(timer_, clock_.mono_ms() + kPaceMs);
}

}  // namespace tidewire
