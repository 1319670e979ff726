#include "protocol/proto_codec.h"

#include <optional>
#include <string>

#include <google/protobuf/stubs/logging.h>
#include <simdjson.h>

#include "protocol/envelope_form.h"
#include "protocol/json_reader.h"
#include "protocol/json_text.h"
#include "protocol/refused_frame.h"
#include "protocol/tidewire.pb.h"

namespace tidewire {
namespace {

v1::Priority to_wire(Priority priority) {
  switch (priority) {
    case Priority::critical:
      return v1::PRIORITY_CRITICAL;
    case Priority::high:
      return v1::PRIORITY_HIGH;
    case Priority::normal:
      return v1::PRIORITY_NORMAL;
    case Priority::low:
      return v1::PRIORITY_LOW;
  }
  return v1::PRIORITY_UNSPECIFIED;
}

std::optional<Priority> from_wire(v1::Priority priority) {
  switch (priority) {
    case v1::PRIORITY_CRITICAL:
      return Priority::critical;
    case v1::PRIORITY_HIGH:
      return Priority::high;
    case v1::PRIORITY_NORMAL:
      return Priority::normal;
    case v1::PRIORITY_LOW:
      return Priority::low;
    default:
      return std::nullopt;  // an open enum: any number can arrive
  }
}

/// The parsed text, or why it is not the text of a JSON object.
std::string_view find_payload_fault(std::string_view payload, std::size_t depth_max) {
  if (find_json_fault(payload, depth_max) ||
      !simdjson::validate_utf8(payload.data(), payload.size()))
    return "a payload is JSON text";
  return trim_json(payload).starts_with('{') ? "" : "expected an object";
}

Envelope view_of(const v1::Envelope& wire) {
  Envelope envelope{.type = wire.type(),
                    .id = wire.id(),
                    .channel = wire.channel(),
                    .key = wire.key(),
                    .trace = wire.trace(),
                    .nonce = wire.nonce(),
                    .sig = wire.sig(),
                    .enc = wire.enc(),
                    .priority = from_wire(wire.priority()),
                    .echo = !wire.has_echo() || wire.echo(),
                    .epoch = wire.epoch()};
  if (!wire.payload().empty()) envelope.payload = trim_json(wire.payload());
  if (wire.has_offset()) envelope.offset = wire.offset();
  if (wire.has_seq()) envelope.seq = wire.seq();
  if (wire.has_receipt())
    envelope.receipt = ReceiptAsk{
        .kind = wire.receipt().kind() == "read" ? ReceiptKind::read : ReceiptKind::delivered,
        .count = wire.receipt().count()};
  return envelope;
}

std::optional<FormFault> find_fault(const v1::Envelope& wire, const Envelope& envelope,
                                    std::size_t depth_max) {
  if (const auto fault = find_form_fault(envelope)) return fault;
  if (!envelope.priority && wire.priority() != v1::PRIORITY_UNSPECIFIED)
    return FormFault{"priority", "expected critical, high, normal or low"};
  if (wire.has_receipt() && wire.receipt().kind() != "delivered" && wire.receipt().kind() != "read")
    return FormFault{"receipt", "`kind` is delivered or read"};
  if (wire.payload().empty()) return std::nullopt;
  const auto why = find_payload_fault(wire.payload(), depth_max);
  return why.empty() ? std::nullopt : std::optional(FormFault{"payload", why});
}

void set(std::string* target, std::string_view value) { target->assign(value); }

void fill(v1::Envelope& wire, const OutgoingMessage& message) {
  set(wire.mutable_type(), message.type);
  set(wire.mutable_id(), message.id);
  set(wire.mutable_channel(), message.channel);
  set(wire.mutable_payload(), message.payload);
  set(wire.mutable_key(), message.key);
  set(wire.mutable_epoch(), message.epoch);
  set(wire.mutable_trace(), message.trace);
  set(wire.mutable_nonce(), message.nonce);
  set(wire.mutable_sig(), message.sig);
  set(wire.mutable_enc(), message.enc);
  if (message.offset) wire.set_offset(*message.offset);
  if (message.ts) wire.set_ts(*message.ts);
  if (message.redelivered != 0) wire.set_redelivered(message.redelivered);
  if (message.priority) wire.set_priority(to_wire(*message.priority));
  if (message.from == nullptr) return;
  set(wire.mutable_from()->mutable_user_id(), message.from->user_id);
  set(wire.mutable_from()->mutable_connection_id(), message.from->connection_id);
  set(wire.mutable_from()->mutable_client(), message.from->client);
}

}  // namespace

/// Protobuf keeps the memory of cleared messages, so a reused Frame parses without allocating.
struct ProtoCodec::Frames {
  v1::Frame incoming;
  v1::Frame outgoing;
};

ProtoCodec::ProtoCodec(CodecLimits limits) : limits_(limits), frames_(std::make_unique<Frames>()) {
  // The library would write a line to stderr for every hostile frame; the answer says it already.
  google::protobuf::SetLogHandler(nullptr);
}

ProtoCodec::~ProtoCodec() = default;

void ProtoCodec::decode(std::string_view message, EnvelopeSink& sink) {
  v1::Frame& frame = frames_->incoming;
  if (!frame.ParseFromArray(message.data(), static_cast<int>(message.size())))
    return refuse_frame(sink, ErrorCode::invalid_message, "not a Frame");
  if (frame.envelopes_size() == 0)
    return refuse_frame(sink, ErrorCode::invalid_message, "a frame is not empty");
  if (static_cast<std::size_t>(frame.envelopes_size()) > limits_.batch_messages) {
    return refuse_frame(
        sink, ErrorCode::message_too_large,
        "a batch has at most " + std::to_string(limits_.batch_messages) + " messages");
  }
  for (int i = 0; i < frame.envelopes_size(); ++i) {
    const v1::Envelope& wire = frame.envelopes(i);
    Envelope envelope = view_of(wire);
    if (frame.envelopes_size() > 1) envelope.place = static_cast<std::size_t>(i);
    const auto fault = find_fault(wire, envelope, limits_.depth);
    if (!fault) {
      sink.on_envelope(envelope);
      continue;
    }
    refuse_envelope(sink, envelope, *fault);
  }
}

std::string ProtoCodec::encode(const OutgoingMessage& message) const {
  v1::Frame& frame = frames_->outgoing;
  frame.Clear();
  fill(*frame.add_envelopes(), message);
  return frame.SerializeAsString();
}

std::string ProtoCodec::encode_batch(std::span<const std::string_view> encoded) const {
  // Concatenated encodings of a message are the encoding of their merge, and merging frames appends
  // their envelopes (protobuf encoding guide, "Last One Wins").
  std::string out;
  for (const auto one : encoded) out += one;
  return out;
}

}  // namespace tidewire
