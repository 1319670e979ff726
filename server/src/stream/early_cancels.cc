#include "stream/early_cancels.h"

#include <algorithm>
#include <utility>

namespace tidewire {

void EarlyCancels::remember(std::string_view message_id, StreamCancel cancel, WallMillis now) {
  trim(now);
  if (std::ranges::find(waiting_, message_id, &Waiting::message_id) != waiting_.end()) return;
  waiting_.push_back({std::string(message_id), std::move(cancel), now + kept_ms_});
  if (waiting_.size() > cancels_max_) waiting_.pop_front();
}

std::optional<StreamCancel> EarlyCancels::take(std::string_view message_id, WallMillis now) {
  trim(now);
  const auto found = std::ranges::find(waiting_, message_id, &Waiting::message_id);
  if (found == waiting_.end()) return std::nullopt;
  StreamCancel cancel = std::move(found->cancel);
  waiting_.erase(found);
  return cancel;
}

bool EarlyCancels::waits(std::string_view message_id, WallMillis now) const {
  return std::ranges::any_of(waiting_, [&](const Waiting& each) {
    return each.until > now && (message_id.empty() || each.message_id == message_id);
  });
}

void EarlyCancels::trim(WallMillis now) {
  while (!waiting_.empty() && waiting_.front().until <= now) waiting_.pop_front();
}

}  // namespace tidewire
