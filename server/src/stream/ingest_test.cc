#include "stream/ingest.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

/// What a run of events means: `kind#id(name):content` for parts, `:content` for text, `!end`.
std::string run(std::initializer_list<std::string_view> events,
                IngestFormat format = IngestFormat::detect) {
  Ingest ingest(format);
  std::string seen;
  for (const std::string_view data : events) {
    const auto result = ingest.take(data);
    if (!result) return seen + "error " + result.error().message;
    for (const IngestPiece& piece : result->pieces) {
      if (!piece.part_kind.empty()) seen += piece.part_kind + "#" + piece.part_id;
      if (!piece.part_name.empty()) seen += "(" + piece.part_name + ")";
      seen += ":" + piece.content + " ";
    }
    if (result->end)
      return seen + "!" + std::string(to_name(*result->end)) +
             (result->reason.empty() ? "" : " " + result->reason);
  }
  return seen + "~" + std::string(to_name(ingest.at_end()));
}

TEST(Ingest, ReadsChatCompletions) {
  EXPECT_EQ(
      run({R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})",
           R"({"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]})",
           R"({"choices":[{"index":0,"delta":{"content":"Lis"},"finish_reason":null}]})",
           R"({"choices":[{"index":1,"delta":{"content":"another choice"}}]})",
           R"({"choices":[{"index":0,"delta":{"content":"bon"}}]})",
           R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
           R"({"choices":[],"usage":{"total_tokens":9}})", "[DONE]"}),
      "reasoning#reasoning:Hm :Lis :bon !complete");
}

TEST(Ingest, ReadsToolCallsOfChatCompletions) {
  EXPECT_EQ(
      run({R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"find","arguments":""}}]}}]})",
           R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}}]}}]})",
           R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"get","arguments":"{}"}}]}}]})",
           R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]})",
           R"({"choices":[{"delta":{"tool_calls":[{"index":7,"function":{"arguments":"of nobody"}}]}}]})"}),
      R"(tool_call#c1(find): tool_call#c1(find):{"q": tool_call#c2(get):{} tool_call#c1(find):1} ~interrupted)");
}

TEST(Ingest, ABodyThatEndsBehindItsFinishReasonIsWhole) {
  EXPECT_EQ(run({R"({"choices":[{"delta":{"content":"a"}}]})"}), ":a ~interrupted");
  EXPECT_EQ(run({R"({"choices":[{"delta":{"content":"a"},"finish_reason":"length"}]})"}),
            ":a ~complete");
  EXPECT_EQ(run({}), "~interrupted");
}

TEST(Ingest, ReadsTheResponsesApi) {
  EXPECT_EQ(
      run({R"({"type":"response.created","response":{}})",
           R"({"type":"response.output_item.added","item":{"type":"reasoning","id":"rs1"}})",
           R"({"type":"response.reasoning_summary_text.delta","item_id":"rs1","delta":"Hm"})",
           R"({"type":"response.output_item.added","item":{"type":"function_call","id":"fc1","call_id":"c1","name":"find"}})",
           R"({"type":"response.function_call_arguments.delta","item_id":"fc1","delta":"{}"})",
           R"({"type":"response.output_text.delta","item_id":"m1","delta":"Lisbon"})",
           R"({"type":"response.something.new","delta":"x"})", R"({"type":"response.completed"})"}),
      "reasoning#rs1:Hm tool_call#c1(find): tool_call#c1(find):{} :Lisbon !complete");
  EXPECT_EQ(run({R"({"type":"response.created"})",
                 R"({"type":"response.failed","response":{"error":{"message":"overloaded"}}})"}),
            "!interrupted overloaded");
}

