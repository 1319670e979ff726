#include "hub/hub.h"

#include <utility>

#include "base/prefetch.h"

namespace tidewire {
namespace {

/// Most subscribers are out of cache, and their addresses are known before they are needed.
constexpr std::size_t kAhead = 4;  // subscribers whose memory is on its way
constexpr std::size_t kSubscriberBytes = 128;

}  // namespace

void Hub::add(Subscription& subscription) {
  auto found = topics_.find(subscription.channel());
  if (found == topics_.end()) {
    auto topic = std::make_unique<Topic>(Topic{.channel = subscription.channel()});
    const std::string_view name = topic->channel;
    found = topics_.emplace(name, std::move(topic)).first;
  }
  Topic& topic = *found->second;
  subscription.topic_ = &topic;
  subscription.place_ = static_cast<std::uint32_t>(topic.subscriptions.size());
  topic.subscriptions.push_back(&subscription);
  ++subscriptions_;
}

void Hub::activate(Subscription& subscription, std::uint64_t offset, StreamMode mode,
                   std::span<const PublicationPtr> growing) {
  if (subscription.topic_ == nullptr) return;
  flush(*subscription.topic_);  // what waits was published before: it is in the snapshot
  subscription.active_ = true;
  subscription.last_offset_ = offset;
  if (mode.plain()) return;
  RollUp& roll_up = roll_up_for(*subscription.topic_, mode);
  for (const PublicationPtr& whole : growing) roll_up.seed(*whole);
  join(subscription, roll_up);
}

void Hub::change_mode(Subscription& subscription, StreamMode mode) {
  if (!subscription.active_) return;
  RollUp* before = subscription.roll_up_;
  if (before == nullptr ? mode.plain() : before->mode() == mode) return;
  Topic& topic = *subscription.topic_;
  flush(topic);
  if (before != nullptr) {
    before->take_all();
    hand_over(*before);
  }
  RollUp* after = mode.plain() ? nullptr : &roll_up_for(topic, mode);
  if (after != nullptr && before != nullptr) after->seed_from(*before);
  leave(subscription);
  if (after != nullptr) join(subscription, *after);
}

RollUp& Hub::roll_up_for(Topic& topic, StreamMode mode) {
  for (const auto& roll_up : topic.roll_ups)
    if (roll_up->mode() == mode) return *roll_up;
  auto made = std::make_unique<RollUp>(
      mode, context_, [this, &topic](RollUp& roll_up) { flush_due(topic, roll_up); });
  return *topic.roll_ups.emplace_back(std::move(made));
}

/// Members that were there get what is held back before the new one comes.
void Hub::join(Subscription& subscription, RollUp& roll_up) {
  roll_up.take_all();
  hand_over(roll_up);
  subscription.roll_up_ = &roll_up;
  subscription.member_ = static_cast<std::uint32_t>(roll_up.members().size());
  roll_up.members().push_back(&subscription);
}

void Hub::leave(Subscription& subscription) {
  RollUp* roll_up = std::exchange(subscription.roll_up_, nullptr);
  if (roll_up == nullptr) return;
  auto& members = roll_up->members();
  members.back()->member_ = subscription.member_;
  members[subscription.member_] = members.back();
  members.pop_back();
  if (members.empty())
    std::erase_if(subscription.topic_->roll_ups,
                  [&](const auto& each) { return each.get() == roll_up; });
}

void Hub::remove(Subscription& subscription) {
  if (subscription.topic_ == nullptr) return;
  Topic& topic = *subscription.topic_;
  flush(topic);
  leave(subscription);
  Subscription* last = topic.subscriptions.back();
  topic.subscriptions[subscription.place_] = last;
  last->place_ = subscription.place_;
  topic.subscriptions.pop_back();
  subscription.topic_ = nullptr;
  subscription.active_ = false;
  --subscriptions_;
  if (!topic.subscriptions.empty()) return;
  if (topic.dirty) std::erase(dirty_, &topic);
  topics_.erase(topic.channel);
}

void Hub::deliver(const PublicationPtr& publication) {
  const auto found = topics_.find(publication->channel());
  if (found == topics_.end()) return;
  Topic& topic = *found->second;
  topic.pending.emplace_back(publication, context_.forms, context_.clock.mono_ms());
  if (!ask_ || topic.pending.size() >= kPendingMax) return flush(topic);
  if (topic.dirty) return;
  topic.dirty = true;
  dirty_.push_back(&topic);
  if (dirty_.size() == 1) ask_();
}

void Hub::flush() {
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    dirty_[i]->dirty = false;
    flush(*dirty_[i]);
  }
  dirty_.clear();
}

void Hub::flush(Topic& topic) {
  if (topic.pending.empty()) return;
  hand_over(topic.subscriptions, topic.pending);
  for (const auto& roll_up : topic.roll_ups) {
    roll_up->take(topic.pending);
    hand_over(*roll_up);
  }
  topic.pending.clear();
}

void Hub::hand_over(std::span<Subscription* const> to, std::span<Rendering> pending) {
  std::size_t reached = 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    Subscription* subscription = to[i];
    if (i + 2 * kAhead < to.size()) __builtin_prefetch(to[i + 2 * kAhead], 1);
    if (i + kAhead < to.size()) prefetch(&to[i + kAhead]->subscriber_, kSubscriberBytes);
    if (!subscription->active_ || subscription->roll_up_ != nullptr) continue;
    ++reached;
    for (Rendering& rendering : pending)
      subscription->subscriber_.deliver(*subscription, rendering);
  }
  for (const Rendering& rendering : pending) count(rendering, reached);
}

void Hub::hand_over(RollUp& roll_up) {
  const auto laid_out = roll_up.laid_out();
  if (laid_out.empty()) return;
  std::size_t reached = 0;
  for (Subscription* subscription : roll_up.members()) {
    if (!subscription->active_) continue;
    ++reached;
    for (Rendering* rendering : laid_out)
      subscription->subscriber_.deliver(*subscription, *rendering);
  }
  for (const Rendering* rendering : laid_out) count(*rendering, reached);
  roll_up.clear();
}

void Hub::count(const Rendering& rendering, std::size_t reached) {
  const Publication& publication = *rendering.publication();
  metrics_.deliveries.add(reached);
  metrics_.messages_sent[publication.label].add(reached);
  metrics_.bytes_sent[publication.label].add(reached * rendering.frame_bytes());
}

void Hub::flush_due(Topic& topic, RollUp& roll_up) {
  flush(topic);  // what came before the moment that is due
  roll_up.take_due(context_.clock.mono_ms());
  hand_over(roll_up);
}

}  // namespace tidewire
