#include "outbound/circuit_breaker.h"

#include <gtest/gtest.h>

namespace tidewire::outbound {
namespace {

using State = CircuitBreaker::State;

class CircuitBreakerTest : public ::testing::Test {
 protected:
  [[nodiscard]] MonoMillis now() const { return clock_.mono_ms(); }
  void fail_times(int times) {
    for (int i = 0; i < times; ++i) breaker_.failed(*breaker_.admit(now()), now());
  }

  FakeClock clock_;
  CircuitBreaker breaker_{{.failures = 3, .open_ms = 1'000}};
};

TEST_F(CircuitBreakerTest, OpensAfterSoManyFailuresInARow) {
  fail_times(2);
  breaker_.succeeded(*breaker_.admit(now()));
  fail_times(2);
  EXPECT_EQ(breaker_.state(), State::closed) << "a success starts the count again";
  fail_times(1);
  EXPECT_EQ(breaker_.state(), State::open);
  EXPECT_FALSE(breaker_.admit(now()));
}

TEST_F(CircuitBreakerTest, LetsOneCallThroughWhenTheTimeIsOver) {
  fail_times(3);
  clock_.advance_ms(999);
  EXPECT_FALSE(breaker_.admit(now()));
  EXPECT_EQ(breaker_.retry_after_ms(now()), 1);
  clock_.advance_ms(1);
  EXPECT_TRUE(breaker_.admit(now()));
  EXPECT_EQ(breaker_.state(), State::half_open);
  EXPECT_FALSE(breaker_.admit(now())) << "one at a time";
}

TEST_F(CircuitBreakerTest, ClosesWhenTheTrialSucceeds) {
  fail_times(3);
  clock_.advance_ms(1'000);
  breaker_.succeeded(*breaker_.admit(now()));
  EXPECT_EQ(breaker_.state(), State::closed);
  fail_times(2);
  EXPECT_EQ(breaker_.state(), State::closed) << "with a new count";
}

TEST_F(CircuitBreakerTest, OpensAgainWhenTheTrialFails) {
  fail_times(3);
  clock_.advance_ms(1'000);
  fail_times(1);
  EXPECT_EQ(breaker_.state(), State::open);
  EXPECT_EQ(breaker_.retry_after_ms(now()), 1'000);
}

TEST_F(CircuitBreakerTest, TriesAgainWhenTheTrialWasAbandoned) {
  fail_times(3);
  clock_.advance_ms(1'000);
  breaker_.abandoned(*breaker_.admit(now()));
  EXPECT_EQ(breaker_.state(), State::half_open);
  EXPECT_TRUE(breaker_.admit(now()));
}

TEST_F(CircuitBreakerTest, IgnoresWhatWasSentBeforeItOpened) {
  const auto early = breaker_.admit(now());
  const auto other = breaker_.admit(now());
  fail_times(3);
  breaker_.succeeded(*early);
  EXPECT_EQ(breaker_.state(), State::open);
  clock_.advance_ms(1'000);
  const auto trial = breaker_.admit(now());
  breaker_.failed(*other, now());
  EXPECT_EQ(breaker_.state(), State::half_open);
  breaker_.succeeded(*trial);
  EXPECT_EQ(breaker_.state(), State::closed);
}

}  // namespace
}  // namespace tidewire::outbound
