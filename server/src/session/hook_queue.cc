#include "session/hook_queue.h"

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

}  // namespace tidewire
