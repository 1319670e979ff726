#include "api/ingest_request.h"

#include <charconv>
#include <utility>

#include "api/error_reply.h"
#include "api/json_reply.h"
#include "auth/claims.h"
#include "http/query.h"
#include "protocol/channel_name.h"
#include "protocol/commands.h"
#include "protocol/json_writer.h"

namespace tidewire {
namespace {

constexpr std::size_t kEventBytesMax = 256 * 1024;
constexpr std::size_t kUnansweredMax = 256;
/// A body that lives but says nothing keeps its message from being interrupted.
constexpr MonoMillis kTouchMs = 5'000;

Error bad_query(std::string_view name, std::string why) {
  return {.code = ErrorCode::invalid_message,
          .message = "`" + std::string(name) + "` " + std::move(why),
          .path = "/" + std::string(name)};
}

/// What is wrong with a piece has no place in the request; what is wrong with the message has.
Error in_query(Error error) {
  const bool named = error.path == "/payload/messageId" || error.path == "/payload/generation";
  if (!named && error.path.starts_with("/payload")) error.path.clear();
  return error;
}

}  // namespace

std::expected<IngestQuery, Error> parse_ingest_query(std::string_view query) {
  const auto value = [&](std::string_view name) {
    return http::query_value(query, name).value_or("");
  };
  IngestQuery parsed{
      .channel = value("channel"), .message_id = value("messageId"), .user_id = value("userId")};
  if (auto channel = ChannelName::parse(parsed.channel); !channel)
    return std::unexpected(std::move(channel.error()));
  if (parsed.message_id.empty() || parsed.message_id.size() > kMessageIdBytesMax)
    return std::unexpected(bad_query("messageId", "has 1 to 128 bytes"));
  if (parsed.user_id.size() > kUserIdBytesMax)
    return std::unexpected(bad_query("userId", "has at most 255 bytes"));
  const std::string generation = value("generation");
  const char* end = generation.data() + generation.size();
  const auto read = std::from_chars(generation.data(), end, parsed.generation);
  if (!generation.empty() && (read.ec != std::errc() || read.ptr != end))
    return std::unexpected(bad_query("generation", "is a whole number"));
  const auto format = ingest_format(value("format"));
  if (!format) return std::unexpected(bad_query("format", "is auto, openai or ai-sdk"));
  parsed.format = *format;
  return parsed;
}

IngestRequest::IngestRequest(const ApiParts& parts, IngestQuery query, RespondFn respond,
                             std::function<void()> resume)
    : parts_(parts),
      query_(std::move(query)),
      respond_(std::move(respond)),
      resume_(std::move(resume)),
      parser_(kEventBytesMax, [this](const http::ServerSentEvent& event) { on_event(event); }),
      ingest_(query_.format),
      published_at_(parts.clock.mono_ms()) {}

PublishRequest IngestRequest::request() const {
  return {.channel = query_.channel,
          .type = to_name(MessageType::chat_message_chunk),
          .from = {.user_id = query_.user_id, .connection_id = {}, .client = {}},
          .shard = parts_.node.index(),
          .delivery = DeliveryClass::stream,
          .message_id = query_.message_id,
          .generation = query_.generation};
}

void IngestRequest::start() {
  watch_ =
      parts_.node.cancel_watches().watch(query_.channel, query_.message_id, query_.generation,
                                         [weak = weak_from_this()](const StreamCancel& cancel) {
                                           if (const auto self = weak.lock())
                                             self->on_cancel(cancel);
                                         });
  if (watch_ == 0) {
    closed_ = true;  // the message is the other's
    return fail_with({.code = ErrorCode::stream_closed,
                      .message = "another request streams this message; a higher `generation` "
                                 "would fence it",
                      .path = "/messageId"});
  }
  PublishRequest open = request();
  open.announces = true;
  publish(open);
}

void IngestRequest::publish(const PublishRequest& request) {
  ++unanswered_;
  published_at_ = parts_.clock.mono_ms();
  parts_.node.publish(
      request, [weak = weak_from_this(), last = request.complete](const PublishResult& result) {
        if (const auto self = weak.lock()) self->on_answer(result, last);
      });
}

bool IngestRequest::take(std::string_view bytes) {
  if (closed_) return true;
  if (!parser_.feed(bytes))
    fail_with({.code = ErrorCode::message_too_large,
               .message = "one event has more than " + std::to_string(kEventBytesMax) + " bytes"});
  if (!closed_ && parts_.clock.mono_ms() - published_at_ > kTouchMs) {
    PublishRequest alive = request();
    alive.announces = true;
    publish(alive);
  }
  paused_ = unanswered_ >= kUnansweredMax;
  return !paused_;
}

void IngestRequest::on_event(const http::ServerSentEvent& event) {
  if (closed_) return;
  const auto result = ingest_.take(event.data);
  if (!result) return fail_with(result.error());
  for (const IngestPiece& piece : result->pieces) append(piece);
  if (!result->end || closed_) return;
  reason_ = result->reason;
  close(*result->end);
}

void IngestRequest::append(const IngestPiece& piece) {
  if (closed_) return;
  if (piece.part_id.size() > kPartIdBytesMax || piece.part_kind.size() > kPartKindBytesMax ||
      piece.part_name.size() > kPartNameBytesMax)
    return fail_with(
        {.code = ErrorCode::invalid_message, .message = "the id or name of a part is too long"});
  PublishRequest next = request();
  next.content = piece.content;
  next.part_id = piece.part_id;
  next.part_kind = piece.part_kind;
  next.part_name = piece.part_name;
  next.index = ++pieces_;
  publish(next);
}

void IngestRequest::on_answer(const PublishResult& result, bool last) {
  --unanswered_;
  if (paused_ && unanswered_ < kUnansweredMax / 2) {
    paused_ = false;
    resume_();
  }
  if (!respond_) return;
  if (!result) return fail_with(result.error());
  if (result->cancel) return on_cancel(*result->cancel);
  if (last) answer("complete", &*result);
}

void IngestRequest::on_cancel(const StreamCancel& cancel) {
  if (!respond_) return;
  reason_ = cancel.reason;
  answer("cancelled", nullptr);
}

void IngestRequest::end() {
  parser_.end();
  if (closed_) return;
  const StreamEnd end = ingest_.at_end();
  if (end == StreamEnd::interrupted) reason_ = ingest_.why_interrupted();
  close(end);
}

void IngestRequest::abort() {
  respond_ = nullptr;
  if (!closed_) close(StreamEnd::interrupted);
  forget();
}

void IngestRequest::close(StreamEnd end) {
  closed_ = true;
  completing_ = end == StreamEnd::complete;
  if (completing_) {
    PublishRequest last = request();
    last.index = ++pieces_;
    last.complete = true;
    return publish(last);
  }
  parts_.node.end_stream({.channel = query_.channel,
                          .message_id = query_.message_id,
                          .producer = query_.user_id,
                          .generation = query_.generation,
                          .end = end},
                         [weak = weak_from_this(), end](bool /*ended*/) {
                           if (const auto self = weak.lock()) self->answer(to_name(end), nullptr);
                         });
}

void IngestRequest::forget() {
  parts_.node.cancel_watches().forget(query_.channel, query_.message_id, watch_);
}

void IngestRequest::fail_with(const Error& error) {
  RespondFn respond = std::exchange(respond_, nullptr);
  // The last piece may be on its way behind the one that failed: it cannot end the message now.
  if (!closed_ || completing_) close(StreamEnd::interrupted);
  forget();
  if (respond) respond(body_error_reply(in_query(error)));
}

void IngestRequest::answer(std::string_view status, const PublishAck* ack) {
  closed_ = true;
  forget();
  RespondFn respond = std::exchange(respond_, nullptr);
  if (!respond) return;
  JsonObject body;
  body.text("messageId", query_.message_id).text("status", status).number("pieces", pieces_);
  if (query_.generation != 0) body.number("generation", query_.generation);
  if (ack != nullptr && ack->position)
    body.text("epoch", ack->position->epoch).number("offset", ack->position->offset);
  if (!reason_.empty()) body.text("reason", reason_);
  respond(json_reply(body.finish()));
}

}  // namespace tidewire
