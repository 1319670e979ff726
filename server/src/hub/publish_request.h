#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hub/receipt_request.h"
#include "hub/shard_mesh.h"
#include "protocol/codes.gen.h"
#include "protocol/envelope.h"
#include "protocol/error.h"
#include "protocol/stream_position.h"
#include "stream/early_cancels.h"

namespace tidewire {

/// One event that somebody who may publish wants in a channel. Everything is checked: form,
/// schema, permission. Views; see PublishParcel for crossing to another shard.
struct PublishRequest {
  std::string_view channel;
  std::string_view type;
  std::string_view payload;
  std::string_view key;
  std::string_view trace;
  std::string_view nonce;
  std::string_view sig;
  std::string_view enc;
  std::string_view session_id;  // with a `seq`
  Sender from;
  std::uint64_t seq = 0;  // 0: not numbered
  ShardIndex shard = 0;   // where the publisher's connection lives
  DeliveryClass delivery = DeliveryClass::durable;
  Priority priority = Priority::normal;
  bool echo = true;
  std::shared_ptr<ReceiptWish> receipt;  // durable only

  // What a piece of a growing message says (delivery == stream); of the durable message that it has
  // become, so that its end is remembered: id, generation, number of pieces, and not interrupted.
  std::string_view message_id;
  std::string_view content;
  std::string_view part_id;
  std::string_view part_kind;  // empty: the message's text
  std::string_view part_name;
  std::uint64_t generation = 0;
  std::uint64_t index = 0;  // 0: the next one
  bool complete = false;
  bool announces = false;  // no piece: the message will begin, or its producer is alive
};

/// What the publisher is told.
struct PublishAck {
  std::optional<StreamPosition> position;  // durable only
  bool duplicate = false;
  std::shared_ptr<const StreamCancel> cancel;  // the message was cancelled before it began
};

using PublishResult = std::expected<PublishAck, Error>;

/// Takes the answer to one publish, once: at once, or when the event is stored.
using PublishDone = std::move_only_function<void(PublishResult)>;

/// A PublishRequest that owns its bytes, in one allocation, to travel between shards.
class PublishParcel {
 public:
  explicit PublishParcel(const PublishRequest& request);
  PublishParcel(PublishParcel&& other) noexcept;
  PublishParcel(const PublishParcel&) = delete;
  PublishParcel& operator=(const PublishParcel&) = delete;
  PublishParcel& operator=(PublishParcel&&) = delete;

  [[nodiscard]] const PublishRequest& request() const { return request_; }

 private:
  std::unique_ptr<char[]> bytes_;
  PublishRequest request_;
};

}  // namespace tidewire
