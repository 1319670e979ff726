#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/codes.gen.h"

namespace tidewire {

/// The largest `id`, `key` and `type` that a client may choose, in bytes.
inline constexpr std::size_t kIdBytesMax = 64;
inline constexpr std::size_t kKeyBytesMax = 64;
inline constexpr std::size_t kTypeBytesMax = 64;
inline constexpr std::size_t kChannelBytesMax = 255;

/// What a consumer has done with an event: it got it, or a person saw it.
enum class ReceiptKind : std::uint8_t { delivered, read };
[[nodiscard]] constexpr std::string_view to_name(ReceiptKind kind) {
  return kind == ReceiptKind::read ? "read" : "delivered";
}

/// What a publisher wants to be told of: how many consumers have passed its event.
struct ReceiptAsk {
  ReceiptKind kind = ReceiptKind::delivered;
  std::uint64_t count = 0;  // 0: all
};

/// One message from a client, checked for form: types, limits and names are right, `payload` is
/// well-formed JSON. What the message asks for is not checked here, nor is `channel` (ChannelName
/// does that). A field that was absent is empty.
///
/// Lifetime: views into the message or the codec's scratch; valid until its next decode().
struct Envelope {
  std::string_view type;
  std::string_view id;
  std::string_view channel;
  std::string_view payload = "{}";  // the raw text of a JSON object
  std::string_view key;
  std::string_view trace;
  std::string_view nonce;
  std::string_view sig;
  std::string_view enc;
  std::optional<Priority> priority;
  bool echo = true;
  std::optional<std::uint64_t> offset;
  std::string_view epoch;
  std::optional<std::uint64_t> seq;
  std::optional<ReceiptAsk> receipt;
  std::optional<std::size_t> place;  // in the batch that it came in
};

/// Who published an event, as subscribers see it.
struct Sender {
  std::string_view user_id;
  std::string_view connection_id;
  std::string_view client;
};

/// One message to a client. Empty views and nullopt are left out on the wire; `payload` is raw JSON
/// object text and is embedded byte for byte (empty: left out).
struct OutgoingMessage {
  std::string_view type;
  std::string_view id;
  std::string_view channel;
  std::string_view payload;
  std::optional<std::uint64_t> offset;
  std::string_view epoch;
  std::optional<std::int64_t> ts;
  const Sender* from = nullptr;
  std::optional<Priority> priority;
  std::string_view key;
  std::string_view trace;
  std::string_view nonce;
  std::string_view sig;
  std::string_view enc;
  std::uint64_t redelivered = 0;  // 0: left out
};

}  // namespace tidewire
