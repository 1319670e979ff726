#include "hub/hub.h"

namespace tidewire {

void Hub::add(Subscription& subscription) {
  auto found = topics_.find(subscription.channel());
  if (found == topics_.end()) {
    auto topic = std::make_unique<Topic>(Topic{.channel = subscription.channel()});
    const std::string_view name = topic->channel;
    found = topics_.emplace(name, std::move(topic)).first;
  }
  Topic& topic = *found->second;
  subscription.topic_ = &topic;
  subscription.place_ = topic.subscriptions.size();
  topic.subscriptions.push_back(&subscription);
  ++subscriptions_;
}

void Hub::activate(Subscription& subscription, std::uint64_t offset) {
  if (subscription.topic_ == nullptr) return;
  flush(*subscription.topic_);  // what waits was published before: it is in the snapshot
  subscription.active_ = true;
  subscription.last_offset_ = offset;
}

void Hub::remove(Subscription& subscription) {
  if (subscription.topic_ == nullptr) return;
  Topic& topic = *subscription.topic_;
  flush(topic);
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
  const auto found = topics_.find(publication->channel);
  if (found == topics_.end()) return;
  Topic& topic = *found->second;
  topic.pending.emplace_back(publication, forms_, clock_.mono_ms());
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
  std::size_t reached = 0;
  for (Subscription* subscription : topic.subscriptions) {
    if (!subscription->active_) continue;
    ++reached;
    for (Rendering& rendering : topic.pending)
      subscription->subscriber_.deliver(*subscription, rendering);
  }
  metrics_.deliveries.add(reached * topic.pending.size());
  for (const Rendering& rendering : topic.pending) {
    const Publication& publication = *rendering.publication();
    metrics_.messages_sent[publication.label].add(reached);
    metrics_.bytes_sent[publication.label].add(reached * publication.frame.size());
  }
  topic.pending.clear();
}

}  // namespace tidewire
