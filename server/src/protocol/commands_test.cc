#include "protocol/commands.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(Commands, AuthHasATokenAndThreeOptions) {
  const auto auth = parse_auth(R"({"token":"t","sessionId":"s","client":"web/1","batch":true})");
  ASSERT_TRUE(auth);
  EXPECT_EQ(auth->token, "t");
  EXPECT_EQ(auth->session_id, "s");
  EXPECT_EQ(auth->client, "web/1");
  EXPECT_TRUE(auth->batch);
}

TEST(Commands, BatchesHaveASizeOrADefault) {
  const auto by_default = parse_auth(R"({"token":"t","batch":true})");
  ASSERT_TRUE(by_default && by_default->batch);
  EXPECT_EQ(by_default->batch->messages, 128u);
  EXPECT_EQ(by_default->batch->delay_ms, 0u);
  const auto sized = parse_auth(R"({"token":"t","batch":{"messages":5,"bytes":2048,"delayMs":9}})");
  ASSERT_TRUE(sized && sized->batch);
  EXPECT_EQ(sized->batch->messages, 5u);
  EXPECT_EQ(sized->batch->bytes, 2048u);
  EXPECT_EQ(sized->batch->delay_ms, 9u);
  EXPECT_FALSE(parse_auth(R"({"token":"t","batch":false})")->batch);
  EXPECT_FALSE(parse_auth(R"({"token":"t"})")->batch);
}

TEST(Commands, SubscribeSaysHowGrowingMessagesAreWanted) {
  using Stream = SubscribeCommand::Stream;
  const auto plain = parse_subscribe("{}");
  EXPECT_EQ(plain->stream, Stream::live);
  EXPECT_EQ(plain->rollup_ms, std::nullopt);
  EXPECT_EQ(parse_subscribe(R"({"rollup":0})")->rollup_ms, 0u);
  EXPECT_EQ(parse_subscribe(R"({"stream":"final"})")->stream, Stream::final);
  const auto conflated = parse_subscribe(R"({"stream":"conflate:10000"})");
  EXPECT_EQ(conflated->stream, Stream::conflate);
  EXPECT_EQ(conflated->conflate_ms, 10'000u);
  for (const char* wrong : {"conflate", "conflate:", "conflate:0", "conflate:10001", "conflate:1x",
                            "conflate: 1", "conflate:99999999999999999999", "LIVE", ""})
    EXPECT_FALSE(parse_subscribe(std::string(R"({"stream":")") + wrong + R"("})")) << wrong;
}

TEST(Commands, SubscribeSinceAPosition) {
  const auto subscribe = parse_subscribe(R"({"since":{"offset":42,"epoch":"e"}})");
  ASSERT_TRUE(subscribe);
  EXPECT_EQ(subscribe->since, (StreamPosition{"e", 42}));
  EXPECT_EQ(subscribe->history, 0u);
  EXPECT_FALSE(parse_subscribe("{}")->since);
}

TEST(Commands, TheLastOfARepeatedMemberCounts) {
  EXPECT_EQ(parse_subscribe(R"({"history":1,"history":2})")->history, 2u);
}

TEST(Commands, HistoryHasALimit) {
  const auto history = parse_history(R"({"limit":1000,"reverse":true})");
  ASSERT_TRUE(history);
  EXPECT_EQ(history->limit, kHistoryLimitMax);
  EXPECT_TRUE(history->reverse);
}

TEST(Commands, RpcParamsStayRaw) {
  EXPECT_EQ(parse_rpc(R"({"method":"m","params":{ "a":1.0}})")->params, "{ \"a\":1.0}");
  EXPECT_EQ(parse_rpc(R"({"method":"m"})")->params, "null");
}

TEST(Commands, RpcResponseIsAResultOrAnError) {
  EXPECT_EQ(parse_rpc_response(R"({"requestId":"r","result":null})")->result, "null");
  const auto failed = parse_rpc_response(R"({"requestId":"r","error":{"name":"n","message":"m"}})");
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->result, "");
  EXPECT_EQ(failed->error_name, "n");
}

TEST(Commands, StateVersionsAreOptional) {
  EXPECT_EQ(parse_state_set(R"({"key":"k","value":[],"ifVersion":0})")->if_version, 0u);
  EXPECT_EQ(parse_state_set(R"({"key":"k","value":1,"ttlMs":250})")->ttl_ms, 250u);
  for (const char* ttl : {"0", "-1", "1.5", "31536000001", "null", "\"1s\""})
    EXPECT_EQ(
        parse_state_set(R"({"key":"k","value":1,"ttlMs":)" + std::string(ttl) + "}").error().path,
        "/payload/ttlMs")
        << ttl;
  EXPECT_TRUE(parse_presence(R"({"lastSeen":true})")->last_seen);
  EXPECT_FALSE(parse_presence("{}")->last_seen);
  EXPECT_EQ(parse_presence(R"({"lastSeen":1})").error().path, "/payload/lastSeen");
  EXPECT_EQ(parse_presence_update(R"({"info":{"a":1}})")->info, R"({"a":1})");
  for (const char* bad : {R"({"info":[]})", R"({"info":"x"})", R"({"info":null})", "{}"})
    EXPECT_EQ(parse_presence_update(bad).error().path, "/payload/info") << bad;
  EXPECT_EQ(parse_state_set(R"({"key":"k","value":[]})")->if_version, std::nullopt);
  EXPECT_EQ(parse_state_get("{}")->key, "");
}

TEST(Commands, AHeartbeatKeepsItsTimestampAsWritten) {
  EXPECT_EQ(parse_heartbeat(R"({"timestamp":17.50})")->timestamp, "17.50");
}

TEST(Commands, APayloadThatIsNotAnObjectIsRefused) {
  for (const char* payload : {"", "[]", "5", "{", "{\"token\":"}) {
    const auto auth = parse_auth(payload);
    ASSERT_FALSE(auth) << payload;
    EXPECT_EQ(auth.error().path, "/payload");
  }
}

}  // namespace
}  // namespace tidewire
