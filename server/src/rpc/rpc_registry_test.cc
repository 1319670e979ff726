#include "rpc/rpc_registry.h"

#include <map>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

constexpr RpcLimits kLimits{.calls_per_connection = 3, .calls_max = 5, .timeout_ms = 100};

RpcAddress at(std::string connection_id) { return {0, std::move(connection_id)}; }

class RpcRegistryTest : public ::testing::Test {
 protected:
  std::expected<RpcAssignment, Error> call(std::string caller, std::string reply_id,
                                           std::string method = "sum") {
    return begin({.caller = at(std::move(caller)),
                  .reply_id = std::move(reply_id),
                  .method = std::move(method),
                  .params_json = "[1]"});
  }
  std::expected<RpcAssignment, Error> begin(RpcCall call) {
    return registry_.begin(std::move(call), clock_.mono_ms());
  }
  void serve(const RpcAddress& worker, const std::vector<std::string>& methods,
             bool idempotent = false) {
    std::vector<RpcMethod> offered;
    for (const std::string& name : methods) offered.push_back({name, idempotent});
    registry_.serve(worker, std::move(offered));
  }
  RpcLeft leave(std::string_view worker) { return registry_.leave(worker, clock_.mono_ms()); }
  std::vector<std::string> expired() {
    std::vector<std::string> ids;
    for (const RpcEnded& each : registry_.expire(clock_.mono_ms()))
      ids.push_back(each.call.reply_id);
    return ids;
  }

  FakeClock clock_;
  RpcRegistry registry_{kLimits};
};

TEST_F(RpcRegistryTest, GivesACallToAWorkerOfItsMethodAndItsAnswerToTheCaller) {
  serve({3, "w"}, {"sum", "ping"});
  const auto assigned = call("c", "7");
  ASSERT_TRUE(assigned);
  EXPECT_EQ(assigned->worker.shard, 3);
  EXPECT_EQ(assigned->worker.connection_id, "w");
  const auto answered = registry_.finish("w", assigned->request_id);
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->caller.connection_id, "c");
  EXPECT_EQ(answered->reply_id, "7");
  EXPECT_EQ(registry_.open_calls(), 0U);
}

TEST_F(RpcRegistryTest, SaysThatNobodyServesAMethod) {
  EXPECT_EQ(call("c", "1").error().code, ErrorCode::method_not_found);
  serve(at("w"), {"ping"});
  EXPECT_EQ(call("c", "1").error().code, ErrorCode::method_not_found);
  serve(at("w"), {"sum"});
  EXPECT_TRUE(call("c", "1"));
  EXPECT_EQ(call("c", "1", "ping").error().code, ErrorCode::method_not_found)
      << "a later list replaces the earlier one";
  serve(at("w"), {});
  EXPECT_EQ(call("c", "2").error().code, ErrorCode::method_not_found);
}

TEST_F(RpcRegistryTest, TakesAnAnswerOnceAndOnlyFromTheWorkerThatWasAsked) {
  serve(at("w"), {"sum"});
  serve(at("other"), {"ping"});
  const auto assigned = call("c", "1");
  EXPECT_FALSE(registry_.finish("other", assigned->request_id));
  EXPECT_FALSE(registry_.finish("w", "unknown"));
  EXPECT_TRUE(registry_.finish("w", assigned->request_id));
  EXPECT_FALSE(registry_.finish("w", assigned->request_id));
}

TEST_F(RpcRegistryTest, AsksTheWorkerWithTheFewestOpenCalls) {
  serve(at("busy"), {"sum", "long"});
  serve(at("free"), {"sum"});
  ASSERT_TRUE(call("a", "1", "long"));
  ASSERT_TRUE(call("a", "2", "long"));
  EXPECT_EQ(call("b", "3")->worker.connection_id, "free");
  EXPECT_EQ(call("b", "4")->worker.connection_id, "free");
}

TEST_F(RpcRegistryTest, TakesTurnsAmongEquals) {
  for (const char* worker : {"a", "b", "c"}) serve(at(worker), {"sum"});
  std::map<std::string, int> asked;
  for (int i = 0; i < 30; ++i) {
    const auto assigned = call("caller", "x");
    ++asked[assigned->worker.connection_id];
    ASSERT_TRUE(registry_.finish(assigned->worker.connection_id, assigned->request_id));
  }
  EXPECT_EQ(asked, (std::map<std::string, int>{{"a", 10}, {"b", 10}, {"c", 10}}));
}

