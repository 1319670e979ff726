#include "hub/channel_log_fixture.h"

namespace tidewire::channel_log_test {
namespace {

struct State : Log {
  std::shared_ptr<std::optional<std::expected<std::uint64_t, Error>>> change(
      const std::string& key, std::optional<std::string> value,
      std::optional<std::uint64_t> if_version = std::nullopt, std::int64_t ttl_ms = 0) {
    auto answer = std::make_shared<std::optional<std::expected<std::uint64_t, Error>>>();
    channel().change_state({.channel = "chat:a",
                            .key = key,
                            .value_json = std::move(value),
                            .if_version = if_version,
                            .from = {.user_id = "ann"},
                            .ttl_ms = ttl_ms},
                           [answer](const std::expected<StateChanged, Error>& changed) {
                             if (changed) *answer = changed->version;
                             if (!changed) *answer = std::unexpected(changed.error());
                           });
    return answer;
  }
};

TEST_F(State, IsAnsweredAndVisibleWhenItIsStored) {
  const auto answer = change("k", "1");
  EXPECT_FALSE(*answer);
  EXPECT_EQ(channel().state().find("k"), nullptr);
  EXPECT_EQ(last_type, "");
  store->commit();
  EXPECT_EQ(**answer, 1U);
  EXPECT_EQ(channel().state().find("k")->json, "1");
  EXPECT_EQ(last_type, "state_changed");
}

TEST_F(State, OfTwoConditionalChangesInFlightTheSecondLoses) {
  const auto first = change("k", "1", 0);
  const auto second = change("k", "2", 0);
  store->commit();
  EXPECT_EQ(**first, 1U);
  ASSERT_FALSE(**second);
  EXPECT_EQ((*second)->error().code, ErrorCode::conflict);
}

TEST_F(State, AReadSeesWhatWasAskedForBeforeIt) {
  change("k", "1");
  std::optional<std::uint64_t> seen;
  channel().read_state([&](std::expected<const StateTable*, Error> table) {
    seen = (*table)->find("k") != nullptr ? (*table)->find("k")->version : 0;
  });
  const auto second = change("k", "2", 1);
  EXPECT_FALSE(seen);
  store->commit();
  EXPECT_EQ(seen, 1U);
  EXPECT_EQ(**second, 2U);
}

TEST_F(State, AFailureChangesNothingAndTheNextIsTried) {
  const auto first = change("k", "1");
  const auto second = change("k", "2");
  store->fail_all(kFull);
  ASSERT_FALSE(**first);
  EXPECT_EQ((*first)->error().code, ErrorCode::unavailable);
  store->commit();
  EXPECT_EQ(**second, 1U);
  EXPECT_EQ(channel().state().find("k")->json, "2");
}

TEST_F(State, OnlySoManyWait) {
  for (std::size_t i = 0; i < ChannelState::kWaitingMax; ++i) EXPECT_FALSE(*change("k", "1"));
  const auto more = change("k", "1");
  ASSERT_TRUE(*more);
  EXPECT_EQ((*more)->error().code, ErrorCode::overloaded);
}

TEST_F(State, ARestartKeepsKeysVersionsAndTheVersionOfWhatIsGone) {
  store->passes = true;
  change("k", "1");
  change("gone", "2");
  change("gone", std::nullopt);
  restart();
  store->passes = true;
  EXPECT_EQ(channel().state().find("k")->version, 1U);
  EXPECT_EQ(subscribe(std::nullopt).latest.size(), 1U);
  EXPECT_EQ(**change("gone", "3"), 4U) << "no version names two values";
}

struct Expiry : State {
  void pass(std::int64_t ms) {
    clock.advance_ms(ms);
    timers.advance(clock.mono_ms());
  }
  [[nodiscard]] bool there() { return channel().state().find("k") != nullptr; }
};

TEST_F(Expiry, IsStoredBeforeItIsTold) {
  change("k", "1", {}, 1'000);
  store->commit();
  pass(990);
  EXPECT_EQ(store->waiting(), 0U);
  last_type.clear();
  pass(30);
  EXPECT_TRUE(there());
  EXPECT_EQ(last_type, "");
  store->commit();
  EXPECT_FALSE(there());
  EXPECT_EQ(last_type, "state_changed");
  EXPECT_EQ(channel().state().last_version(), 2U);
}

TEST_F(Expiry, IsTriedAgainWhenTheStoreRefuses) {
  change("k", "1", {}, 1'000);
  store->commit();
  pass(1'020);
  store->fail_all(kFull);
  EXPECT_TRUE(there());
  EXPECT_EQ(store->waiting(), 0U);
  pass(1'020);
  store->commit();
  EXPECT_FALSE(there());
}

TEST_F(Expiry, LosesToWhoSetsTheKeyFirst) {
  change("k", "1", {}, 1'000);
  store->commit();
  change("k", "2");
  pass(1'020);
  store->commit();
  EXPECT_EQ(channel().state().find("k")->json, "2");
  pass(100'000);
  store->commit();
  EXPECT_TRUE(there());
}

TEST_F(Expiry, ComesAfterARestartToo) {
  store->passes = true;
  change("k", "1", {}, 1'000);
  pass(500);
  restart();
  store->passes = true;
  EXPECT_TRUE(there());
  pass(520);
  EXPECT_FALSE(there());
}

}  // namespace
}  // namespace tidewire::channel_log_test
