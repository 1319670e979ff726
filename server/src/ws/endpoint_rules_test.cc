#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ws/client_frames.h"
#include "ws/endpoint.h"
#include "ws/event_log.h"

namespace tidewire::ws::endpoint_rules_test {
namespace {

using testing::ElementsAre;

constexpr std::size_t kLimit = 1000;

struct Fault {
  std::string name;
  std::string bytes;  // the last byte is the one that breaks the rule
  int code;
  std::string reason;
};

std::string begun() { return client_frame(Opcode::text, "begun", {.fin = false}); }

std::vector<Fault> faults() {
  std::vector<Fault> table;
  const auto add = [&](std::string name, std::string bytes, int code, std::string reason) {
    table.push_back({std::move(name), std::move(bytes), code, std::move(reason)});
  };
  for (const std::uint8_t bits : {1, 2, 3, 5, 6, 7})
    add("reserved bits", client_header(1, 0, {.reserved_bits = bits}).substr(0, 1), 1002,
        "reserved bits are set");
  add("RSV1 without compression", client_header(1, 0, {.reserved_bits = 4}).substr(0, 1), 1002,
      "RSV1 is set but no compression was agreed");
  for (const std::uint8_t opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    add("opcode " + std::to_string(opcode), client_header(opcode, 0).substr(0, 1), 1002,
        "reserved opcode");
  add("unmasked", client_header(1, 5, {.masked = false}), 1002, "client frames must be masked");
  for (const std::uint8_t opcode : {8, 9, 10}) {
    add("fragmented control", client_header(opcode, 0, {.fin = false}).substr(0, 1), 1002,
        "control frames must not be fragmented");
    add("long control", client_header(opcode, 126).substr(0, 2), 1002, "control frame is too long");
    add("very long control", client_header(opcode, 70000).substr(0, 2), 1002,
        "control frame is too long");
  }
  add("continuation first", client_header(0, 0).substr(0, 1), 1002,
      "continuation without a message");
  add("continuation after a whole message",
      client_frame(Opcode::text, "x") + client_header(0, 0).substr(0, 1), 1002,
      "continuation without a message");
  for (const std::uint8_t opcode : {1, 2})
    add("new message in a message", begun() + client_header(opcode, 0).substr(0, 1), 1002,
        "new message inside a fragmented one");
  for (const std::uint64_t size : {0, 5, 125})
    add("length in 2 bytes", client_header(2, size, {.length_bytes = 2}).substr(0, 4), 1002,
        "length is not encoded minimally");
  for (const std::uint64_t size : {0, 125, 126, 65535})
    add("length in 8 bytes", client_header(2, size, {.length_bytes = 8}).substr(0, 10), 1002,
        "length is not encoded minimally");
  for (const std::uint64_t size : {std::uint64_t{1} << 63U, ~std::uint64_t{0}})
    add("most significant bit", client_header(2, size).substr(0, 3), 1002,
        "length has its most significant bit set");
  for (const std::uint64_t size :
       {std::uint64_t{kLimit} + 1, (std::uint64_t{1} << 31U) - 1, std::uint64_t{1} << 31U,
        (std::uint64_t{1} << 31U) + 1, (std::uint64_t{1} << 32U) - 1, std::uint64_t{1} << 32U,
        (std::uint64_t{1} << 32U) + 1, (std::uint64_t{1} << 63U) - 1})
    add("too big: " + std::to_string(size), client_header(2, size), 1009, "frame is too big");
  add("close code cut off", client_frame(Opcode::close, "\x03"), 1002, "close code is cut off");
  add("close reason", client_close(1000, "\xFF"), 1007, "close reason is not UTF-8");
  for (const std::string_view text : {"\x80", "\xC0", "ab\xF5", "\xE0\x80", "\xED\xA0", "\xF4\x90"})
    add("text", client_header(1, text.size() + 5, {.mask = {}}) + std::string(text), 1007,
        "text is not UTF-8");
  add("text in a continuation",
      begun() + client_header(0, 100, {.fin = false, .mask = {}}) + "ok\xFF", 1007,
      "text is not UTF-8");
  add("code point broken across fragments",
      client_frame(Opcode::text, "\xE2\x82", {.fin = false}) +
          client_header(0, 100, {.fin = false, .mask = {}}) + "A",
      1007, "text is not UTF-8");
  add("text that ends inside a code point", client_frame(Opcode::text, "\xE2\x82"), 1007,
      "text is not UTF-8");
  add("fragments that end inside a code point",
      client_frame(Opcode::text, "\xE2", {.fin = false}) +
          client_frame(Opcode::continuation, "\x82"),
      1007, "text is not UTF-8");
  return table;
}

EventLog run(const std::string& bytes, bool bytewise) {
  Endpoint endpoint{{.message_bytes_max = kLimit, .frame_bytes_max = kLimit}};
  EventLog log;
  if (!bytewise) {
    feed(endpoint, bytes, log);
    return log;
  }
  for (const char byte : bytes) feed(endpoint, {&byte, 1}, log);
  return log;
}

TEST(EndpointRules, EveryFaultFailsAtTheByteThatBreaksTheRuleAndIsTheLastEvent) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    const std::string code = std::to_string(fault.code);
    for (const bool bytewise : {false, true}) {
      auto events = run(fault.bytes + client_frame(Opcode::text, "after"), bytewise).events();
      ASSERT_GE(events.size(), 2U);
      EXPECT_EQ(events.back(), "failed " + code + " " + fault.reason);
      EXPECT_EQ(events[events.size() - 2], "send close " + code + " " + fault.reason);
      const auto early =
          run(fault.bytes.substr(0, fault.bytes.size() - 1), bytewise).without_pong_runs();
      for (const std::string& event : early) EXPECT_FALSE(event.starts_with("failed")) << event;
    }
  }
}

TEST(EndpointRules, CodePointsMayBeSplitByFragmentsAnywhere) {
  const std::string text = "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
  for (std::size_t i = 0; i <= text.size(); ++i)
    for (std::size_t k = i; k <= text.size(); ++k) {
      const std::string bytes =
          client_frame(Opcode::text, text.substr(0, i), {.fin = false}) +
          client_frame(Opcode::continuation, text.substr(i, k - i), {.fin = false}) +
          client_frame(Opcode::continuation, text.substr(k));
      EXPECT_THAT(run(bytes, false).events(), ElementsAre("text " + text));
    }
}

TEST(EndpointRules, BinaryMessagesMayHoldAnyBytes) {
  EXPECT_THAT(run(client_frame(Opcode::binary, "\xFF\xFE"), false).events(),
              ElementsAre("binary \xFF\xFE"));
}

}  // namespace
}  // namespace tidewire::ws::endpoint_rules_test
