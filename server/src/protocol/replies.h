#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/error.h"

namespace tidewire {

/// The payloads that the server sends, as plain values, and the JSON text of each. Members named
/// `..._json` are raw JSON and are embedded as they are. protocol/schemas/ has the shapes.

struct Welcome {
  std::string_view connection_id;
  std::string_view session_id;
  std::string_view user_id;
  bool resumed = false;
  std::int64_t expires_at_ms = 0;
  std::int64_t heartbeat_ms = 25'000;
  std::int64_t heartbeat_timeout_ms = 10'000;
  std::uint64_t message_bytes_max = 0;
  std::uint64_t channels_max = 0;
  std::string_view server;                // "tidewire/0.1.0"
  std::span<const std::string> restored;  // resumed: channels whose `subscribed` follow
};
[[nodiscard]] std::string welcome_payload(const Welcome& welcome);

/// The spans hold whole envelopes in the JSON form (append_envelope_json), whatever the codec.
struct Subscribed {
  std::string_view epoch;
  std::uint64_t offset = 0;
  bool recovered = false;
  bool was_recovering = false;
  std::span<const std::string_view> publications_json;
  std::span<const std::string_view> latest_json;
  std::span<const std::string_view> streams_json;
};
[[nodiscard]] std::string subscribed_payload(const Subscribed& subscribed);

[[nodiscard]] std::string unsubscribed_payload(UnsubscribeReason reason);

/// `offset` and `epoch` only for a durable publication.
struct Ack {
  std::optional<std::uint64_t> offset;
  std::string_view epoch;
  bool duplicate = false;
  std::string_view state;  // of a cancel; empty: left out
};
[[nodiscard]] std::string ack_payload(const Ack& ack);

/// How far one consumer is.
struct ReceiptCursor {
  std::string_view user_id;
  std::uint64_t delivered = 0;
  std::uint64_t read = 0;
};
[[nodiscard]] std::string receipt_changed_payload(const ReceiptCursor& cursor);
[[nodiscard]] std::string receipts_payload(std::string_view epoch,
                                           std::span<const ReceiptCursor> cursors);

/// What a publisher is told about its event.
struct ReceiptNotice {
  std::uint64_t offset = 0;
  std::string_view epoch;
  std::string_view kind;
  std::uint64_t count = 0;
  std::span<const std::string> consumers;
  bool complete = false;
};
[[nodiscard]] std::string receipt_payload(const ReceiptNotice& receipt);

/// An event that a consumer did not acknowledge.
struct DeadLetter {
  std::string_view channel;
  std::uint64_t offset = 0;
  std::string_view epoch;
  std::string_view user_id;
  std::string_view session_id;
  std::uint64_t attempts = 0;
  std::string_view event_json;
};
[[nodiscard]] std::string dead_letter_payload(const DeadLetter& letter);
/// The answer to a piece of a transfer: how far it is.
struct TransferAck {
  std::string_view transfer_id;
  std::uint64_t next_index = 1;
  std::uint64_t received = 0;
  bool duplicate = false;
};
[[nodiscard]] std::string transfer_ack_payload(const TransferAck& ack);

struct History {
  std::string_view epoch;
  std::uint64_t offset = 0;
  std::span<const std::string_view> publications_json;
};
[[nodiscard]] std::string history_payload(const History& history);

struct PresenceMember {
  std::string_view user_id;
  std::uint64_t clients = 0;
  std::string_view info_json;  // empty: left out
  std::optional<std::int64_t> since_ms;
};
struct LeftUser {
  std::string_view user_id;
  std::int64_t at_ms = 0;
};
struct PresenceList {
  std::span<const PresenceMember> members;
  std::uint64_t total = 0;
  bool complete = true;
  std::optional<std::span<const LeftUser>> last_seen;  // only when asked for
};
[[nodiscard]] std::string presence_payload(const PresenceList& list);
[[nodiscard]] std::string presence_count_payload(std::uint64_t total, bool complete);
/// For presence_join, presence_update and presence_leave; `since_ms` is not part of it.
[[nodiscard]] std::string presence_change_payload(const PresenceMember& member);

/// The events that the server makes in a user's name.
[[nodiscard]] std::string typing_payload(std::string_view user_id, std::string_view session_id,
                                         bool is_typing);
[[nodiscard]] std::string_view idle_status_payload();

[[nodiscard]] std::string error_payload(const Error& error);

/// One key of the shared state; version 0 and no value when there is no such key.
struct StateItem {
  std::string_view key;
  std::string_view value_json;
  std::uint64_t version = 0;
  std::int64_t expires_at_ms = 0;  // 0: never
};
[[nodiscard]] std::string state_payload(const StateItem& item);
[[nodiscard]] std::string state_list_payload(std::span<const StateItem> items);
/// `value_json` empty: the key is gone.
/// An item without a value: the key is gone, for `reason` when that is not empty.
[[nodiscard]] std::string state_changed_payload(const StateItem& item,
                                                std::string_view reason = {});

/// A call as its worker gets it.
struct RpcRequestItem {
  std::string_view request_id;
  std::string_view method;
  std::string_view params_json;
  std::string_view user_id;
  std::string_view connection_id;
  std::string_view client;
  std::int64_t timeout_ms = 0;  // what is left
  std::uint32_t attempt = 1;    // told from the second on
};
[[nodiscard]] std::string rpc_request_payload(const RpcRequestItem& request);
/// `message_id` empty: left out.
[[nodiscard]] std::string rpc_result_payload(std::string_view result_json,
                                             std::string_view message_id = {});
/// Tells a worker to stop.
[[nodiscard]] std::string rpc_cancel_payload(std::string_view request_id, std::string_view reason);

[[nodiscard]] std::string goaway_payload(std::string_view reason, std::int64_t reconnect_after_ms);

/// The server's own heartbeat.
[[nodiscard]] std::string heartbeat_payload(std::int64_t now_ms);
/// The answer to a client's: its timestamp as it wrote it, and our clock.
[[nodiscard]] std::string heartbeat_answer_payload(std::string_view timestamp_json,
                                                   std::int64_t now_ms);

/// A typed part of a message. Without an id it is the place of the message's text among the parts,
/// and has no content of its own.
struct PartItem {
  std::string_view id;
  std::string_view kind;
  std::string_view name;  // empty: left out
  std::string_view content;
};

/// A piece of a growing message as a subscriber receives it.
struct ChunkDelivery {
  std::string_view message_id;
  std::string_view content;
  bool is_complete = false;
  std::optional<std::uint64_t> index;
  std::pair<std::uint64_t, std::uint64_t> rev = {1, 1};
  bool snapshot = false;
  std::string_view status;         // empty, or how the message ended early, such as `interrupted`
  std::uint64_t generation = 0;    // 0: left out
  const PartItem* part = nullptr;  // what `content` belongs to; nullptr: the message's text
  std::span<const PartItem> parts = {};  // several, each with its content
};
[[nodiscard]] std::string chunk_payload(const ChunkDelivery& chunk);

/// One growing message, for `stream_status`.
struct StreamItem {
  std::string_view message_id;
  std::uint64_t generation = 0;
  std::uint64_t rev = 0;
  std::int64_t started_at = 0;
  std::string_view user_id;
  std::string_view connection_id;
  std::string_view client;
};
[[nodiscard]] std::string stream_status_payload(std::string_view status,
                                                std::span<const StreamItem> streams);

[[nodiscard]] std::string stream_cancel_payload(std::string_view message_id,
                                                std::string_view reason);

/// The durable message that a complete stream becomes.
struct ChatMessage {
  std::string_view content;
  std::string_view role;
  std::string_view message_id;
  std::string_view status;       // empty: left out
  std::uint64_t generation = 0;  // 0: left out
  std::span<const PartItem> parts = {};
};
[[nodiscard]] std::string chat_message_payload(const ChatMessage& message);

}  // namespace tidewire
