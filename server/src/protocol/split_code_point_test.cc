// A producer that cuts its text where it likes may cut a character in two. Half a character has no
// UTF-8 form, so such a piece is refused whole, and nothing of it is appended: the producer sends
// the same index again with whole characters.
#include <string>

#include <gtest/gtest.h>

#include "protocol/json_codec.h"
#include "protocol/proto_codec.h"
#include "protocol/test_support.h"

namespace tidewire {
namespace {

constexpr std::string_view kEmoji = "\xF0\x9F\x98\x80";

std::string payload_of(std::string_view content) {
  return R"({"messageId":"m","isComplete":false,"content":")" + std::string(content) + "\"}";
}

std::string json_piece(std::string_view content) {
  return R"({"type":"chat_message_chunk","id":"7","channel":"chat:1","payload":)" +
         payload_of(content) + "}";
}

std::string proto_piece(std::string_view content) {
  const std::string payload = payload_of(content);
  std::string envelope =
      "\x0a\x12"
      "chat_message_chunk"
      "\x1a\x06"
      "chat:1"
      "\x22";
  envelope += static_cast<char>(payload.size());
  envelope += payload;
  return std::string("\x0a") + static_cast<char>(envelope.size()) + envelope;
}

/// Whether both codecs take a piece with this content.
bool taken(Codec& codec, const std::string& bytes) {
  CollectingSink sink;
  decode_padded(codec, bytes, sink);
  EXPECT_EQ(sink.messages.size() + sink.errors.size(), 1U);
  for (const CollectedError& each : sink.errors)
    EXPECT_EQ(each.error.code, ErrorCode::invalid_message);
  return sink.errors.empty();
}

TEST(SplitCodePoint, NoSplitOfUtf8BytesIsTaken) {
  JsonCodec json;
  ProtoCodec proto;
  for (std::size_t cut = 0; cut <= kEmoji.size(); ++cut) {
    const bool whole = cut == 0 || cut == kEmoji.size();
    for (const std::string_view half : {kEmoji.substr(0, cut), kEmoji.substr(cut)}) {
      EXPECT_EQ(taken(json, json_piece(half)), whole) << cut;
      EXPECT_EQ(taken(proto, proto_piece(half)), whole) << cut;
    }
  }
}

TEST(SplitCodePoint, NoHalfOfASurrogatePairIsTaken) {
  JsonCodec json;
  ProtoCodec proto;
  for (const std::string_view half :
       {"\\ud83d", "\\ude00", "a\\ud83d", "\\ude00b", "\\ud83d\\ud83d"}) {
    EXPECT_FALSE(taken(json, json_piece(half))) << half;
    EXPECT_FALSE(taken(proto, proto_piece(half))) << half;
  }
  EXPECT_TRUE(taken(json, json_piece("\\ud83d\\ude00")));
  EXPECT_TRUE(taken(proto, proto_piece("\\ud83d\\ude00")));
}

}  // namespace
}  // namespace tidewire