TEST_F(RpcRegistryTest, EndsCallsAfterTheirTime) {
  serve(at("w"), {"sum"});
  EXPECT_EQ(registry_.next_due(), std::nullopt);
  const MonoMillis begun = clock_.mono_ms();
  const auto first = call("c", "first");
  clock_.advance_ms(50);
  ASSERT_TRUE(call("c", "second"));
  EXPECT_EQ(registry_.next_due(), begun + 100);
  clock_.advance_ms(49);
  EXPECT_TRUE(expired().empty());
  clock_.advance_ms(1);
  EXPECT_EQ(expired(), std::vector<std::string>{"first"});
  EXPECT_FALSE(registry_.finish("w", first->request_id)) << "too late";
  EXPECT_EQ(registry_.next_due(), begun + 150);
}

TEST_F(RpcRegistryTest, NamesTheCallsThatAWorkerLeavesBehind) {
  serve(at("w"), {"sum"});
  const auto lost = call("c", "1");
  serve(at("v"), {"sum"});
  const auto kept = call("c", "2");
  ASSERT_EQ(kept->worker.connection_id, "v");
  const auto left = leave("w").lost;
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().reply_id, "1");
  EXPECT_FALSE(registry_.finish("w", lost->request_id));
  EXPECT_TRUE(registry_.finish("v", kept->request_id));
  EXPECT_TRUE(leave("w").lost.empty()) << "gone already";
  EXPECT_EQ(registry_.workers(), 1U);
}

TEST_F(RpcRegistryTest, LetsAWorkerThatServesNothingAnyMoreAnswerWhatItWasAsked) {
  serve(at("w"), {"sum"});
  const auto assigned = call("c", "1");
  serve(at("w"), {});
  EXPECT_EQ(registry_.workers(), 1U);
  EXPECT_TRUE(registry_.finish("w", assigned->request_id));
  EXPECT_EQ(registry_.workers(), 0U);
}

TEST_F(RpcRegistryTest, HoldsTheLimitsOfOneCallerAndOfAll) {
  serve(at("w"), {"sum"});
  const auto first = call("c", "1");
  ASSERT_TRUE(call("c", "2"));
  ASSERT_TRUE(call("c", "3"));
  EXPECT_EQ(call("c", "4").error().code, ErrorCode::limit_exceeded);
  ASSERT_TRUE(call("d", "5"));
  ASSERT_TRUE(call("e", "6"));
  EXPECT_EQ(call("f", "7").error().code, ErrorCode::overloaded);
  ASSERT_TRUE(registry_.finish("w", first->request_id));
  EXPECT_TRUE(call("c", "8"));
}

TEST_F(RpcRegistryTest, CountsAMethodThatIsNamedTwiceOnce) {
  serve(at("w"), {"sum", "sum"});
  serve(at("w"), {"ping"});
  EXPECT_EQ(call("c", "1").error().code, ErrorCode::method_not_found);
}

TEST_F(RpcRegistryTest, GivesTheParametersToTheWorkerAndKeepsThemOnlyForASecondAttempt) {
  serve(at("w"), {"sum"});
  const auto once = call("c", "1");
  EXPECT_EQ(once->params_json, "[1]");
  EXPECT_EQ(registry_.find(once->request_id)->params_json, "");
  serve(at("w"), {"sum"}, true);
  const auto twice = call("c", "2");
  EXPECT_EQ(twice->params_json, "[1]");
  EXPECT_EQ(registry_.find(twice->request_id)->params_json, "[1]");
}

TEST_F(RpcRegistryTest, AsksASecondWorkerForAnIdempotentMethodAndNeverAThird) {
  for (const char* worker : {"a", "b", "c"}) serve(at(worker), {"sum"}, true);
  const auto first = call("caller", "1");
  clock_.advance_ms(30);
  const auto moved = leave(first->worker.connection_id).moved;
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_NE(moved[0].worker.connection_id, first->worker.connection_id);
  EXPECT_NE(moved[0].request_id, first->request_id);
  EXPECT_EQ(moved[0].attempt, 2U);
  EXPECT_EQ(moved[0].timeout_ms, 70) << "the first attempt's time counts";
  EXPECT_EQ(moved[0].params_json, "[1]");
  const auto lost = leave(moved[0].worker.connection_id);
  EXPECT_TRUE(lost.moved.empty());
  ASSERT_EQ(lost.lost.size(), 1U);
  EXPECT_EQ(lost.lost[0].reply_id, "1");
  EXPECT_EQ(registry_.open_calls(), 0U);
}

