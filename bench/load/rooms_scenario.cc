#include "load/rooms_scenario.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include "load/json_object.h"
#include "load/process_cpu.h"
#include "load/stamp.h"

namespace tidewire::bench {
namespace {

constexpr std::int64_t kConnectLimitUs = 120'000'000;
constexpr std::int64_t kDrainLimitUs = 90'000'000;

}  // namespace

RoomsScenario::RoomsScenario(const Options& options, const Dialect& dialect)
    : options_(options), dialect_(dialect), client_(options.target, dialect, *this) {
  std::string content(Stamp().text().data(), Stamp::kSize);
  content.append(options.size - Stamp::kSize, 'x');
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    rooms_.emplace_back(options.members);
    frames_.emplace_back(dialect.publish(room, content));
  }
}

std::string RoomsScenario::run() {
  connect_all();
  std::string phases;
  for (const Phase& phase : options_.phases)
    phases += (phases.empty() ? "" : ",") + run_phase(phase);
  return JsonObject()
      .add("connections", static_cast<double>(open_))
      .raw("phases", "[" + phases + "]")
      .add("faults", faults())
      .str();
}

void RoomsScenario::connect_all() {
  const std::uint32_t total = options_.rooms * options_.members;
  client_.resize(total);
  const std::int64_t deadline = now_us() + kConnectLimitUs;
  std::uint32_t next = 0;
  while (open_ < total) {
    // Member i belongs to room i / members, so a room's publisher is its first link.
    while (next < total && connecting_ < options_.concurrency) {
      ++connecting_;
      client_.connect(next, next / options_.members);
      ++next;
    }
    client_.wait(100);
    if (lost_links_ == 0 && now_us() < deadline) continue;
    std::cerr << "tw_load: " << open_ << " of " << total << " connected; "
              << (first_loss_.empty() ? "time is up" : first_loss_) << "\n";
    std::exit(1);
  }
}

void RoomsScenario::on_open(std::uint32_t /*link*/) {
  ++open_;
  --connecting_;
}

void RoomsScenario::on_lost(std::uint32_t /*link*/, const std::string& why) {
  ++lost_links_;
  if (first_loss_.empty()) first_loss_ = why;
}

void RoomsScenario::on_message(std::uint32_t index, std::string_view payload, std::int64_t now) {
  Link& link = client_.link(index);
  std::size_t stamps = 0;
  std::string_view rest = payload;
  while (const auto stamp = next_stamp(rest)) {
    ++stamps;
    if (stamp->room != link.room) {
      ++strays_;
      continue;
    }
    if (stamp->sequence < link.next_sequence) {
      ++repeats_;
      continue;
    }
    gaps_ += stamp->sequence - link.next_sequence;
    link.next_sequence = stamp->sequence + 1;
    ++deliveries_;
    if (stamp->due_us >= record_from_us_ && recording_) latency_.record(now - stamp->due_us);
    if (rooms_[link.room].received(stamp->sequence) && running_) refill(link.room);
  }
  if (stamps > 0) return;
  if (const std::string answer = dialect_.answer(payload); !answer.empty())
    client_.queue(index, client_frame(FrameKind::text, answer));
}

void RoomsScenario::refill(std::uint32_t room) {
  publish(per_room_ ? room : next_room_++ % options_.rooms, now_us());
}

void RoomsScenario::publish(std::uint32_t room, std::int64_t due_us) {
  const Stamp stamp{.room = room, .sequence = rooms_[room].publish(), .due_us = due_us};
  const auto text = stamp.text();
  frames_[room].write_stamp({text.data(), text.size()});
  client_.queue(room * options_.members, frames_[room].bytes());
  ++published_;
}

double RoomsScenario::rate_of(const Phase& phase) const {
  switch (phase.kind) {
    case Phase::Kind::window:
    case Phase::Kind::each:
      return 0;
    case Phase::Kind::rate:
      return phase.value;
    case Phase::Kind::half:
      return first_rate_ / 2;
  }
  return 0;
}

