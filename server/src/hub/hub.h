#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/subscription.h"

namespace tidewire {

/// The subscriptions of one channel on one shard.
struct Topic {
  std::string channel;
  std::vector<Subscription*> subscriptions;
};

/// Who listens on this shard: channel -> local subscriptions.
///
/// Owner:  one per shard. Thread: the shard's.
/// Cost:   delivering is one lookup and one call per subscription; nothing is copied but a pointer.
class Hub {
 public:
  Hub(const WireForms& forms, const Clock& clock) : forms_(forms), clock_(clock) {}

  void add(Subscription& subscription);
  void remove(Subscription& subscription);

  /// Hands `publication` to every active subscription of its channel; says to how many.
  std::size_t deliver(const PublicationPtr& publication);

  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_; }

 private:
  const WireForms& forms_;
  const Clock& clock_;
  std::unordered_map<std::string_view, std::unique_ptr<Topic>> topics_;  // keys live in the Topic
  std::size_t subscriptions_ = 0;
};

}  // namespace tidewire
