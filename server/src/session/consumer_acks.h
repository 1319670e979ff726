#pragma once

#include <expected>
#include <memory>
#include <string>

#include "base/timer_wheel.h"
#include "config/config.h"
#include "history/channel_history.h"
#include "hub/subscribe_request.h"
#include "protocol/error.h"
#include "session/ack_tracker.h"

namespace tidewire {

class Session;
struct ChannelPlace;

/// At-least-once for one subscription of a namespace with `ack = required`: sends again what is not
/// acknowledged, moves to the dead-letter channel what never is, and reads from the history what
/// did not fit into the window. It keeps no events.
///
/// Owner:  one ChannelPlace, by shared_ptr so that answers of the Node can hold a weak one.
/// Thread: the session's shard.
/// Limit:  AckPolicy. What the history has trimmed before it was acknowledged ends the subscription
///         with `insufficient_state`.
class ConsumerAcks : public std::enable_shared_from_this<ConsumerAcks> {
 public:
  /// `before`: how far the consumer was when it asked to go on.
  ConsumerAcks(Session& session, ChannelPlace& place, const NamespaceConfig& options,
               const AckState& before);
  ~ConsumerAcks();
  ConsumerAcks(const ConsumerAcks&) = delete;
  ConsumerAcks& operator=(const ConsumerAcks&) = delete;

  /// The subscription begins with `snapshot`, whose publications are sent with it.
  void begin(const SubscribeSnapshot& snapshot);

  /// Whether a live durable event goes out now.
  [[nodiscard]] bool take(const Publication& publication);
  [[nodiscard]] AckTracker::Result acknowledge(std::uint64_t offset);

  [[nodiscard]] const AckTracker& tracker() const { return tracker_; }

 private:
  using Page = std::expected<HistoryPage, Error>;

  void on_due();
  void read(std::uint64_t after, std::uint64_t count, void (ConsumerAcks::*then)(Page));
  [[nodiscard]] bool whole(const Page& page, std::uint64_t after);
  void send_more(Page page);
  void send_again(Page page);
  void bury(Page page);
  void buried(std::uint64_t offset);
  void settle();
  [[nodiscard]] bool all_left() const;
  [[nodiscard]] bool own(const Publication& publication) const;
  [[nodiscard]] MonoMillis now() const;

  Session& session_;
  ChannelPlace& place_;
  AckTracker tracker_;
  AckState before_;
  std::string dead_letter_;
  std::string epoch_;
  std::uint64_t counted_ = 0;  // in the gauge of unacknowledged events
  MonoMillis sent_at_ = 0;     // the last time that something went into the outbox
  bool reading_ = false;
  Timer timer_;
};

/// Where the dead letters of `channel` go when the namespace names no channel: `dead:` and the
/// name with dots for colons, cut to what a channel may have.
[[nodiscard]] std::string default_dead_letter(std::string_view channel);

}  // namespace tidewire
