#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "hub/wire_form.h"

namespace tidewire {

class RollUp;
struct Topic;
class Subscription;

/// Who receives what a channel publishes: a session.
///
/// Thread: its shard's. deliver() may queue and may ask for the connection to be closed later; it
/// must not subscribe, unsubscribe or publish.
class Subscriber {
 public:
  virtual void deliver(Subscription& subscription, Rendering& rendering) = 0;

 protected:
  ~Subscriber() = default;
};

/// One subscriber's place in one channel, on the subscriber's shard.
///
/// Owner:  the subscriber; the Hub keeps a pointer while it is linked. Never moved.
/// Life:   pending until the channel's owner has answered with a snapshot; what is published
///         before that is in the snapshot and is not delivered here.
class Subscription {
 public:
  Subscription(Subscriber& subscriber, std::string channel)
      : subscriber_(subscriber), channel_(std::move(channel)) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  [[nodiscard]] const std::string& channel() const { return channel_; }
  [[nodiscard]] bool active() const { return active_; }
  [[nodiscard]] std::uint64_t last_offset() const { return last_offset_; }

  /// Takes the next durable offset; false when one is missing.
  [[nodiscard]] bool advance(std::uint64_t offset) {
    const bool next = offset == last_offset_ + 1;
    if (next) last_offset_ = offset;
    return next;
  }

 private:
  friend class Hub;

  // What a delivery reads comes first: the hub fetches one line ahead.
  Subscriber& subscriber_;
  RollUp* roll_up_ = nullptr;  // of those that do not get every piece as it comes
  std::uint64_t last_offset_ = 0;
  bool active_ = false;
  std::uint32_t place_ = 0;   // in the topic's list
  std::uint32_t member_ = 0;  // in the roll-up's
  Topic* topic_ = nullptr;
  std::string channel_;
};

}  // namespace tidewire
