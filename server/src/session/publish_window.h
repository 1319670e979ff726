#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/publish_request.h"

namespace tidewire {

/// The last numbered publishes that one session had acknowledged, so that a client that did not
/// see an answer can send the same again.
///
/// Owner:  one session, and what is kept of it without a connection. Thread: the session's shard.
/// Limit:  kSize answers. A number below all of them counts as taken, its position is not known any
///         more; so a client has at most kSize numbered publishes without an answer.
class PublishWindow {
 public:
  static constexpr std::size_t kSize = 32;

  /// The answer to `seq` if it has been taken. A number that was skipped, or whose publish was
  /// refused, has not.
  [[nodiscard]] std::optional<PublishAck> find(std::uint64_t seq) const;
  /// `seq` was taken with this answer.
  void remember(std::uint64_t seq, const PublishAck& ack);

  [[nodiscard]] std::uint64_t last() const { return last_; }

  /// Every answer that is kept, as remember() takes it; in no order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Taken& taken : taken_)
      if (taken.seq != 0) visit(taken.seq, PublishAck{.position = taken.position});
  }

 private:
  struct Taken {
    std::uint64_t seq = 0;
    std::optional<StreamPosition> position;
  };
  std::array<Taken, kSize> taken_;  // by seq modulo kSize
  std::uint64_t last_ = 0;
};

}  // namespace tidewire
