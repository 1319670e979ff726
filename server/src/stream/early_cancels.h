#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "history/publication.h"

namespace tidewire {

/// Somebody wants a growing message to stop.
struct StreamCancel {
  std::string reason;
  PublicationSender from;
};

/// Cancels that came before the first piece of their message: whoever asks may see the question
/// before the answer has begun.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  cancels_max and kept_ms; past either the oldest is forgotten.
class EarlyCancels {
 public:
  EarlyCancels(std::size_t cancels_max, std::int64_t kept_ms)
      : cancels_max_(cancels_max), kept_ms_(kept_ms) {}

  /// The first of several for one message counts.
  void remember(std::string_view message_id, StreamCancel cancel, WallMillis now);
  /// The cancel that waits for this message; it waits no longer.
  [[nodiscard]] std::optional<StreamCancel> take(std::string_view message_id, WallMillis now);

  /// Whether one waits for this message (empty: for any).
  [[nodiscard]] bool waits(std::string_view message_id, WallMillis now) const;

  void trim(WallMillis now);
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::string message_id;
    StreamCancel cancel;
    WallMillis until;
  };

  std::size_t cancels_max_;
  std::int64_t kept_ms_;
  std::deque<Waiting> waiting_;
};

}  // namespace tidewire
