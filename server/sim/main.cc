#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "observability/log.h"
#include "world.h"

/// tidewire_sim [--seed N] [--seeds N] [--first N] [--threads N]
///
/// Runs one seed, or many and says which failed and what was reached. Exit code 0: every promise
/// held and everything that must be reached was; 1: not; 2: wrong arguments.

namespace tidewire::sim {
namespace {

struct Arguments {
  std::optional<std::uint64_t> seed;
  std::uint64_t first = 1;
  std::uint64_t seeds = 200;
  std::uint64_t threads = std::max(1U, std::thread::hardware_concurrency());
};

std::optional<Arguments> parse(int count, char** texts) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = texts[i];
    std::uint64_t value = 0;
    if (i + 1 == count) return std::nullopt;
    const std::string_view text = texts[i + 1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (name == "--seed")
      arguments.seed = value;
    else if (name == "--seeds")
      arguments.seeds = value;
    else if (name == "--first")
      arguments.first = value;
    else if (name == "--threads" && value > 0)
      arguments.threads = value;
    else
      return std::nullopt;
  }
  return arguments;
}

constexpr std::uint64_t kTwiceEvery = 50;  // so many seeds, one is run twice

/// What broke, if something did, and what was seen.
struct Outcome {
  std::optional<std::string> broken;
  std::size_t digest = 0;
};

Outcome run_seed(std::uint64_t seed, Sometimes& reached) {
  const SeededIds ids(seed);
  World world(seed);
  Outcome outcome;
  try {
    world.run();
  } catch (const std::exception& error) {
    outcome.broken = error.what();
  }
  reached.add(world.oracle().sometimes());
  outcome.digest = world.oracle().digest();
  return outcome;
}

/// A seed that does not repeat would be of no use to whoever has to find the fault.
Outcome run_twice(std::uint64_t seed, Sometimes& reached) {
  const Outcome first = run_seed(seed, reached);
  Outcome second = run_seed(seed, reached);
  if (!second.broken && first.digest != second.digest) second.broken = "two runs of it differ";
  return second;
}

int run_many(const Arguments& arguments) {
  std::atomic<std::uint64_t> next = 0;
  std::mutex mutex;
  Sometimes reached;
  std::vector<std::pair<std::uint64_t, std::string>> failures;
  const auto work = [&] {
    Sometimes mine;
    for (std::uint64_t i = next++; i < arguments.seeds; i = next++) {
      const std::uint64_t seed = arguments.first + i;
      Outcome outcome = i % kTwiceEvery == 0 ? run_twice(seed, mine) : run_seed(seed, mine);
      if (!outcome.broken) continue;
      const std::scoped_lock lock(mutex);
      failures.emplace_back(seed, std::move(*outcome.broken));
    }
    const std::scoped_lock lock(mutex);
    reached.add(mine);
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < arguments.threads; ++i) threads.emplace_back(work);
  }

  bool all_reached = true;
  for (std::size_t i = 0; i < kReachedCount; ++i) {
    all_reached = all_reached && reached.times(i) != 0;
    std::cout << "sim: reached " << name_of(static_cast<Reached>(i)) << ' ' << reached.times(i)
              << (reached.times(i) == 0 ? " NEVER" : "") << '\n';
  }
  std::ranges::sort(failures);
  for (const auto& [seed, broken] : failures)
    std::cout << "sim: tidewire_sim --seed " << seed << " breaks: " << broken << '\n';
  std::cout << arguments.seeds - failures.size() << " passed, " << failures.size() << " failed\n";
  return failures.empty() && all_reached ? 0 : 1;
}

}  // namespace
}  // namespace tidewire::sim

int main(int count, char** texts) {
  using namespace tidewire::sim;
  const auto arguments = parse(count, texts);
  if (!arguments) {
    std::cerr << "usage: tidewire_sim [--seed N] [--first N] [--seeds N] "
                 "[--threads N]\n";
    return 2;
  }
  tidewire::start_logging(tidewire::LogLevel::error, tidewire::LogFormat::text);
  if (!arguments->seed) return run_many(*arguments);
  Sometimes reached;
  const Outcome outcome = run_seed(*arguments->seed, reached);
  std::cout << "sim: seed " << *arguments->seed << ", digest " << outcome.digest
            << (outcome.broken ? ", breaks: " + *outcome.broken : ", holds") << '\n';
  return outcome.broken ? 1 : 0;
}
