#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tidewire::sim {

/// Things that must happen in some run, or the simulation proves less than it seems to.
enum class Reached : std::uint8_t {
  reconnected,
  half_open_noticed,
  link_reset,
  recovered,
  told_of_a_gap,
  slow_reader_closed,
  slow_reader_folded,
  duplicate_acknowledged,
  stream_resent,
  stream_snapshot,
  stream_cancelled,
  stream_interrupted,
  stream_completed,
  state_conflict,
  state_changed,
  server_crashed,
  server_stopped,
  told_to_go,
  closed_for_restart,
  wall_clock_jumped,
  heartbeat_answered,
  error_answered,
  disk_failed,
  disk_unreadable,
  stream_of_parts,
  stream_begun_again,
  stream_announced,
  zombie_fenced,
  session_resumed,
  session_unknown,
  channel_restored,
  said_goodbye,
  held_answered,
  stream_rolled_up,
  stream_conflated,
  stream_whole_only,
  visibility_told,
  subscription_lost,
  acknowledged,
  redelivered,
  ack_window_full,
  dead_lettered,
  theft_refused,
  session_outlived_server,
  channel_outlived_server,
  unacknowledged_resent,
  receipt_complete,
  receipt_timed_out,
  cursor_told,
  call_answered,
  call_asked_again,
  call_timed_out,
  call_cancelled,
  worker_lost,
  worker_told_to_stop,
  direct_received,
  direct_repeated,
  direct_outlived_connection,
  direct_outlived_server,
  direct_before_resume,
  machine_crashed,
  disk_began_anew,
  count_,
};

inline constexpr std::size_t kReachedCount = static_cast<std::size_t>(Reached::count_);

[[nodiscard]] constexpr std::string_view name_of(Reached what) {
  switch (what) {
    case Reached::reconnected:
      return "reconnected";
    case Reached::half_open_noticed:
      return "half_open_noticed";
    case Reached::link_reset:
      return "link_reset";
    case Reached::recovered:
      return "recovered";
    case Reached::told_of_a_gap:
      return "told_of_a_gap";
    case Reached::slow_reader_closed:
      return "slow_reader_closed";
    case Reached::slow_reader_folded:
      return "slow_reader_folded";
    case Reached::duplicate_acknowledged:
      return "duplicate_acknowledged";
    case Reached::stream_resent:
      return "stream_resent";
    case Reached::stream_snapshot:
      return "stream_snapshot";
    case Reached::stream_cancelled:
      return "stream_cancelled";
    case Reached::stream_interrupted:
      return "stream_interrupted";
    case Reached::stream_completed:
      return "stream_completed";
    case Reached::state_conflict:
      return "state_conflict";
    case Reached::state_changed:
      return "state_changed";
    case Reached::server_crashed:
      return "server_crashed";
    case Reached::server_stopped:
      return "server_stopped";
    case Reached::told_to_go:
      return "told_to_go";
    case Reached::closed_for_restart:
      return "closed_for_restart";
    case Reached::wall_clock_jumped:
      return "wall_clock_jumped";
    case Reached::heartbeat_answered:
      return "heartbeat_answered";
    case Reached::error_answered:
      return "error_answered";
    case Reached::disk_failed:
      return "disk_failed";
    case Reached::disk_unreadable:
      return "disk_unreadable";
    case Reached::stream_of_parts:
      return "stream_of_parts";
    case Reached::stream_begun_again:
      return "stream_begun_again";
    case Reached::stream_announced:
      return "stream_announced";
    case Reached::zombie_fenced:
      return "zombie_fenced";
    case Reached::session_resumed:
      return "session_resumed";
    case Reached::session_unknown:
      return "session_unknown";
    case Reached::channel_restored:
      return "channel_restored";
    case Reached::said_goodbye:
      return "said_goodbye";
    case Reached::held_answered:
      return "held_answered";
    case Reached::stream_rolled_up:
      return "stream_rolled_up";
    case Reached::stream_conflated:
      return "stream_conflated";
    case Reached::stream_whole_only:
      return "stream_whole_only";
    case Reached::visibility_told:
      return "visibility_told";
    case Reached::subscription_lost:
      return "subscription_lost";
    case Reached::acknowledged:
      return "acknowledged";
    case Reached::redelivered:
      return "redelivered";
    case Reached::ack_window_full:
      return "ack_window_full";
    case Reached::dead_lettered:
      return "dead_lettered";
    case Reached::theft_refused:
      return "theft_refused";
    case Reached::session_outlived_server:
      return "session_outlived_server";
    case Reached::channel_outlived_server:
      return "channel_outlived_server";
    case Reached::unacknowledged_resent:
      return "unacknowledged_resent";
    case Reached::receipt_complete:
      return "receipt_complete";
    case Reached::receipt_timed_out:
      return "receipt_timed_out";
    case Reached::cursor_told:
      return "cursor_told";
    case Reached::call_answered:
      return "call_answered";
    case Reached::call_asked_again:
      return "call_asked_again";
    case Reached::call_timed_out:
      return "call_timed_out";
    case Reached::call_cancelled:
      return "call_cancelled";
    case Reached::worker_lost:
      return "worker_lost";
    case Reached::worker_told_to_stop:
      return "worker_told_to_stop";
    case Reached::direct_received:
      return "direct_received";
    case Reached::direct_repeated:
      return "direct_repeated";
    case Reached::direct_outlived_connection:
      return "direct_outlived_connection";
    case Reached::direct_outlived_server:
      return "direct_outlived_server";
    case Reached::direct_before_resume:
      return "direct_before_resume";
    case Reached::machine_crashed:
      return "machine_crashed";
    case Reached::disk_began_anew:
      return "disk_began_anew";
    case Reached::count_:
      break;
  }
  return "";
}

/// How often each was reached.
class Sometimes {
 public:
  void reach(Reached what) { ++counts_[static_cast<std::size_t>(what)]; }
  void add(const Sometimes& other) {
    for (std::size_t i = 0; i < kReachedCount; ++i) counts_[i] += other.counts_[i];
  }
  [[nodiscard]] std::uint64_t times(std::size_t index) const { return counts_[index]; }

 private:
  std::array<std::uint64_t, kReachedCount> counts_{};
};

}  // namespace tidewire::sim