TEST_F(RpcRegistryTest, LosesACallOfAnyOtherMethodAndOneThatNobodyElseServes) {
  serve(at("a"), {"sum"});
  serve(at("b"), {"sum"});
  const auto plain = call("caller", "1");
  EXPECT_EQ(leave(plain->worker.connection_id).lost.size(), 1U);
  serve(at("only"), {"one"}, true);
  ASSERT_TRUE(call("caller", "2", "one"));
  const auto left = leave("only");
  EXPECT_TRUE(left.moved.empty());
  EXPECT_EQ(left.lost.size(), 1U);
}

TEST_F(RpcRegistryTest, EndsACallAtItsOwnTimeWhichIsNeverLongerThanTheServers) {
  serve(at("w"), {"sum"});
  ASSERT_TRUE(begin({.caller = at("c"), .reply_id = "long", .method = "sum", .timeout_ms = 5'000}));
  const auto brief =
      begin({.caller = at("c"), .reply_id = "brief", .method = "sum", .timeout_ms = 20});
  EXPECT_EQ(brief->timeout_ms, 20);
  clock_.advance_ms(20);
  EXPECT_EQ(expired(), std::vector<std::string>{"brief"});
  clock_.advance_ms(79);
  EXPECT_TRUE(expired().empty());
  clock_.advance_ms(1);
  EXPECT_EQ(expired(), std::vector<std::string>{"long"});
}

TEST_F(RpcRegistryTest, LetsTheCallerAndNobodyElseGiveACallUp) {
  serve(at("w"), {"sum"});
  const auto assigned = call("c", "1");
  EXPECT_FALSE(registry_.cancel("other", "1"));
  EXPECT_FALSE(registry_.cancel("c", "2"));
  const auto ended = registry_.cancel("c", "1");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->assignment.request_id, assigned->request_id);
  EXPECT_EQ(ended->assignment.worker.connection_id, "w");
  EXPECT_FALSE(registry_.finish("w", assigned->request_id));
  EXPECT_FALSE(registry_.cancel("c", "1")) << "once";
  EXPECT_EQ(registry_.next_due(), std::nullopt);
}

TEST_F(RpcRegistryTest, EndsTheCallsOfACallerThatIsGoneButThoseThatWantNoAnswer) {
  serve(at("w"), {"sum"});
  ASSERT_TRUE(call("c", "1"));
  const auto silent = call("c", "");
  const auto ended = registry_.abandon("c");
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].call.reply_id, "1");
  EXPECT_TRUE(registry_.finish("w", silent->request_id));
  EXPECT_TRUE(registry_.abandon("c").empty());
}

TEST_F(RpcRegistryTest, CountsTheServerApiAsManyCallers) {
  serve(at("w"), {"sum"});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(begin({.method = "sum"}));
  EXPECT_EQ(begin({.method = "sum"}).error().code, ErrorCode::overloaded);
}

class RpcBackendsTest : public RpcRegistryTest {
 protected:
  RpcBackendsTest() {
    registry_ = RpcRegistry(kLimits, {{.methods = {"plain.*"}, .timeout_ms = 40},
                                      {.methods = {"safe.*"}, .idempotent = true}});
  }
};

TEST_F(RpcBackendsTest, ServeWhatNoWorkerOffers) {
  const auto backend = call("c", "1", "plain.x");
  EXPECT_EQ(backend->backend, 0U);
  EXPECT_EQ(backend->timeout_ms, 40);
  EXPECT_FALSE(registry_.finish("", backend->request_id)) << "no worker answers for a backend";
  EXPECT_TRUE(registry_.finish_backend(backend->request_id));
  serve(at("w"), {"plain.x"});
  const auto worker = call("c", "2", "plain.x");
  EXPECT_FALSE(worker->backend);
  EXPECT_FALSE(registry_.finish_backend(worker->request_id));
  EXPECT_EQ(call("c", "3", "other").error().code, ErrorCode::method_not_found);
}

TEST_F(RpcBackendsTest, SayWhatIsIdempotentForWorkersTooAndTakeOverFromTheLastOne) {
  serve(at("w"), {"safe.x", "plain.x"});
  ASSERT_TRUE(call("c", "safe", "safe.x"));
  ASSERT_TRUE(call("c", "plain", "plain.x"));
  const auto left = leave("w");
  ASSERT_EQ(left.moved.size(), 1U);
  EXPECT_EQ(left.moved[0].backend, 1U);
  ASSERT_EQ(left.lost.size(), 1U);
  EXPECT_EQ(left.lost[0].reply_id, "plain");
}

}  // namespace
}  // namespace tidewire
