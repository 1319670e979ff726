#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/cancel_request.h"
#include "hub/channel_scope.h"
#include "hub/publish_request.h"
#include "hub/stream_status.h"
#include "stream/early_cancels.h"
#include "stream/stream_table.h"

namespace tidewire {

/// The growing messages of one channel: their pieces, their cancels, and the durable message that
/// each becomes.
///
/// Owner:  one Channel. Thread: the channel's owner shard.
/// Limit:  ChannelLimits::streams. kRepeatsMax repeats of one last piece wait for the store; the
///         next is `overloaded`.
class ChannelStreams {
 public:
  static constexpr std::size_t kRepeatsMax = 16;

  /// Appends the durable message that a growing one has become. `done` as in
  /// ChannelLog::append_surely.
  using Append = std::function<void(const PublishRequest& whole, PublishDone done)>;

  ChannelStreams(const ChannelScope& scope, Append append);

  /// A message that ended in an earlier life of the channel.
  void restore(EndedStream ended) { table_.remember(std::move(ended)); }

  /// Takes one piece; `done` gets the answer, for the last piece when the whole is durable, also
  /// when it is a repeated one.
  void publish(const PublishRequest& request, PublishDone done);

  /// Ends a growing message: the text so far becomes a durable message with status `cancelled`.
  /// A message that has not begun yet ends at its first piece.
  std::expected<CancelAck, Error> cancel(const CancelRequest& request);

  /// Ends a message that its producer has left; false when it is not there any more.
  bool end(const InterruptRequest& request);

  /// What grows, is announced or will be stopped at its first piece; `message_id` empty: anything.
  [[nodiscard]] StreamStatus status(std::string_view message_id) const;

  /// Ends growing messages that nobody continues: the text so far becomes a durable message with
  /// status `interrupted`.
  void interrupt_abandoned();
  /// The same when it is due, which begin_watch() has asked to be woken for; when to come again.
  std::optional<MonoMillis> run_due();

  /// One piece per growing message, with all of its text.
  [[nodiscard]] std::vector<PublicationPtr> snapshots() const;

  [[nodiscard]] std::size_t growing() const { return table_.size(); }
  /// Nothing grows and no cancel waits for its message.
  [[nodiscard]] bool idle();

 private:
  /// A message that has ended and is not stored yet.
  struct Ending {
    std::optional<Error> error;  // of the store, which will be tried again
    std::vector<PublishDone> waiting;
  };
  using EndingId = std::pair<std::string, std::uint64_t>;  // message id and generation

  void repeated(const PublishRequest& request, PublishDone done);
  void settle(const EndingId& id, const PublishResult& result);
  void announce(const PublishRequest& request, PublishDone done);
  void end_early(const std::string& message_id, StreamEnd end);
  void finish(std::string_view message_id, StreamEnd end, PublishDone done);
  void begin_watch() const;
  void remember_writer(MessageStream& stream, const PublishRequest& request) const;
  [[nodiscard]] PublicationPtr make_piece(const PublicationHeadPtr& head, FoldedPiece piece,
                                          const PublishRequest& request) const;
  /// A piece that no producer has sent.
  [[nodiscard]] std::shared_ptr<Publication> own_piece(const PublicationHeadPtr& head,
                                                       FoldedPiece piece) const;
  [[nodiscard]] PublicationPtr snapshot(const MessageStream& stream) const;

  const ChannelScope& scope_;
  Append append_;
  StreamTable table_;
  EarlyCancels early_cancels_;
  std::map<EndingId, Ending> endings_;
};

}  // namespace tidewire
