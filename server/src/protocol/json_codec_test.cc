#include "protocol/json_codec.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "protocol/proto_codec.h"
#include "protocol/test_support.h"

#if defined(__GNUC__) && !defined(__clang__)
// Where it inlines only one half of a pair below, g++ takes the pair for a mixture.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace {

std::atomic<long> g_allocations = 0;

}  // namespace

// Counting every allocation of this program is how "allocates nothing" is tested. All forms are
// replaced together, so that sanitizers see no mixture. The thread sanitizer brings its own, which
// cannot be replaced: with it nothing is counted.
#ifndef TIDEWIRE_THREAD_SANITIZER
namespace {

void* counted(std::size_t bytes) noexcept {
  ++g_allocations;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* counted_or_throw(std::size_t bytes) {
  if (void* memory = counted(bytes)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new[](std::size_t bytes) { return counted_or_throw(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
#endif

namespace tidewire {
namespace {

class CountingSink final : public EnvelopeSink {
 public:
  void on_envelope(const Envelope& envelope) override {
    ++messages;
    last = envelope;
  }
  void on_bad_message(std::string_view, std::string_view, const Error&) override { ++errors; }
  int messages = 0;
  int errors = 0;
  Envelope last;
};

std::string padded(std::string text) { return text.append(64, ' '); }

TEST(JsonCodec, ViewsPointIntoTheMessage) {
  JsonCodec codec;
  CountingSink sink;
  const std::string text = padded(R"({"type":"price","id":"7","payload":{"a":1},"channel":"a:b"})");
  const std::string_view message = std::string_view(text).substr(0, text.size() - 64);
  codec.decode(message, sink);
  for (const auto view : {sink.last.type, sink.last.id, sink.last.payload, sink.last.channel}) {
    EXPECT_GE(view.data(), message.data());
    EXPECT_LE(view.data() + view.size(), message.data() + message.size());
  }
}

TEST(JsonCodec, AnOrdinaryMessageAllocatesNothing) {
  JsonCodec codec;
  CountingSink sink;
  const std::string text = padded(
      R"({"type":"chat_message","id":"a\n1","channel":"chat:room-1","key":"k","priority":"high",)"
      R"("payload":{"content":"Hello there, this is a message","role":"user"}})");
  const std::string_view message = std::string_view(text).substr(0, text.size() - 64);
  codec.decode(message, sink);
  const long before = g_allocations;
  for (int i = 0; i < 100; ++i) codec.decode(message, sink);
  EXPECT_EQ(g_allocations - before, 0);
  EXPECT_EQ(sink.messages, 101);
}

TEST(ProtoCodec, AnOrdinaryMessageAllocatesNothing) {
  ProtoCodec codec;
  CountingSink sink;
  const std::string frame = codec.encode({.type = "chat_message",
                                          .id = "an id longer than fifteen",
                                          .channel = "chat:a-long-room-name",
                                          .payload = R"({"content":"Hello","role":"user"})",
                                          .key = "a key longer than fifteen"});
  codec.decode(frame, sink);
  const long before = g_allocations;
  for (int i = 0; i < 100; ++i) codec.decode(frame, sink);
  EXPECT_EQ(g_allocations - before, 0);
  EXPECT_EQ(sink.messages, 101);
}

TEST(JsonCodec, BytesBehindTheMessageDoNotMatter) {
  JsonCodec codec;
  for (const char filler : {' ', '"', '}', '{', '\\', '\0', '1', '\xff'}) {
    CountingSink sink;
    std::string text = R"({"type":"price","channel":"a:b","payload":{"a":1}})";
    const std::size_t size = text.size();
    text.append(64, filler);
    codec.decode(std::string_view(text).substr(0, size), sink);
    EXPECT_EQ(sink.messages, 1) << static_cast<int>(filler);
  }
}

TEST(JsonCodec, TextThatIsNotUtf8IsRefused) {
  JsonCodec codec;
  CollectingSink sink;
  decode_padded(codec, "{\"type\":\"price\",\"channel\":\"a:b\",\"payload\":{\"a\":\"\xff\"}}",
                sink);
  ASSERT_EQ(sink.errors.size(), 1u);
  EXPECT_EQ(sink.errors[0].error.code, ErrorCode::invalid_message);
  EXPECT_TRUE(sink.messages.empty());
}

TEST(JsonCodec, AnIdThatIsNotUtf8IsNotSentBackWithTheFaultBehindIt) {
  JsonCodec codec;
  CollectingSink sink;
  decode_padded(codec, "{\"type\":\"price\",\"id\":\"2\xe7\xd3\",\"channel\":\"a:b\"", sink);
  decode_padded(codec, R"({"type":"price","id":"2","channel":"a:b")", sink);
  ASSERT_EQ(sink.errors.size(), 2u);
  EXPECT_EQ(sink.errors[0].id, "");
  EXPECT_EQ(sink.errors[1].id, "2");
}

TEST(JsonCodec, ACutMessageIsAlwaysOneError) {
  JsonCodec codec;
  const std::string text =
      R"([{"type":"price","id":"1","channel":"a:b","payload":{"a":[1,"\u00e9"]}},{"type":"x"}])";
  for (std::size_t size = 0; size < text.size(); ++size) {
    CollectingSink sink;
    decode_padded(codec, text.substr(0, size), sink);
    EXPECT_TRUE(sink.messages.empty()) << size;
    ASSERT_EQ(sink.errors.size(), 1u) << size;
    EXPECT_EQ(sink.errors[0].error.path, "");
  }
}

TEST(JsonCodec, ABatchHasItsLimit) {
  JsonCodec codec({.batch_messages = 2});
  CollectingSink two, three;
  decode_padded(codec, R"([{"type":"a"},{"type":"b"}])", two);
  EXPECT_EQ(two.messages.size(), 2u);
  decode_padded(codec, R"([{"type":"a"},{"type":"b"},{"type":"c"}])", three);
  EXPECT_TRUE(three.messages.empty());
  ASSERT_EQ(three.errors.size(), 1u);
  EXPECT_EQ(three.errors[0].error.code, ErrorCode::message_too_large);
}

TEST(JsonCodec, ManyDecodesOfOneCodecDoNotDisturbEachOther) {
  JsonCodec codec;
  const std::string large =
      R"({"type":"price","channel":"a:b","payload":{"a":")" + std::string(100'000, 'x') + "\"}}";
  for (int i = 0; i < 3; ++i) {
    CollectingSink sink;
    decode_padded(codec, large, sink);
    decode_padded(codec, "{", sink);
    decode_padded(codec, R"({"type":"presence","channel":"a:b"})", sink);
    EXPECT_EQ(sink.messages.size(), 2u);
    EXPECT_EQ(sink.errors.size(), 1u);
  }
}

TEST(JsonCodec, ThePayloadIsEmbeddedUntouched) {
  JsonCodec codec;
  EXPECT_EQ(codec.encode({.type = "price", .payload = "{ \"a\" :1.0}"}),
            "{\"type\":\"price\",\"payload\":{ \"a\" :1.0}}");
}

TEST(Codecs, WhatOneWritesItReadsBack) {
  JsonCodec json;
  ProtoCodec proto;
  for (Codec* codec : {static_cast<Codec*>(&json), static_cast<Codec*>(&proto)}) {
    const std::string one = codec->encode({.type = "a", .id = "1\n\"", .payload = "{\"x\":1}"});
    const std::string two = codec->encode({.type = "b", .offset = 7, .epoch = "e"});
    CollectingSink sink;
    decode_padded(*codec, codec->encode_batch(std::array<std::string_view, 2>{one, two}), sink);
    ASSERT_EQ(sink.messages.size(), 2u);
    EXPECT_EQ(sink.messages[0].id, "1\n\"");
    EXPECT_EQ(sink.messages[0].payload, "{\"x\":1}");
    EXPECT_EQ(sink.messages[1].offset, 7u);
    EXPECT_EQ(sink.messages[1].epoch, "e");
  }
}

}  // namespace
}  // namespace tidewire
