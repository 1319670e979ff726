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
    return registry_.begin({at(std::move(caller)), std::move(reply_id), {}, std::move(method)},
                           clock_.mono_ms());
  }
  std::vector<std::string> expired() {
    std::vector<std::string> ids;
    for (const RpcCall& each : registry_.expire(clock_.mono_ms())) ids.push_back(each.reply_id);
    return ids;
  }

  FakeClock clock_;
  RpcRegistry registry_{kLimits};
};

TEST_F(RpcRegistryTest, GivesACallToAWorkerOfItsMethodAndItsAnswerToTheCaller) {
  registry_.serve({3, "w"}, {"sum", "ping"});
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
  registry_.serve(at("w"), {"ping"});
  EXPECT_EQ(call("c", "1").error().code, ErrorCode::method_not_found);
  registry_.serve(at("w"), {"sum"});
  EXPECT_TRUE(call("c", "1"));
  EXPECT_EQ(call("c", "1", "ping").error().code, ErrorCode::method_not_found)
      << "a later list replaces the earlier one";
  registry_.serve(at("w"), {});
  EXPECT_EQ(call("c", "2").error().code, ErrorCode::method_not_found);
}

TEST_F(RpcRegistryTest, TakesAnAnswerOnceAndOnlyFromTheWorkerThatWasAsked) {
  registry_.serve(at("w"), {"sum"});
  registry_.serve(at("other"), {"ping"});
  const auto assigned = call("c", "1");
  EXPECT_FALSE(registry_.finish("other", assigned->request_id));
  EXPECT_FALSE(registry_.finish("w", "unknown"));
  EXPECT_TRUE(registry_.finish("w", assigned->request_id));
  EXPECT_FALSE(registry_.finish("w", assigned->request_id));
}

TEST_F(RpcRegistryTest, AsksTheWorkerWithTheFewestOpenCalls) {
  registry_.serve(at("busy"), {"sum", "long"});
  registry_.serve(at("free"), {"sum"});
  ASSERT_TRUE(call("a", "1", "long"));
  ASSERT_TRUE(call("a", "2", "long"));
  EXPECT_EQ(call("b", "3")->worker.connection_id, "free");
  EXPECT_EQ(call("b", "4")->worker.connection_id, "free");
}

TEST_F(RpcRegistryTest, TakesTurnsAmongEquals) {
  for (const char* worker : {"a", "b", "c"}) registry_.serve(at(worker), {"sum"});
  std::map<std::string, int> asked;
  for (int i = 0; i < 30; ++i) {
    const auto assigned = call("caller", "x");
    ++asked[assigned->worker.connection_id];
    ASSERT_TRUE(registry_.finish(assigned->worker.connection_id, assigned->request_id));
  }
  EXPECT_EQ(asked, (std::map<std::string, int>{{"a", 10}, {"b", 10}, {"c", 10}}));
}

TEST_F(RpcRegistryTest, EndsCallsAfterTheirTime) {
  registry_.serve(at("w"), {"sum"});
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
  registry_.serve(at("w"), {"sum"});
  const auto lost = call("c", "1");
  registry_.serve(at("v"), {"sum"});
  const auto kept = call("c", "2");
  ASSERT_EQ(kept->worker.connection_id, "v");
  const auto left = registry_.leave("w");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().reply_id, "1");
  EXPECT_FALSE(registry_.finish("w", lost->request_id));
  EXPECT_TRUE(registry_.finish("v", kept->request_id));
  EXPECT_TRUE(registry_.leave("w").empty()) << "gone already";
  EXPECT_EQ(registry_.workers(), 1U);
}

TEST_F(RpcRegistryTest, LetsAWorkerThatServesNothingAnyMoreAnswerWhatItWasAsked) {
  registry_.serve(at("w"), {"sum"});
  const auto assigned = call("c", "1");
  registry_.serve(at("w"), {});
  EXPECT_EQ(registry_.workers(), 1U);
  EXPECT_TRUE(registry_.finish("w", assigned->request_id));
  EXPECT_EQ(registry_.workers(), 0U);
}

TEST_F(RpcRegistryTest, HoldsTheLimitsOfOneCallerAndOfAll) {
  registry_.serve(at("w"), {"sum"});
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
  registry_.serve(at("w"), {"sum", "sum"});
  registry_.serve(at("w"), {"ping"});
  EXPECT_EQ(call("c", "1").error().code, ErrorCode::method_not_found);
}

}  // namespace
}  // namespace tidewire
