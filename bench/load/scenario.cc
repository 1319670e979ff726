#include "load/scenario.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include "load/process_cpu.h"

namespace tidewire::bench {
namespace {

constexpr std::int64_t kConnectLimitUs = 120'000'000;
constexpr std::int64_t kWaitLimitUs = 90'000'000;

}  // namespace

void Scenario::on_open(std::uint32_t /*link*/) {
  ++open_;
  --connecting_;
}

/// What carries no stamp: a heartbeat, or an error.
void Scenario::on_message(std::uint32_t link, std::string_view payload, std::int64_t /*now*/) {
  if (const std::string answer = dialect_.answer(payload); !answer.empty())
    return client_.queue(link, client_frame(FrameKind::text, answer));
  if (!dialect_.refused(payload)) return;
  if (refused_++ == 0) first_refusal_ = payload.substr(0, 200);
}

void Scenario::on_lost(std::uint32_t /*link*/, const std::string& why) {
  ++lost_links_;
  if (first_loss_.empty()) first_loss_ = why;
}

void Scenario::open_links(std::uint32_t first, std::uint32_t count,
                          const std::function<std::uint32_t(std::uint32_t)>& room_of,
                          int receive_buffer) {
  const std::int64_t deadline = now_us() + kConnectLimitUs;
  const std::size_t wanted = open_ + count;
  std::uint32_t next = first;
  while (open_ < wanted) {
    while (next < first + count && connecting_ < options_.concurrency) {
      ++connecting_;
      client_.connect(next, room_of(next), receive_buffer);
      ++next;
    }
    client_.wait(100);
    if (lost_links_ == 0 && now_us() < deadline) continue;
    std::cerr << "tw_load: " << open_ << " of " << wanted << " connected; "
              << (first_loss_.empty() ? "time is up" : first_loss_) << "\n";
    std::exit(1);
  }
}

bool Scenario::wait_until(const std::function<bool()>& done) {
  const std::int64_t deadline = now_us() + kWaitLimitUs;
  while (!done()) {
    if (lost_links_ > 0 || now_us() > deadline) return false;
    client_.wait(10);
  }
  return true;
}

void Scenario::say(std::string& text, std::uint64_t count, const char* what) {
  if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
}

std::string Scenario::with_losses(std::string text) const {
  say(text, refused_, "refused");
  say(text, lost_links_, "connections lost");
  if (!first_refusal_.empty()) text += " (" + first_refusal_ + ")";
  return first_loss_.empty() ? text : text + " (" + first_loss_ + ")";
}

Stretch::Stretch(const std::vector<int>& server_pids, const Client& client)
    : pids_(server_pids),
      load_(client),
      server_(cpu_us(server_pids)),
      client_(client_us()),
      began_(now_us()) {}

std::int64_t Stretch::client_us() const { return cpu_us({::getpid()}) - load_.idle_us(); }

void Stretch::end() {
  ended_ = now_us();
  server_ = cpu_us(pids_) - server_;
  client_ = std::max<std::int64_t>(client_us() - client_, 0);
}

void Stretch::add_to(JsonObject& object) const {
  object.add("seconds", seconds())
      .add("server_cpu", server_us() / seconds() / 1e6)
      .add("client_cpu", static_cast<double>(client_) / seconds() / 1e6);
}

void add_latency(JsonObject& object, const Histogram& latency) {
  object.add("samples", static_cast<double>(latency.count()))
      .add("p50_us", static_cast<double>(latency.quantile(0.5)))
      .add("p99_us", static_cast<double>(latency.quantile(0.99)))
      .add("p999_us", static_cast<double>(latency.quantile(0.999)))
      .add("max_us", static_cast<double>(latency.max()));
}

}  // namespace tidewire::bench
