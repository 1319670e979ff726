#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "base/clock.h"
#include "base/timer_wheel.h"
#include "session/session_directory.h"

namespace tidewire {

/// Stores the sessions of one shard's open connections, so that they go on after the process was
/// killed: who it is and its channels, each with a position that surely arrived.
///
/// Owner:  the shard's server part; outlives its sessions, and the desk outlives it.
/// Thread: the shard's.
/// Time:   a session is written up to kPaceMs after it changed. Messages change nothing.
/// Limit:  about kBytesPerTurn in kPaceMs, and nothing while the store has not answered: what
///         connects all at once is written little by little, and never crowds out messages.
/// Errors: a store that cannot write costs the session after a kill, nothing else.
class SessionJournal {
 public:
  static constexpr MonoMillis kPaceMs = 250;
  static constexpr std::size_t kBytesPerTurn = 64 * 1024;

  SessionJournal(SessionDirectory& sessions, const Clock& clock, TimerWheel& timers);

  /// The session of this connection has changed.
  void add(const std::string& connection_id);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  void write_some();
  void schedule();

  SessionDirectory& sessions_;
  const Clock& clock_;
  TimerWheel& timers_;
  std::deque<std::string> waiting_;
  std::size_t unanswered_ = 0;
  Timer timer_;
};

}  // namespace tidewire
