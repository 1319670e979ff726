#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/claims.h"
#include "auth/permission_set.h"
#include "limits/session_rates.h"
#include "limits/token_bucket.h"
#include "protocol/commands.h"
#include "session/channel_places.h"
#include "session/connection_info.h"
#include "session/hook_queue.h"
#include "session/message_sink.h"
#include "session/publish_window.h"
#include "session/resumption.h"
#include "session/session_context.h"
#include "session/session_transport.h"

namespace tidewire {

class Session;

/// What a session is told at its beginning.
struct SessionStart {
  ConnectionInfo info;
  std::optional<Claims> claims;  // of a token that came with the upgrade
  std::string scope;             // the channel that the URL names; empty: none
  std::string session_id;        // the session to go on with; empty: none
  std::optional<ws::DeflateParams> deflate;
};

/// One client's protocol state: identity, subscriptions and positions, limits, liveness.
///
/// Owner:  its Connection, by shared_ptr so that answers from other shards can hold a weak one.
/// Thread: its shard's.
/// Input:  on_message() with each whole WebSocket message; on_activity() with every read.
/// Output: frames in the transport's outbox, and at most one close.
/// Limits: config.limits; each refusal names the limit, and the connection stays open unless
///         protocol.md says otherwise.
/// Source: protocol.md sections 1 to 6.
class Session final : public MessageSink,
                      public Subscriber,
                      public EnvelopeSink,
                      public OutboxForm,
                      public std::enable_shared_from_this<Session> {
 public:
  enum class State : std::uint8_t { unauthenticated, active, closing };

  Session(const SessionContext& context, SessionTransport& transport, SessionStart start);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // MessageSink
  void open() override;
  void on_message(bool binary, std::string_view message) override;
  void on_activity(std::size_t bytes) override;
  void on_sent(std::size_t bytes) override;
  void closed(std::uint16_t close_code) override;

  /// Says that the server goes away, so that clients reconnect when it suits.
  void announce_goaway(std::string_view reason, std::int64_t reconnect_after_ms);
  void close(CloseCode code, std::string_view reason);
  /// Ends one subscription and tells the client why; false when there is none.
  bool revoke(std::string_view channel, UnsubscribeReason reason);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const ConnectionInfo& info() const { return info_; }
  [[nodiscard]] const ConnectionCounters& counters() const { return counters_; }
  [[nodiscard]] const std::string& user_id() const { return claims_.user_id; }
  [[nodiscard]] const std::string& session_id() const { return session_id_; }
  [[nodiscard]] MonoMillis now_ms() const { return context_.clock.mono_ms(); }
  [[nodiscard]] const Holder& claims() const { return claims_; }
  [[nodiscard]] const Config& config() const { return context_.config; }
  [[nodiscard]] std::string_view scope() const { return scope_ ? *scope_ : std::string_view(); }
  [[nodiscard]] std::expected<Claims, Error> authenticate(std::string_view token) const;
  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_.size(); }
  [[nodiscard]] const Outbox& outbox() const { return transport_.outbox(); }

  /// Something that the server says by itself about `channel`; nothing to who is on the way out,
  /// for what comes before it may have been dropped.
  void push(MessageType type, std::string_view channel, std::string_view payload) {
    if (state_ != State::closing) reply(type, {}, channel, payload);
  }

  // Subscriber
  void deliver(Subscription& subscription, Rendering& rendering) override;
  // EnvelopeSink
  void on_envelope(const Envelope& envelope) override;
  void on_bad_message(std::string_view id, std::string_view channel, const Error& error) override;
  // OutboxForm
  [[nodiscard]] ws::SharedFrame render(const Publication& publication) const override;
  [[nodiscard]] ws::SharedFrame join(std::span<const ws::SharedFrame> frames) const override;
  [[nodiscard]] const BatchLimits* batch() const override { return batch_.get(); }
  void spilled(Subscription& channel) override;

 private:
  struct Handled {
    const Envelope& envelope;
    bool faulty = false;     // it was answered invalid_message
    bool undecided = false;  // judge() says later whether it was
  };

  friend class Router;
  friend class ResumeHandler;
  friend class SessionParking;
  friend class AuthHandler;
  friend class SubscribeHandler;
  friend class PublishHandler;
  friend class StreamHandler;
  friend class QueryHandler;
  friend class PresenceHandler;
  friend class StateHandler;
  friend class CancelHandler;
  friend class RpcHandler;
  friend class VisibilityHandler;
  friend class AckHandler;
  friend class ConsumerAcks;
  friend class HookHandler;
  friend class TransferHandler;

