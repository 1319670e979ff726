#include "load/rooms_scenario.h"

#include <algorithm>

#include "load/stamp.h"

namespace tidewire::bench {
namespace {

constexpr int kStalledBuffer = 4096;  // of the kernel's, so that a stalled link is soon full

}  // namespace

RoomsScenario::RoomsScenario(const Options& options, const Dialect& dialect)
    : Scenario(options, dialect) {
  std::string content(Stamp().text().data(), Stamp::kSize);
  content += filler(options.size - Stamp::kSize);
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
      .add("connections", static_cast<double>(options_.rooms * options_.members))
      .raw("phases", "[" + phases + "]")
      .add("faults", faults())
      .str();
}

void RoomsScenario::connect_all() {
  const std::uint32_t total = options_.rooms * options_.members;
  client_.resize(total + options_.stalled);
  // Member i belongs to room i / members, so a room's publisher is its first link.
  open_links(0, total, [&](std::uint32_t link) { return link / options_.members; });
  open_links(total, options_.stalled, [](std::uint32_t) { return 0; }, kStalledBuffer);
  for (std::uint32_t i = total; i < total + options_.stalled; ++i) client_.hold(i);
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
    check_offset(index, payload, now);
    if (rooms_[link.room].received(stamp->sequence) && running_) refill(link.room);
  }
  if (stamps == 0) return Scenario::on_message(index, payload, now);
  bytes_ += payload.size();
}

void RoomsScenario::check_offset(std::uint32_t index, std::string_view payload, std::int64_t now) {
  const auto offset = dialect_.offset(payload);
  if (!offset) return;
  if (*offset == 0) return Scenario::on_message(index, payload, now);  // refused
  Link& link = client_.link(index);
  if (link.last_offset != 0 && *offset != link.last_offset + 1) ++misplaced_;
  link.last_offset = *offset;
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
  const auto empty = [](const Room& room) { return room.under_way() == 0; };
  return wait_until([&] { return std::all_of(rooms_.begin(), rooms_.end(), empty); });
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
  const std::uint64_t bytes_before = bytes_;
  Stretch stretch(options_.server_pids, client_);
  keep_going(phase, stretch.began_us() + static_cast<std::int64_t>(options_.seconds * 1e6));
  stretch.end();
  const auto delivered = static_cast<double>(deliveries_ - deliveries);
  const auto bytes = static_cast<double>(bytes_ - bytes_before);
  const double published_per_s = static_cast<double>(published_ - published) / stretch.seconds();
  running_ = false;
  if (!drain())
    for (const Room& room : rooms_) undelivered_ += room.under_way();
  recording_ = false;
  if (first_rate_ == 0) first_rate_ = published_per_s;

  JsonObject result;
  result.add("phase", phase.name)
      .add("published_per_s", published_per_s)
      .add("deliveries_per_s", delivered / stretch.seconds())
      .add("bytes_per_delivery", delivered > 0 ? bytes / delivered : 0)
      .add("server_us_per_delivery", delivered > 0 ? stretch.server_us() / delivered : 0);
  stretch.add_to(result);
  add_latency(result, latency_);
  return result.str();
}

std::string RoomsScenario::faults() const {
  std::uint64_t foreign = strays_;
  for (const Room& room : rooms_) foreign += room.foreign();
  std::uint64_t awake = 0;
  const std::uint32_t total = options_.rooms * options_.members;
  for (std::uint32_t i = total; i < total + options_.stalled; ++i)
    if (client_.unread(i) == 0) ++awake;
  std::string text;
  say(text, gaps_, "missing");
  say(text, repeats_, "repeated or out of order");
  say(text, foreign, "from elsewhere");
  say(text, undelivered_, "never delivered to everybody");
  say(text, misplaced_, "with an offset that is not the next");
  say(text, options_.target.compress && !client_.compressed() ? published_ : 0, "not compressed");
  say(text, awake, "of the stalled were not");
  return with_losses(text);
}

}  // namespace tidewire::bench
