#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "api/api_service.h"
#include "http/body_sink.h"
#include "http/event_stream_parser.h"
#include "stream/ingest.h"

namespace tidewire {

/// What the query of `streams/ingest` says.
struct IngestQuery {
  std::string channel;
  std::string message_id;
  std::string user_id;
  std::uint64_t generation = 0;
  IngestFormat format = IngestFormat::detect;
};
[[nodiscard]] std::expected<IngestQuery, Error> parse_ingest_query(std::string_view query);

/// One `POST /api/v1/streams/ingest`: a model provider's event stream that becomes a growing
/// message while it arrives.
///
/// Owner:  its HTTP connection holds it as the body's sink; answers from the channel's shard hold
///         weak pointers. Thread: the shard of the API.
/// Limit:  kUnansweredMax pieces wait for the channel's shard; past it the body is not read on.
///         kEventBytesMax for one event, then invalid_message and the message is interrupted.
/// Ends:   as the body says, `interrupted` when it breaks off, `cancelled` when a viewer stops it.
class IngestRequest final : public std::enable_shared_from_this<IngestRequest> {
 public:
  IngestRequest(const ApiParts& parts, IngestQuery query, RespondFn respond,
                std::function<void()> resume);

  /// Announces the message, so that it is `pending` from now on. Refused when another request
  /// streams the same generation of it.
  void start();
  [[nodiscard]] bool take(std::string_view bytes);
  void end();
  void abort();

 private:
  void on_event(const http::ServerSentEvent& event);
  void on_answer(const PublishResult& result, bool last);
  void on_cancel(const StreamCancel& cancel);
  void append(const IngestPiece& piece);
  void close(StreamEnd end);
  void fail_with(const Error& error);
  void answer(std::string_view status, const PublishAck* ack);
  void forget();
  [[nodiscard]] PublishRequest request() const;
  void publish(const PublishRequest& request);

  const ApiParts& parts_;
  IngestQuery query_;
  RespondFn respond_;  // empty: answered, or nobody is there to take it
  std::function<void()> resume_;
  http::EventStreamParser parser_;
  Ingest ingest_;
  std::string reason_;
  std::uint64_t watch_ = 0;
  std::uint64_t pieces_ = 0;
  std::size_t unanswered_ = 0;
  MonoMillis published_at_;
  bool paused_ = false;
  bool closed_ = false;      // the message has ended, or ends with the answer that is awaited
  bool completing_ = false;  // its last piece is on its way
};

/// The sink that keeps an IngestRequest alive.
class IngestSink final : public http::BodySink {
 public:
  explicit IngestSink(std::shared_ptr<IngestRequest> request) : request_(std::move(request)) {}

  [[nodiscard]] bool take(std::string_view bytes) override { return request_->take(bytes); }
  void end() override { request_->end(); }
  void abort() override { request_->abort(); }

 private:
  std::shared_ptr<IngestRequest> request_;
};

}  // namespace tidewire
