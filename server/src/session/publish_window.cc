#include "session/publish_window.h"

#include <algorithm>

namespace tidewire {

std::optional<PublishAck> PublishWindow::find(std::uint64_t seq) const {
  if (seq + kSize <= last_) return PublishAck{.duplicate = true};
  const Taken& taken = taken_[seq % kSize];
  if (taken.seq != seq) return std::nullopt;
  return PublishAck{.position = taken.position, .duplicate = true};
}

void PublishWindow::remember(std::uint64_t seq, const PublishAck& ack) {
  if (seq + kSize <= last_) return;
  taken_[seq % kSize] = {seq, ack.position};
  last_ = std::max(last_, seq);
}

}  // namespace tidewire
