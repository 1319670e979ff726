#include "protocol/replies.h"

#include <array>

#include <gtest/gtest.h>

#include "protocol/json_text.h"

namespace tidewire {
namespace {

TEST(Replies, AnAckOfADurablePublishHasItsPosition) {
  EXPECT_EQ(ack_payload({.offset = 7, .epoch = "e1", .duplicate = true}),
            R"({"offset":7,"epoch":"e1","duplicate":true})");
}

TEST(Replies, AnyOtherAckDoesNot) { EXPECT_EQ(ack_payload({}), R"({"duplicate":false})"); }

TEST(Replies, AWelcomeNamesTheChannelsThatComeBack) {
  const std::array<std::string, 2> restored = {"a:b", "c:d"};
  EXPECT_EQ(welcome_payload({.connection_id = "c",
                             .session_id = "s",
                             .user_id = "al\"ice",
                             .resumed = true,
                             .expires_at_ms = 5,
                             .message_bytes_max = 65536,
                             .channels_max = 100,
                             .server = "tidewire/0.1.0",
                             .restored = restored}),
            R"({"connectionId":"c","sessionId":"s","userId":"al\"ice","resumed":true,)"
            R"("expiresAt":5,"heartbeatMs":25000,"heartbeatTimeoutMs":10000,)"
            R"("limits":{"messageBytes":65536,"channels":100},"server":"tidewire/0.1.0",)"
            R"("protocol":1,"restored":["a:b","c:d"]})");
  EXPECT_FALSE(welcome_payload({.restored = restored}).contains("restored"));
}

TEST(Replies, SubscribedHoldsWholeEnvelopes) {
  const std::array<std::string_view, 2> publications = {R"({"type":"a"})", R"({"type":"b"})"};
  EXPECT_EQ(subscribed_payload({.epoch = "e",
                                .offset = 2,
                                .recovered = true,
                                .was_recovering = true,
                                .publications_json = publications}),
            R"({"epoch":"e","offset":2,"recovered":true,"wasRecovering":true,)"
            R"("publications":[{"type":"a"},{"type":"b"}],"latest":[],"streams":[]})");
}

TEST(Replies, AnErrorSaysWhatWhereAndWhen) {
  EXPECT_EQ(error_payload({ErrorCode::stream_gap, "a piece is missing", "/payload/index", 0,
                           "\"expectedIndex\":4"}),
            R"({"code":1401,"name":"stream_gap","message":"a piece is missing",)"
            R"("retryable":false,"path":"/payload/index","expectedIndex":4})");
  EXPECT_EQ(error_payload({ErrorCode::rate_limited, "too fast", "", 250, ""}),
            R"({"code":1501,"name":"rate_limited","message":"too fast","retryable":true,)"
            R"("retryAfterMs":250})");
}

TEST(Replies, PresenceListsMembers) {
  const std::array<PresenceMember, 2> members = {PresenceMember{"alice", 2, R"({"name":"A"})", 17},
                                                 PresenceMember{"bob", 1, {}, {}}};
  EXPECT_EQ(presence_payload({.members = members, .total = 9, .complete = false}),
            R"({"members":[{"userId":"alice","clients":2,"info":{"name":"A"},"since":17},)"
            R"({"userId":"bob","clients":1}],"total":9,"complete":false})");
  const std::array<LeftUser, 1> left = {LeftUser{"eve", 5}};
  EXPECT_EQ(presence_payload({.last_seen = left}),
            R"({"members":[],"total":0,"complete":true,"lastSeen":[{"userId":"eve","at":5}]})");
  EXPECT_EQ(presence_count_payload(7, true), R"({"total":7,"complete":true})");
  EXPECT_EQ(presence_change_payload(members[0]),
            R"({"userId":"alice","clients":2,"info":{"name":"A"}})");
  EXPECT_EQ(presence_payload({}), R"({"members":[],"total":0,"complete":true})");
}

TEST(Replies, AChunkNamesThePiecesItHolds) {
  EXPECT_EQ(chunk_payload({.message_id = "m", .content = "a\n", .index = 3, .rev = {3, 3}}),
            R"({"messageId":"m","content":"a\n","isComplete":false,"index":3,"rev":[3,3]})");
  EXPECT_EQ(chunk_payload({.message_id = "m",
                           .content = "abc",
                           .is_complete = true,
                           .rev = {1, 9},
                           .snapshot = true}),
            R"({"messageId":"m","content":"abc","isComplete":true,"rev":[1,9],"snapshot":true})");
}

TEST(Replies, AChunkNamesItsPartOrItsParts) {
  const std::array<PartItem, 2> items = {PartItem{"c\"1", "tool_call", "find", "{}"},
                                         PartItem{.kind = "text"}};
  EXPECT_EQ(chunk_payload({.message_id = "m", .content = "{}", .generation = 2, .part = &items[0]}),
            R"({"messageId":"m","content":"{}","isComplete":false,"rev":[1,1],"generation":2,)"
            R"("part":{"id":"c\"1","kind":"tool_call","name":"find"}})");
  EXPECT_EQ(chat_message_payload(
                {.content = "a", .role = "assistant", .message_id = "m", .parts = items}),
            R"({"content":"a","role":"assistant","messageId":"m","parts":[{"id":"c\"1",)"
            R"("kind":"tool_call","name":"find","content":"{}"},{"kind":"text"}]})");
}

