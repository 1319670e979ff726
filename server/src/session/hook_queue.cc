#include "session/hook_queue.h"

#include <algorithm>
#include <utility>

namespace tidewire {

std::uint64_t HookQueue::push(const Envelope& envelope, std::optional<HookVerdict> verdict) {
  publishes_.push_back({KeptEnvelope(envelope), std::move(verdict)});
  return first_ticket_ + publishes_.size() - 1;
}

void HookQueue::decide(std::uint64_t ticket, HookVerdict verdict) {
  publishes_[ticket - first_ticket_].verdict = std::move(verdict);
}

std::optional<HookQueue::Decided> HookQueue::pop() {
  if (publishes_.empty() || !publishes_.front().verdict) return std::nullopt;
  Waiting oldest = std::move(publishes_.front());
  publishes_.pop_front();
  ++first_ticket_;
  return Decided{std::move(oldest.envelope), std::move(*oldest.verdict)};
}

std::uint64_t HookQueue::begin_subscribe(std::string_view channel) {
  subscribes_.push_back({++subscribe_ticket_, std::string(channel)});
  return subscribe_ticket_;
}

bool HookQueue::end_subscribe(std::uint64_t ticket) {
  const auto found = std::ranges::find(subscribes_, ticket, &Subscribing::ticket);
  const bool wanted = !found->channel.empty();
  subscribes_.erase(found);
  return wanted;
}

bool HookQueue::take_back(std::string_view channel) {
  bool any = false;
  for (Subscribing& each : subscribes_) {
    if (each.channel != channel) continue;
    each.channel.clear();
    any = true;
  }
  return any;
}

}  // namespace tidewire
