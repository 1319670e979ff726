#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "observability/labels.h"
#include "protocol/codes.gen.h"
#include "stream/folded_piece.h"
#include "ws/shared_frame.h"

namespace tidewire {

/// `from` of the envelope; empty ids when the server itself published.
struct PublicationSender {
  std::string user_id;
  std::string connection_id;
  std::string client;
};

/// What all pieces of one growing message say alike, so that they share it.
struct PublicationHead {
  std::string channel;
  std::string type;
  TypeLabel label{};  // of the type, for the counts
  PublicationSender sender;
};
using PublicationHeadPtr = std::shared_ptr<const PublicationHead>;

/// One event on its way to the subscribers of a channel, encoded once.
///
/// Immutable after its owner shard made it, so shards share it without a lock. The frame's payload
/// is the event's envelope in the JSON form; other forms are made from it where they are needed.
struct Publication {
  PublicationHeadPtr head;
  TypeLabel label{};  // the head's
  DeliveryClass delivery = DeliveryClass::durable;
  Priority priority = Priority::normal;
  std::uint64_t offset = 0;  // 0: not part of the durable stream
  WallMillis ts = 0;
  bool lossless = false;         // latest: may be replaced by a newer one, but not dropped
  bool priority_varies = false;  // latest: others of its slot had another priority
  bool echo = true;              // false: not back to the connection that sent it
  std::string slot;              // latest: what this one replaces
  FoldedPiece piece;             // stream: what it says, so that a queue can fold it
  std::string epoch;             // with an offset only
  std::string key;
  std::string trace;
  ws::SharedFrame frame;
  std::size_t payload_at = 0;  // where the payload stands in json()
  std::size_t payload_size = 0;

  [[nodiscard]] const std::string& channel() const { return head->channel; }
  [[nodiscard]] const std::string& type() const { return head->type; }
  [[nodiscard]] const PublicationSender& sender() const { return head->sender; }

  /// The envelope's JSON text.
  [[nodiscard]] std::string_view json() const { return frame.payload(); }
  [[nodiscard]] std::string_view payload() const { return json().substr(payload_at, payload_size); }

  /// What a waiting event must have in common with this one to be merged with it.
  [[nodiscard]] const std::string& merge_slot() const {
    return delivery == DeliveryClass::stream ? piece.message_id : slot;
  }

  /// Bytes this publication keeps alive, for limits.
  [[nodiscard]] std::size_t cost() const {
    return (frame ? frame.cost() : 0) + sizeof *this + sizeof *head + channel().size() +
           type().size() + slot.size() + piece.bytes();
  }
};

}  // namespace tidewire