TEST(Ingest, ReadsUiMessageStreams) {
  EXPECT_EQ(
      run({R"({"type":"start","messageId":"m"})", R"({"type":"start-step"})",
           R"({"type":"reasoning-start","id":"r"})",
           R"({"type":"reasoning-delta","id":"r","delta":"Hm"})",
           R"({"type":"tool-input-start","toolCallId":"c1","toolName":"find"})",
           R"({"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"{}"})",
           R"({"type":"tool-input-available","toolCallId":"c1","toolName":"find","input":{}})",
           R"({"type":"tool-input-available","toolCallId":"c2","toolName":"get","input":{"a":1}})",
           R"({"type":"tool-output-available","toolCallId":"c1","output":1,"preliminary":true})",
           R"({"type":"tool-output-available","toolCallId":"c1","output":[2]})",
           R"({"type":"data-note","data":1,"transient":true})",
           R"({"type":"data-note","id":"n","data":2})", R"({"type":"text-start","id":"t"})",
           R"({"type":"text-delta","id":"t","delta":"Lisbon"})", R"({"type":"finish"})"}),
      "reasoning#r:Hm tool_call#c1(find): tool_call#c1:{} tool_call#c2(get):{\"a\":1} "
      "tool_result#c1:[2] data-note#n:{\"data\":2,\"id\":\"n\",\"type\":\"data-note\"}\n :Lisbon "
      "!complete");
  EXPECT_EQ(run({R"({"type":"start"})", R"({"type":"abort"})"}), "!cancelled");
  EXPECT_EQ(run({R"({"type":"start"})", R"({"type":"error","errorText":"no"})"}),
            "!interrupted no");
}

TEST(Ingest, RefusesWhatItCannotRead) {
  EXPECT_TRUE(run({"hello"}).starts_with("error the data of an event is not JSON"));
  EXPECT_TRUE(run({"[1]"}).starts_with("error the data of an event is not a JSON object"));
  EXPECT_TRUE(run({"{}"}).starts_with("error the first event is of no known format"));
  EXPECT_TRUE(run({std::string(100, '[')}).starts_with("error"));
  EXPECT_TRUE(run({R"({"type":"text-delta","delta":"\ud83d"})"}).starts_with("error"))
      << "half a surrogate pair has no UTF-8 form";
  EXPECT_TRUE(run({"{\"type\":\"text-delta\",\"delta\":\"\xF0\x9F\"}"}).starts_with("error"));
}

TEST(Ingest, WhatIsOfNoDialectDoesNotDecideWhichOneItIs) {
  const char* chat = R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]})";
  EXPECT_EQ(run({R"({"type":"ping"})", "", chat, ""}), ":a ~complete");
  EXPECT_EQ(
      run({R"({"type":"keepalive"})", R"({"type":"response.output_text.delta","delta":"a"})"}),
      ":a ~interrupted");
  EXPECT_EQ(run({R"({"type":"ping"})", R"({"type":"data-x","data":1})", R"({"type":"finish"})"}),
            "data-x#data-x-1:{\"data\":1,\"type\":\"data-x\"}\n !complete");
  Ingest ingest(IngestFormat::detect);
  EXPECT_TRUE(ingest.take(R"({"type":"ping"})"));
  EXPECT_EQ(ingest.why_interrupted(), "the body ended without an event of a known format");
}

TEST(Ingest, AnErrorMayBeTheFirstAndOnlyEvent) {
  EXPECT_EQ(run({R"({"error":{"message":"no quota","code":429}})"}), "!interrupted no quota");
  EXPECT_EQ(run({R"({"type":"error","code":"x","message":"bad key"})"}), "!interrupted bad key");
  EXPECT_EQ(run({R"({"type":"error","errorText":"oops"})"}), "!interrupted oops");
}

TEST(Ingest, TakesMembersOfOtherTypesForAbsent) {
  EXPECT_EQ(run({R"({"choices":{"a":1}})", R"({"choices":[1,[],{"delta":3}]})",
                 R"({"choices":[{"delta":{"content":5,"tool_calls":[{"index":-1,"id":4}]}}]})"}),
            "~interrupted");
}

TEST(Ingest, AGivenFormatIsNotGuessed) {
  EXPECT_EQ(run({R"({"choices":[{"delta":{"content":"a"}}]})"}, IngestFormat::ai_sdk),
            "~interrupted");
  EXPECT_EQ(ingest_format("openai"), IngestFormat::openai);
  EXPECT_EQ(ingest_format("ai-sdk"), IngestFormat::ai_sdk);
  EXPECT_EQ(ingest_format(""), IngestFormat::detect);
  EXPECT_EQ(ingest_format("xml"), std::nullopt);
}

}  // namespace
}  // namespace tidewire
