#include "load/connects_scenario.h"

#include <cstdlib>
#include <iostream>

#include <poll.h>
#include <unistd.h>

#include "load/scenario.h"

namespace tidewire::bench {

ConnectsScenario::ConnectsScenario(const Options& options, const Dialect& dialect)
    : options_(options), dialect_(dialect), client_(options.target, dialect, *this) {}

void ConnectsScenario::on_open(std::uint32_t index) {
  ++open_;
  --connecting_;
  if (dropping_) free_.push_back(index);
}

void ConnectsScenario::on_message(std::uint32_t index, std::string_view payload,
                                  std::int64_t /*now*/) {
  if (const std::string answer = dialect_.answer(payload); !answer.empty())
    client_.queue(index, client_frame(FrameKind::text, answer));
}

void ConnectsScenario::on_lost(std::uint32_t index, const std::string& why) {
  ++failed_;
  if (first_failure_.empty()) first_failure_ = why;
  if (!dropping_) return;
  --connecting_;
  free_.push_back(index);
}

void ConnectsScenario::keep_going(std::int64_t until) {
  while (now_us() < until && failed_ < 100) {
    // Dropped here and not in on_open(), where the client still reads from the link.
    for (const std::uint32_t index : free_) {
      if (client_.link(index).stage == Stage::connecting) continue;  // listed twice: opened, lost
      client_.drop(index);
      ++connecting_;
      client_.connect(index, 0);
    }
    free_.clear();
    client_.wait(10);
  }
}

std::string ConnectsScenario::run_rate() {
  dropping_ = true;
  client_.resize(options_.concurrency);
  for (std::uint32_t i = 0; i < options_.concurrency; ++i) free_.push_back(i);
  keep_going(now_us() + static_cast<std::int64_t>(options_.warm_s * 1e6));
  const std::size_t opened = open_;
  Stretch stretch(options_.server_pids, client_);
  keep_going(stretch.began_us() + static_cast<std::int64_t>(options_.seconds * 1e6));
  stretch.end();
  const auto connects = static_cast<double>(open_ - opened);
  JsonObject result;
  result.add("connects_per_s", connects / stretch.seconds())
      .add("server_us_per_connect", connects > 0 ? stretch.server_us() / connects : 0);
  stretch.add_to(result);
  return result
      .add("faults", failed_ == 0 ? std::string()
                                  : std::to_string(failed_) + " failed (" + first_failure_ + ")")
      .str();
}

void ConnectsScenario::hold(std::size_t count) {
  std::size_t begun = open_;
  while (open_ < count) {
    while (begun < count && connecting_ < options_.concurrency) {
      ++connecting_;
      client_.connect(static_cast<std::uint32_t>(begun++), 0);
    }
    client_.wait(100);
    if (failed_ == 0) continue;
    std::cerr << "tw_load: " << open_ << " of " << count << " held; " << first_failure_ << "\n";
    std::exit(1);
  }
}

std::string ConnectsScenario::run_hold() {
  client_.resize(options_.steps.back());
  client_.sleep_when_idle();
  for (const std::size_t count : options_.steps) {
    hold(count);
    std::cout << "held " << count << std::endl;
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    while (::poll(&input, 1, 0) == 0) client_.wait(50);
    std::string line;
    if (!std::getline(std::cin, line)) break;
  }
  return JsonObject()
      .add("connections", static_cast<double>(open_))
      .add("faults", failed_ == 0 ? std::string() : first_failure_)
      .str();
}

}  // namespace tidewire::bench
