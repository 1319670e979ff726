#include "net/shard.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "net/shard_pool.h"
#include "net/test_support.h"

namespace tidewire::net {
namespace {

using testing::send_text;
using testing::socket_pair;
using testing::turn_until;
using testing::Watcher;

struct Flush final : Flushable {
  explicit Flush(std::function<void()> work) : work(std::move(work)) {}
  void on_turn_end() override { work(); }
  std::function<void()> work;
};

TEST(Shard, TellsWhatIsReadyAlreadyWhenTheWatchBegins) {
  Shard shard;
  auto [here, there] = socket_pair();
  send_text(there.get(), "hello");
  bool readable = false, writable = false;
  Watcher watcher([&](bool r, bool w) { readable |= r, writable |= w; });
  ASSERT_TRUE(shard.watch(here.get(), watcher));
  shard.run_turn(0);
  EXPECT_TRUE(readable);
  EXPECT_TRUE(writable);
}

TEST(Shard, TellsAnEdgeOnce) {
  Shard shard;
  auto [here, there] = socket_pair();
  int calls = 0;
  Watcher watcher([&](bool readable, bool) { calls += readable ? 1 : 0; });
  ASSERT_TRUE(shard.watch(here.get(), watcher));
  shard.run_turn(0);
  EXPECT_EQ(calls, 0);
  send_text(there.get(), "x");
  shard.run_turn(1000);
  shard.run_turn(0);
  EXPECT_EQ(calls, 1);
  send_text(there.get(), "x");
  shard.run_turn(1000);
  EXPECT_EQ(calls, 2);
}

TEST(Shard, RemembersThatThePeerHasFinished) {
  Shard shard;
  auto [here, there] = socket_pair();
  bool readable = false;
  Watcher watcher([&](bool r, bool) { readable |= r; });
  ASSERT_TRUE(shard.watch(here.get(), watcher));
  shard.run_turn(0);
  EXPECT_FALSE(watcher.hung_up());
  there.reset();
  ASSERT_TRUE(turn_until(shard, [&] { return readable; }));
  EXPECT_TRUE(watcher.hung_up());
}

TEST(Shard, ForgetsAnEventOfThisTurnWhenItsPollableIsDestroyed) {
  Shard shard;
  auto [first_fd, first_peer] = socket_pair();
  auto [second_fd, second_peer] = socket_pair();
  int calls = 0;
  std::unique_ptr<Watcher> first, second;
  first = std::make_unique<Watcher>([&](bool, bool) { ++calls, second.reset(); });
  second = std::make_unique<Watcher>([&](bool, bool) { ++calls, first.reset(); });
  ASSERT_TRUE(shard.watch(first_fd.get(), *first));
  ASSERT_TRUE(shard.watch(second_fd.get(), *second));
  shard.run_turn(0);
  shard.run_turn(0);
  EXPECT_EQ(calls, 1);
}

TEST(Shard, CallsAgainInTheNextTurnAndOnlyOnce) {
  Shard shard;
  auto [here, there] = socket_pair();
  int calls = 0;
  Watcher watcher([&](bool, bool) { ++calls; });
  ASSERT_TRUE(shard.watch(here.get(), watcher));
  shard.run_turn(0);
  shard.again(watcher);
  shard.again(watcher);
  shard.run_turn(0);
  EXPECT_EQ(calls, 2);
  shard.again(watcher);
  shard.unwatch(watcher);
  shard.run_turn(0);
  EXPECT_EQ(calls, 2);
}

TEST(Shard, LetsWatchersAskAgainAndDisappearWhileTheyAreCalledAgain) {
  Shard shard;
  std::vector<std::pair<UniqueFd, UniqueFd>> sockets;
  std::vector<std::unique_ptr<Watcher>> watchers;
  std::vector<int> calls(6);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    sockets.push_back(socket_pair());
    watchers.push_back(std::make_unique<Watcher>([&, i](bool, bool) {
      ++calls[i];
      if (i % 2 == 0) watchers[i + 1].reset();
      shard.again(*watchers[i]);
    }));
    ASSERT_TRUE(shard.watch(sockets[i].first.get(), *watchers[i]));
  }
  for (auto& watcher : watchers) shard.again(*watcher);
  shard.run_turn(0);
  shard.run_turn(0);
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(calls[i] > 0, i % 2 == 0) << i;
}

TEST(Shard, HandlesEventsThenTasksThenFlushesThenDestroysWhatRetired) {
  Shard shard;
  std::string order;
  struct Ghost {
    std::string& order;
    ~Ghost() { order += " destroyed"; }
  };
  Flush flush([&] { order += " flush"; });
  shard.post([&] {
    order += " task";
    shard.retire(std::make_unique<Ghost>(order));
  });
  auto [here, there] = socket_pair();
  Watcher watcher([&](bool, bool) {
    order += "event";
    shard.at_turn_end(flush);
    shard.at_turn_end(flush);
  });
  ASSERT_TRUE(shard.watch(here.get(), watcher));
  shard.run_turn(0);
  EXPECT_EQ(order, "event task flush destroyed");
}

TEST(Shard, RunsAFlushThatAFlushAskedForInTheNextTurn) {
  Shard shard;
  int runs = 0;
  std::optional<Flush> flush;
  flush.emplace([&] {
    if (++runs < 3) shard.at_turn_end(*flush);
  });
  shard.at_turn_end(*flush);
  shard.post([] {});
  shard.run_turn(0);
  EXPECT_EQ(runs, 1);
  shard.run_turn(0);
  shard.run_turn(0);
  EXPECT_EQ(runs, 3);
  EXPECT_FALSE(flush->turn_end_requested());
}

TEST(Shard, CancelsTheFlushOfAFlushableThatIsDestroyedByAnother) {
  Shard shard;
  int runs = 0;
  auto second = std::make_unique<Flush>([&] { runs += 100; });
  Flush first([&] { ++runs, second.reset(); });
  Flush third([&] { ++runs; });
  shard.at_turn_end(first);
  shard.at_turn_end(*second);
  shard.at_turn_end(third);
  shard.run_turn(0);
  EXPECT_EQ(runs, 2);
}

TEST(Shard, KeepsTheClockStillDuringATurn) {
  Shard shard;
  std::vector<MonoMicros> seen;
  const SystemClock system;
  shard.post([&] {
    seen.push_back(shard.clock().mono_us());
    while (system.mono_us() <= seen[0] + 100) {
    }
  });
  shard.post([&] { seen.push_back(shard.clock().mono_us()); });
  shard.run_turn(0);
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(Shard, FiresATimerOfTheWheelNoEarlierThanItsDeadline) {
  Shard shard;
  bool fired = false;
  Timer timer([](void* flag) { *static_cast<bool*>(flag) = true; }, &fired);
  const MonoMillis due = shard.clock().mono_ms() + 40;
  shard.timers().schedule(timer, due);
  ASSERT_TRUE(turn_until(shard, [&] { return fired; }));
  EXPECT_GE(SystemClock().mono_ms(), due);
}

TEST(Shard, SleepsUntilTheEarliestTimerAlsoWhenALaterOneWasArmedFirst) {
  Shard shard;
  int fired = 0;
  Timer late([](void* count) { *static_cast<int*>(count) += 100; }, &fired);
  Timer early([](void* count) { *static_cast<int*>(count) += 1; }, &fired);
  shard.timers().schedule(late, shard.clock().mono_ms() + 3'600'000);
  shard.run_turn(0);
  shard.timers().schedule(early, shard.clock().mono_ms() + 20);
  for (int turns = 0; fired == 0 && turns < 10; ++turns) shard.run_turn(10'000);
  EXPECT_EQ(fired, 1);
}

TEST(Shard, ShowsAsioHandlersTheTimeAfterTheSleep) {
  Shard shard;
  const MonoMillis began = shard.clock().mono_ms();
  MonoMillis seen = 0;
  boost::asio::steady_timer timer(shard.io_context(), std::chrono::milliseconds(30));
  timer.async_wait([&](auto) { seen = shard.clock().mono_ms(); });
  ASSERT_TRUE(turn_until(shard, [&] { return seen != 0; }));
  EXPECT_GE(seen, began + 30);
}

TEST(Shard, ServesAsioWhileSocketsKeepItBusy) {
  Shard shard;
  auto [here, there] = socket_pair();
  std::optional<Watcher> busy;
  busy.emplace([&](bool, bool) { shard.again(*busy); });
  ASSERT_TRUE(shard.watch(here.get(), *busy));
  bool ran = false;
  boost::asio::post(shard.io_context(), [&] { ran = true; });
  EXPECT_TRUE(turn_until(shard, [&] { return ran; }));
}

TEST(Shard, ReportsOnlyTurnsThatDidSomething) {
  Shard shard;
  std::vector<TurnStats> turns;
  shard.observe_turns([&](const TurnStats& stats) { turns.push_back(stats); });
  shard.run_turn(1);
  EXPECT_TRUE(turns.empty());
  shard.post([] {});
  shard.post([] {});
  shard.run_turn(0);
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_EQ(turns[0].tasks, 2U);
  EXPECT_GE(turns[0].busy_us, 0);
}

TEST(Shard, DestroysTasksThatNeverRan) {
  auto witness = std::make_shared<int>(1);
  {
    Shard shard;
    shard.post([witness] {});
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Shard, GivesAReadBufferWithReadablePadding) {
  Shard shard;
  const std::span<char> buffer = shard.read_buffer();
  EXPECT_EQ(buffer.size(), Shard::kReadBufferBytes);
  for (std::size_t i = 0; i < Shard::kReadPaddingBytes; ++i)
    EXPECT_EQ(buffer.data()[buffer.size() + i], 0);
}

TEST(ShardPool, RunsTheTasksOfEachThreadInTheirOrder) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5000;
  ShardPool pool({.shards = 1});
  pool.start();
  std::vector<int> next(kThreads, 0);  // touched by the shard only
  bool ordered = true;
  std::atomic<int> done{0};
  std::vector<std::thread> producers;
  producers.reserve(kThreads);
  for (int producer = 0; producer < kThreads; ++producer)
    producers.emplace_back([&, producer] {
      for (int i = 0; i < kTasks; ++i)
        pool.shard(0).post([&, producer, i] {
          ordered = ordered && next[producer]++ == i;
          if (i + 1 == kTasks && ++done == kThreads) pool.stop();
        });
    });
  for (std::thread& thread : producers) thread.join();
  pool.join();
  EXPECT_TRUE(ordered);
  EXPECT_EQ(next, std::vector<int>(kThreads, kTasks));
}

TEST(ShardPool, WakesASleepingShardForEveryPostOfAConversation) {
  ShardPool pool({.shards = 2});
  pool.start();
  int rounds = 0;
  std::function<void()> ping = [&] {
    EXPECT_EQ(ShardPool::current(), &pool.shard(rounds % 2));
    if (++rounds == 2000) return pool.stop();
    pool.shard(rounds % 2).post([&] { ping(); });
  };
  pool.shard(0).post([&] { ping(); });
  pool.join();
  EXPECT_EQ(rounds, 2000);
  EXPECT_EQ(ShardPool::current(), nullptr);
}

TEST(ShardPool, PostsToEveryShardAndStopsBeforeItStarted) {
  ShardPool pool({.shards = 3});
  std::atomic<std::size_t> sum{0};
  pool.start();
  pool.post_each([&](Shard& shard) {
    const std::size_t so_far = sum += shard.index() + 1;
    if (so_far == 6) pool.stop();
  });
  pool.join();
  EXPECT_EQ(sum, 6U);
}

}  // namespace
}  // namespace tidewire::net
