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

void Hub::remove(Subscription& subscription) {
  if (subscription.topic_ == nullptr) return;
  Topic& topic = *subscription.topic_;
  Subscription* last = topic.subscriptions.back();
  topic.subscriptions[subscription.place_] = last;
  last->place_ = subscription.place_;
  topic.subscriptions.pop_back();
  subscription.topic_ = nullptr;
  subscription.active_ = false;
  --subscriptions_;
  if (topic.subscriptions.empty()) topics_.erase(topic.channel);
}

std::size_t Hub::deliver(const PublicationPtr& publication) {
  const auto found = topics_.find(publication->channel);
  if (found == topics_.end()) return 0;
  Rendering rendering(publication, forms_, clock_.mono_ms());
  std::size_t delivered = 0;
  for (Subscription* subscription : found->second->subscriptions) {
    if (!subscription->active_) continue;
    subscription->subscriber_.deliver(*subscription, rendering);
    ++delivered;
  }
  return delivered;
}

}  // namespace tidewire
