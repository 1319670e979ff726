#include "base/timer_wheel.h"

#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

struct Deadline {
  explicit Deadline(TimerWheel& wheel) : wheel(wheel) {}
  TimerWheel& wheel;
  int fired = 0;
  Timer timer{[](void* self) { ++static_cast<Deadline*>(self)->fired; }, this};
};

TEST(TimerWheel, FiresAtTheDeadlineAndNotBefore) {
  TimerWheel wheel(1000);
  Deadline deadline(wheel);
  wheel.schedule(deadline.timer, 1500);
  wheel.advance(1499);
  EXPECT_EQ(deadline.fired, 0);
  wheel.advance(1500 + TimerWheel::kTickMs);
  EXPECT_EQ(deadline.fired, 1);
  wheel.advance(9000);
  EXPECT_EQ(deadline.fired, 1);
}

TEST(TimerWheel, FiresWhatIsFurtherAwayThanOneTurn) {
  TimerWheel wheel(0);
  Deadline deadline(wheel);
  const MonoMillis due = TimerWheel::kTickMs * TimerWheel::kSlots * 3 + 77;
  wheel.schedule(deadline.timer, due);
  for (MonoMillis now = 0; now < due; now += 500) wheel.advance(now);
  EXPECT_EQ(deadline.fired, 0);
  wheel.advance(due + TimerWheel::kTickMs);
  EXPECT_EQ(deadline.fired, 1);
}

TEST(TimerWheel, SurvivesAPauseLongerThanOneTurn) {
  TimerWheel wheel(0);
  Deadline deadline(wheel);
  wheel.schedule(deadline.timer, 100);
  wheel.advance(10'000'000);
  EXPECT_EQ(deadline.fired, 1);
}

TEST(TimerWheel, SaysHowLongALoopMaySleep) {
  TimerWheel wheel(1000);
  EXPECT_EQ(wheel.wake_ms(), TimerWheel::kNever);
  Deadline late(wheel), early(wheel);
  wheel.schedule(late.timer, 60'000);
  wheel.schedule(early.timer, 2'000);
  EXPECT_GE(wheel.wake_ms(), 2'000);
  EXPECT_LE(wheel.wake_ms(), 2'000 + TimerWheel::kTickMs);
  early.timer.cancel();
  EXPECT_GE(wheel.wake_ms(), 60'000);
  wheel.advance(wheel.wake_ms());
  EXPECT_EQ(late.fired, 1);
  EXPECT_EQ(wheel.wake_ms(), TimerWheel::kNever);
}

TEST(TimerWheel, NeverSleepsPastADeadlineThatIsTurnsAway) {
  TimerWheel wheel(0);
  EXPECT_EQ(wheel.wake_ms(), TimerWheel::kNever);
  Deadline deadline(wheel);
  const MonoMillis due = TimerWheel::kTickMs * TimerWheel::kSlots * 2 + 5'000;
  wheel.schedule(deadline.timer, due);
  while (deadline.fired == 0) {
    ASSERT_LE(wheel.wake_ms(), due + TimerWheel::kTickMs);
    wheel.advance(wheel.wake_ms());
  }
}

TEST(TimerWheel, ForgetsACancelledOrDestroyedTimer) {
  TimerWheel wheel(0);
  Deadline kept(wheel);
  wheel.schedule(kept.timer, 50);
  {
    Deadline gone(wheel);
    wheel.schedule(gone.timer, 50);
  }
  kept.timer.cancel();
  wheel.advance(1000);
  EXPECT_EQ(kept.fired, 0);
}

TEST(TimerWheel, LetsACallbackCancelItsNeighbourAndRescheduleItself) {
  struct Pair {
    TimerWheel wheel{0};
    int fired = 0;
    Timer first{[](void* self) { static_cast<Pair*>(self)->fire(); }, this};
    Timer second{[](void* self) { static_cast<Pair*>(self)->fire(); }, this};
    void fire() {
      ++fired;
      first.cancel();
      second.cancel();
      if (fired < 5) wheel.schedule(first, 0);
    }
  } pair;
  pair.wheel.schedule(pair.first, 10);
  pair.wheel.schedule(pair.second, 10);
  for (MonoMillis now = 0; now < 1000; now += 10) pair.wheel.advance(now);
  EXPECT_EQ(pair.fired, 5);
}

TEST(TimerWheel, FiresEveryTimerOnceUnderRandomUse) {
  std::mt19937 random(7);
  TimerWheel wheel(0);
  std::vector<std::unique_ptr<Deadline>> deadlines;
  for (int i = 0; i < 2000; ++i) {
    deadlines.push_back(std::make_unique<Deadline>(wheel));
    wheel.schedule(deadlines.back()->timer, static_cast<MonoMillis>(random() % 200'000));
  }
  for (MonoMillis now = 0; now < 210'000; now += random() % 300) wheel.advance(now);
  wheel.advance(210'000);
  for (const auto& deadline : deadlines) EXPECT_EQ(deadline->fired, 1);
}

}  // namespace
}  // namespace tidewire