  [[nodiscard]] Codec& codec() const { return info_.proto ? context_.proto : context_.json; }
  [[nodiscard]] FormId plain_form() const { return info_.proto ? 1 : 0; }
  [[nodiscard]] ws::SharedFrame frame_of(const OutgoingMessage& message) const;
  [[nodiscard]] ws::SharedFrame finished(ws::SharedFrame frame) const;
  void send(const OutgoingMessage& message, Priority priority);
  void reply(MessageType type, std::string_view id, std::string_view channel,
             std::string_view payload, Priority priority = Priority::high);
  /// An error about the message that is being handled has its channel, and the place in its batch
  /// in front of the path when the message is invalid.
  void reply_error(std::string_view id, const Error& error, std::string_view channel = {});
  void count_bad();
  /// Whether the newest message was faulty: so many in a row close the connection.
  void judge(bool faulty);
  /// A reply that keeps its place among the events of the channel.
  void reply_in_channel(MessageType type, std::string_view id, ChannelPlace& place,
                        std::string_view payload);
  /// Answers the `subscribe` of a channel that ends before its owner has answered.
  void end_asking(ChannelPlace& place, const Error& why);
  /// The last word about a channel: no event of it follows.
  void say_unsubscribed(std::string_view id, ChannelPlace& place, UnsubscribeReason reason);
  void use_batches(const std::optional<BatchWish>& wish);
  /// How long events of `place` may wait for others now.
  [[nodiscard]] BatchLimits batch_of(const ChannelPlace& place) const {
    return batch_ ? place.batch().with(*batch_) : place.batch();
  }
  void send_control(const OutgoingMessage& message);
  void count_sent(const OutgoingMessage& message, const ws::SharedFrame& frame);
  void after_push(PushResult result, const BatchLimits& batch);
  /// Ends the spilled subscriptions once the client has read what waits.
  void tell_spilled_soon();
  void tell_spilled();
  void set_hidden(bool hidden);
  /// How `place` gets growing messages now.
  [[nodiscard]] StreamMode mode_now(const ChannelPlace& place) const;
  void lose_track(const Subscription& subscription);
  void push_event(ChannelPlace& place, const ws::SharedFrame& frame,
                  const PublicationPtr& publication);
  [[nodiscard]] ws::SharedFrame render_again(const Publication& publication,
                                             std::uint64_t times) const;
  void send_event(const DirectEvent& event);
  void flush_now() { transport_.flush_soon({}); }
  /// What would be left of the session is not what it was: the journal hears of it.
  void changed();
  [[nodiscard]] bool all_delivered() const { return !frames_lost_ && transport_.delivered(); }

  /// What forbids the message that is being decoded.
  [[nodiscard]] std::optional<RateRefusal> admit();
  /// Takes from the buckets of `kind`; false: they are empty, and the client has been told.
  [[nodiscard]] bool allow(RateKind kind, std::string_view id, std::string_view channel = {},
                           const NamespaceConfig* options = nullptr);
  void refuse(const RateRefusal& refusal, std::string_view id, std::string_view channel);
  [[nodiscard]] HookQueue& hook_queue();
  void on_timer();
  void schedule_timer();
  void send_heartbeat();
  [[nodiscard]] MonoMillis expiry_due() const;

  static constexpr MonoMillis kAnswered = TimerWheel::kNever;

  /// Channels where this connection said that it types or that an agent works, and which: a bit
  /// for each delivery class.
  using Activities = std::map<std::string, std::uint8_t, std::less<>>;

  /// What came with the upgrade.
  struct Opening {
    Claims claims;
    std::string session_id;  // the session to go on with; empty: none
  };

  const SessionContext& context_;
  SessionTransport& transport_;
  // What a delivery reads and changes stands together: a fan-out finds most sessions out of cache.
  State state_ = State::unauthenticated;
  FormId form_ = 0;
  bool has_spilled_ = false;
  std::optional<ws::DeflateParams> deflate_;
  std::unique_ptr<Resumption> resumption_;    // while the session is on its way
  std::unique_ptr<const BatchLimits> batch_;  // of a client that asked for batches
  ConnectionCounters counters_;
  ConnectionInfo info_;
  std::unique_ptr<Opening> opening_;  // until open(), with a token that was verified
  Holder claims_;
  std::string session_id_;  // empty: none yet, or it has gone to another connection
  std::vector<DirectEvent> unsettled_events_;
  std::unique_ptr<const std::string> scope_;  // the channel that the URL names
  ChannelPlaces subscriptions_;
  std::unique_ptr<PublishWindow> publishes_;  // once a publish has a `seq`
  TokenBucket message_bucket_;
  TokenBucket byte_bucket_;
  SessionRates rates_;
  Handled* handled_ = nullptr;      // the message that a handler has now
  std::uint32_t bad_messages_ = 0;  // in a row
  std::uint32_t rate_violations_ = 0;
  std::uint32_t message_bytes_ = 0;  // of the message being decoded
  MonoMillis opened_at_;
  MonoMillis unanswered_since_ = kAnswered;  // the first heartbeat nobody reacted to
  MonoMillis heartbeat_due_;
  std::unique_ptr<Activities> activities_;  // from the first one on
  bool gone_ = false;
  bool frames_lost_ = false;          // what was queued has been thrown away
  std::uint16_t closing_code_ = 0;    // of our own close
  bool serving_ = false;              // has offered methods
  bool calling_ = false;              // has called methods
  bool hidden_ = false;               // nobody looks at it, the client says
  bool in_journal_ = false;           // it will be written soon
  std::unique_ptr<HookQueue> hooks_;  // from the first message on that waits for a hook
  Timer timer_;
};

}  // namespace tidewire
