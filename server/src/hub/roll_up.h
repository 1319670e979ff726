#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/timer_wheel.h"
#include "hub/piece_fold.h"
#include "hub/stream_mode.h"
#include "hub/subscription.h"

namespace tidewire {

/// What the roll-ups of a shard share.
struct RollUpContext {
  const Codec& json;
  const WireForms& forms;
  const Clock& clock;
  TimerWheel& timers;
};

/// The subscribers of one channel on one shard that want growing messages in the same way, and the
/// one fold and one encoding that they share.
///
/// Owner:  the channel's Topic. Thread: the shard's.
/// Time:   the first piece of a message leaves at once; after it at most one a window, and the last
///         one at once.
/// Order:  whoever joins gets what is folded from the next piece on, so the hub flushes before:
///         the `rev` ranges that a subscriber gets never overlap in part.
/// Limit:  the messages that grow in the channel, and their size.
class RollUp {
 public:
  /// `due` is called when something is due: the owner calls take_due().
  RollUp(StreamMode mode, const RollUpContext& context, std::function<void(RollUp&)> due)
      : mode_(mode),
        context_(context),
        due_(std::move(due)),
        timer_(
            [](void* self) {
              auto& roll_up = *static_cast<RollUp*>(self);
              roll_up.due_(roll_up);
            },
            this) {}

  [[nodiscard]] StreamMode mode() const { return mode_; }
  [[nodiscard]] std::vector<Subscription*>& members() { return members_; }

  /// Lays out what the members get of these, and of what was folded before.
  void take(std::span<Rendering> pending);
  /// The same for what is due by now, or for all that is held back.
  void take_due(MonoMillis now);
  void take_all();
  /// What is laid out, in order. Until clear().
  [[nodiscard]] std::span<Rendering* const> laid_out() const { return laid_out_; }
  void clear();

  /// `conflate` only: the text so far of a message that began before the first member came.
  void seed(const Publication& whole);
  void seed_from(const RollUp& other);

 private:
  /// One growing message.
  struct Message {
    PublicationPtr first;               // live: held back, and nothing is folded into it yet
    std::shared_ptr<Publication> fold;  // live: what is held back; conflate: the whole text
    bool held_back = false;
    MonoMillis due_ms = 0;  // the next piece may leave
  };

  void take_piece(Rendering& piece, MonoMillis now);
  void take_live(Rendering& piece, Message& message, MonoMillis now);
  void take_whole(Rendering& piece, Message& message, MonoMillis now);
  void lay_out(Message& message, MonoMillis now);
  [[nodiscard]] PublicationPtr take_held(Message& message);
  void schedule();

  StreamMode mode_;
  const RollUpContext& context_;
  std::function<void(RollUp&)> due_;
  std::vector<Subscription*> members_;
  std::map<std::string, Message, std::less<>> messages_;  // by message id
  std::deque<Rendering> made_;                            // pointed to by laid_out_
  std::vector<Rendering*> laid_out_;
  Timer timer_;
};

}  // namespace tidewire
