#include "load/priority_scenario.h"

#include <algorithm>

#include "load/stamp.h"

namespace tidewire::bench {
namespace {

constexpr std::uint32_t kSubscriber = 0, kPublishers = 1;  // kPublishers + room publishes
constexpr int kReceiveBuffer = 16 << 10;                   // what the narrow link holds itself
constexpr double kProbesPerS = 100;
constexpr std::size_t kProbeBytes = 64;
constexpr double kFloodFactor = 2;

std::string blank(std::size_t size) {
  return std::string(Stamp().text().data(), Stamp::kSize) + filler(size - Stamp::kSize);
}

}  // namespace

PriorityDialect::PriorityDialect(const Options& options)
    : TidewireDialect(options.token, options.name_space),
      durable_(options.token, options.name_space + "durable"),
      priority_(options.priority) {}

std::string PriorityDialect::join(std::uint32_t room) const {
  if (room == kNobody) return {};
  return "[" + subscribe(kFlood, "") + "," + durable_.subscribe(kProbes, "") + "]";
}

/// The probes' room is the second one to be joined.
Joined PriorityDialect::on_reply(std::string_view payload) const {
  const Joined joined = TidewireDialect::on_reply(payload);
  const bool last = payload.find(durable_.channel(kProbes)) != std::string_view::npos;
  return joined == Joined::yes && !last ? Joined::no : joined;
}

std::string PriorityDialect::publish(std::uint32_t room, std::string_view content) const {
  if (room == kFlood) return TidewireDialect::publish(room, content);
  std::string text = durable_.publish(room, content);
  return text.insert(1, R"("priority":")" + priority_ + "\",");
}

PriorityScenario::PriorityScenario(const Options& options, const PriorityDialect& dialect)
    : Scenario(options, dialect),
      kinds_{{.frame = StampedFrame(dialect.publish(PriorityDialect::kFlood, blank(options.size))),
              .per_s = kFloodFactor * options.link_bytes_per_s / static_cast<double>(options.size)},
             {.frame = StampedFrame(dialect.publish(PriorityDialect::kProbes, blank(kProbeBytes))),
              .per_s = kProbesPerS}} {
  client_.resize(kPublishers + 2);
}

std::string PriorityScenario::run() {
  open_links(kSubscriber, 1, [](std::uint32_t) { return PriorityDialect::kFlood; }, kReceiveBuffer);
  open_links(kPublishers, 2, [](std::uint32_t) { return PriorityDialect::kNobody; });
  client_.hold(kSubscriber);

  began_us_ = read_at_us_ = now_us();
  record_from_us_ = began_us_ + static_cast<std::int64_t>(options_.warm_s * 1e6);
  keep_going(record_from_us_, true);
  Stretch stretch(options_.server_pids, client_);
  keep_going(record_from_us_ + static_cast<std::int64_t>(options_.seconds * 1e6), true);
  stretch.end();
  Kind& probes = kinds_[PriorityDialect::kProbes];
  const std::int64_t patience = now_us() + 10'000'000;
  while (probes.received < probes.sent && now_us() < patience && lost_links_ == 0)
    keep_going(now_us() + 10'000, false);

  JsonObject phase;
  phase.add("phase", options_.priority)
      .add("flood_per_s", static_cast<double>(kinds_[0].received) / stretch.seconds());
  stretch.add_to(phase);
  add_latency(phase, probes.latency);
  phase.add("flood_p50_us", static_cast<double>(kinds_[0].latency.quantile(0.5)))
      .add("flood_p99_us", static_cast<double>(kinds_[0].latency.quantile(0.99)));
  return JsonObject().raw("phases", "[" + phase.str() + "]").add("faults", faults()).str();
}

void PriorityScenario::keep_going(std::int64_t until, bool publishing) {
  for (std::int64_t now = now_us(); now < until && lost_links_ == 0; now = now_us()) {
    for (std::uint32_t room = 0; publishing && room < 2; ++room) send_due(room, now);
    read_share(now);
    client_.wait(1);
  }
}

void PriorityScenario::send_due(std::uint32_t room, std::int64_t now) {
  Kind& kind = kinds_[room];
  for (;;) {
    const std::int64_t due =
        began_us_ + static_cast<std::int64_t>(static_cast<double>(kind.sent) * 1e6 / kind.per_s);
    if (due > now) return;
    const auto text = Stamp{.room = room, .sequence = kind.sent++, .due_us = due}.text();
    kind.frame.write_stamp({text.data(), text.size()});
    client_.queue(kPublishers + room, kind.frame.bytes());
  }
}

/// What the link carried since the last time; what it could have carried before is gone.
void PriorityScenario::read_share(std::int64_t now) {
  const double share = static_cast<double>(now - read_at_us_) * options_.link_bytes_per_s / 1e6;
  read_at_us_ = now;
  const auto unread = static_cast<double>(client_.unread(kSubscriber));
  budget_ = std::min(budget_ + share, unread + share);
  const auto bytes = static_cast<std::size_t>(std::min(budget_, unread));
  if (bytes == 0) return;
  budget_ -= static_cast<double>(bytes);
  client_.read_held(kSubscriber, bytes);
}

void PriorityScenario::on_message(std::uint32_t link, std::string_view payload, std::int64_t now) {
  std::string_view rest = payload;
  const auto stamp = next_stamp(rest);
  if (!stamp || stamp->room > 1) return Scenario::on_message(link, payload, now);
  Kind& kind = kinds_[stamp->room];
  if (stamp->sequence < kind.next_sequence) {
    ++repeats_;
    return;
  }
  kind.missing += stamp->sequence - kind.next_sequence;
  kind.next_sequence = stamp->sequence + 1;
  ++kind.received;
  if (stamp->due_us >= record_from_us_) kind.latency.record(now - stamp->due_us);
}

std::string PriorityScenario::faults() const {
  const Kind& probes = kinds_[PriorityDialect::kProbes];
  std::string text;
  say(text, probes.missing + probes.sent - std::min(probes.sent, probes.next_sequence),
      "probes missing");
  say(text, repeats_, "repeated or out of order");
  say(text, kinds_[PriorityDialect::kFlood].missing == 0 ? 1 : 0, "link that was not saturated");
  return with_losses(text);
}

}  // namespace tidewire::bench