/// Moves messages until `until`.
void RoomsScenario::keep_going(const Phase& phase, std::int64_t until) {
  const double rate = rate_of(phase);
  for (std::int64_t now = now_us(); now < until && lost_links_ == 0; now = now_us()) {
    if (rate <= 0) {
      client_.wait(10);
      continue;
    }
    const auto interval = static_cast<std::int64_t>(1e6 / rate);
    for (; next_due_us_ <= now; next_due_us_ += std::max<std::int64_t>(interval, 1))
      publish(next_room_++ % options_.rooms, next_due_us_);
    client_.wait(next_due_us_ - now > 2'000 ? 1 : 0);
  }
}

/// Waits until everybody has everything. Answers whether that happened.
bool RoomsScenario::drain() {
  const std::int64_t deadline = now_us() + kDrainLimitUs;
  const auto empty = [](const Room& room) { return room.under_way() == 0; };
  while (!std::all_of(rooms_.begin(), rooms_.end(), empty)) {
    if (lost_links_ > 0 || now_us() > deadline) return false;
    client_.wait(10);
  }
  return true;
}

std::string RoomsScenario::run_phase(const Phase& phase) {
  latency_.clear();
  next_due_us_ = now_us();
  record_from_us_ = next_due_us_ + static_cast<std::int64_t>(options_.warm_s * 1e6);
  recording_ = true;
  running_ = rate_of(phase) <= 0;
  per_room_ = phase.kind == Phase::Kind::each;
  if (running_) {
    const auto window = static_cast<std::uint32_t>(phase.value);
    for (std::uint32_t i = 0; i < (per_room_ ? window * options_.rooms : window); ++i)
      refill(i % options_.rooms);
  }
  keep_going(phase, record_from_us_);

  const std::uint64_t deliveries = deliveries_;
  const std::uint64_t published = published_;
  const std::int64_t began = now_us();
  const std::int64_t server = cpu_us(options_.server_pids);
  const std::int64_t client = cpu_us({::getpid()});
  keep_going(phase, began + static_cast<std::int64_t>(options_.seconds * 1e6));
  const double seconds = static_cast<double>(now_us() - began) / 1e6;
  const auto delivered = static_cast<double>(deliveries_ - deliveries);
  const auto server_us = static_cast<double>(cpu_us(options_.server_pids) - server);
  const auto client_us = static_cast<double>(cpu_us({::getpid()}) - client);
  const auto sent = static_cast<double>(published_ - published);
  running_ = false;
  if (!drain())
    for (const Room& room : rooms_) undelivered_ += room.under_way();
  recording_ = false;
  if (first_rate_ == 0) first_rate_ = sent / seconds;

  return JsonObject()
      .add("phase", phase.name)
      .add("seconds", seconds)
      .add("published_per_s", sent / seconds)
      .add("deliveries_per_s", delivered / seconds)
      .add("server_us_per_delivery", delivered > 0 ? server_us / delivered : 0)
      .add("server_cpu", server_us / seconds / 1e6)
      .add("client_cpu", client_us / seconds / 1e6)
      .add("samples", static_cast<double>(latency_.count()))
      .add("p50_us", static_cast<double>(latency_.quantile(0.5)))
      .add("p99_us", static_cast<double>(latency_.quantile(0.99)))
      .add("p999_us", static_cast<double>(latency_.quantile(0.999)))
      .add("max_us", static_cast<double>(latency_.max()))
      .str();
}

std::string RoomsScenario::faults() const {
  std::uint64_t foreign = strays_;
  for (const Room& room : rooms_) foreign += room.foreign();
  std::string text;
  const auto say = [&](std::uint64_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  say(gaps_, "missing");
  say(repeats_, "repeated or out of order");
  say(foreign, "from elsewhere");
  say(undelivered_, "never delivered to everybody");
  say(lost_links_, "connections lost");
  return first_loss_.empty() ? text : text + " (" + first_loss_ + ")";
}

}  // namespace tidewire::bench