TEST(Replies, StreamStatusListsWhatGrows) {
  EXPECT_EQ(stream_status_payload("none", {}), R"({"status":"none","streams":[]})");
  const std::array<StreamItem, 1> items = {StreamItem{"m", 1, 4, 17, "bot", "c", "x/1"}};
  EXPECT_EQ(stream_status_payload("active", items),
            R"({"status":"active","streams":[{"messageId":"m","generation":1,"rev":4,)"
            R"("startedAt":17,"producer":{"userId":"bot","connectionId":"c","client":"x/1"}}]})");
}

TEST(Replies, StateNamesKeysAndVersions) {
  EXPECT_EQ(state_payload({"k", "[1]", 3}), R"({"key":"k","value":[1],"version":3})");
  EXPECT_EQ(state_payload({"k", "", 0}), R"({"key":"k","version":0})");
  const std::array<StateItem, 2> items = {StateItem{"a", "null", 1}, StateItem{"b\"", "2", 4}};
  EXPECT_EQ(state_list_payload(items), R"({"entries":[{"key":"a","value":null,"version":1},)"
                                       R"({"key":"b\"","value":2,"version":4}]})");
  EXPECT_EQ(state_list_payload({}), R"({"entries":[]})");
  EXPECT_EQ(state_payload({"k", "1", 3, 99}),
            R"({"key":"k","value":1,"version":3,"expiresAt":99})");
  EXPECT_EQ(state_changed_payload({"k", "1", 5, 99}),
            R"({"key":"k","value":1,"version":5,"expiresAt":99})");
  EXPECT_EQ(state_changed_payload({"k", "", 6}, "expired"),
            R"({"key":"k","version":6,"deleted":true,"reason":"expired"})");
  EXPECT_EQ(state_changed_payload({"k", "1", 5}), R"({"key":"k","value":1,"version":5})");
  EXPECT_EQ(state_changed_payload({"k", "", 6}), R"({"key":"k","version":6,"deleted":true})");
}

TEST(Replies, ACallNamesItsCaller) {
  EXPECT_EQ(rpc_request_payload({.request_id = "r",
                                 .method = "sum",
                                 .params_json = "[1,2]",
                                 .user_id = "a\"",
                                 .connection_id = "c",
                                 .client = "web/1"}),
            R"({"requestId":"r","method":"sum","params":[1,2],)"
            R"("caller":{"userId":"a\"","connectionId":"c","client":"web/1"},"timeoutMs":0})");
  EXPECT_EQ(rpc_result_payload("null"), R"({"result":null})");
}

TEST(Replies, TheRestIsJsonToo) {
  for (const std::string& text :
       {unsubscribed_payload(UnsubscribeReason::operator_), goaway_payload("drain", 1500),
        heartbeat_payload(5), heartbeat_answer_payload("17.50", 5),
        history_payload({.epoch = "e", .offset = 1}),
        chat_message_payload({.content = "a\"b", .role = "assistant", .message_id = "m1"}),
        stream_cancel_payload("m\"", "r\n")})
    EXPECT_FALSE(find_json_fault(text, 4)) << text;
  EXPECT_EQ(unsubscribed_payload(UnsubscribeReason::operator_), R"({"reason":"operator"})");
  EXPECT_EQ(stream_cancel_payload("m", ""), R"({"messageId":"m"})");
  EXPECT_EQ(stream_cancel_payload("m", "no"), R"({"messageId":"m","reason":"no"})");
  EXPECT_EQ(heartbeat_answer_payload("17.50", 5), R"({"timestamp":17.50,"serverTime":5})");
}

}  // namespace
}  // namespace tidewire
