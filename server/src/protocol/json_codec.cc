#include "protocol/json_codec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <simdjson.h>

#include "base/json_string.h"
#include "protocol/envelope_form.h"
#include "protocol/json_reader.h"
#include "protocol/json_text.h"
#include "protocol/refused_frame.h"

namespace tidewire {
namespace {

enum class Field : std::uint8_t {
  type,
  id,
  channel,
  payload,
  key,
  priority,
  echo,
  offset,
  epoch,
  trace,
  nonce,
  sig,
  enc,
  seq,
  receipt,
  unknown
};

constexpr std::array<std::pair<std::string_view, Field>, 15> kFields = {{
    {"type", Field::type},
    {"id", Field::id},
    {"channel", Field::channel},
    {"payload", Field::payload},
    {"key", Field::key},
    {"priority", Field::priority},
    {"echo", Field::echo},
    {"offset", Field::offset},
    {"epoch", Field::epoch},
    {"trace", Field::trace},
    {"nonce", Field::nonce},
    {"sig", Field::sig},
    {"enc", Field::enc},
    {"seq", Field::seq},
    {"receipt", Field::receipt},
}};

Field field_of(std::string_view name) {
  for (const auto& [known, field] : kFields)
    if (known == name) return field;
  return Field::unknown;
}

std::string_view name_of(Field field) { return kFields[static_cast<std::size_t>(field)].first; }

/// Reads one envelope's fields. The text is known to be JSON, so what can go wrong is a type.
class FieldReader {
 public:
  explicit FieldReader(std::optional<std::size_t> place) { envelope_.place = place; }

  /// Takes one member; remembers the first fault and goes on, so that the id is found anyway.
  void read(Field field, simdjson::ondemand::value value) {
    if (const auto why = assign(field, value); !why.empty() && !fault_)
      fault_ = FormFault{name_of(field), why};
  }

  [[nodiscard]] const Envelope& envelope() const { return envelope_; }
  [[nodiscard]] std::optional<FormFault> fault() const {
    return fault_ ? fault_ : find_form_fault(envelope_);
  }

 private:
  /// An empty answer is success, else it says what is wrong.
  std::string_view assign(Field field, simdjson::ondemand::value value) {
    switch (field) {
      case Field::type:
        return assign_string(envelope_.type, value);
      case Field::id:
        return assign_string(envelope_.id, value);
      case Field::channel:
        return assign_string(envelope_.channel, value);
      case Field::key:
        return assign_string(envelope_.key, value);
      case Field::epoch:
        return assign_string(envelope_.epoch, value);
      case Field::trace:
        return assign_string(envelope_.trace, value);
      case Field::nonce:
        return assign_string(envelope_.nonce, value);
      case Field::sig:
        return assign_string(envelope_.sig, value);
      case Field::enc:
        return assign_string(envelope_.enc, value);
      case Field::payload:
        return assign_payload(value);
      case Field::priority:
        return assign_priority(value);
      case Field::echo:
        return value.get_bool().get(envelope_.echo) ? "expected true or false" : "";
      case Field::offset:
        return assign_whole(envelope_.offset, value);
      case Field::seq:
        return assign_whole(envelope_.seq, value);
      case Field::receipt:
        return assign_receipt(value);
      case Field::unknown:
        return {};
    }
    return {};
  }

  /// A string without escapes stays where it is; only one with escapes is decoded into scratch.
  static std::string_view assign_string(std::string_view& target, simdjson::ondemand::value value) {
    const std::string_view token = trim_json(value.raw_json_token());
    if (token.front() != '"') return "expected a string";
    target = token.substr(1, token.size() - 2);
    if (target.find('\\') == std::string_view::npos) return {};
    return value.get_string().get(target) ? "expected a string" : "";
  }

  std::string_view assign_payload(simdjson::ondemand::value value) {
    simdjson::ondemand::object object;
    if (value.get_object().get(object) || object.raw_json().get(envelope_.payload))
      return "expected an object";
    envelope_.payload = trim_json(envelope_.payload);  // raw_json() reaches to the next token
    return {};
  }

  std::string_view assign_priority(simdjson::ondemand::value value) {
    std::string_view name;
    if (const auto why = assign_string(name, value); !why.empty()) return why;
    envelope_.priority = from_name<Priority>(name);
    return envelope_.priority ? "" : "expected critical, high, normal or low";
  }

  static std::string_view assign_whole(std::optional<std::uint64_t>& target,
                                       simdjson::ondemand::value value) {
    const JsonValue number{JsonKind::number, trim_json(value.raw_json_token())};
    target = number.whole_number();
    return target ? "" : "expected a whole number";
  }

  std::string_view assign_receipt(simdjson::ondemand::value value) {
    simdjson::ondemand::object object;
    if (value.get_object().get(object)) return "expected an object";
    std::string_view kind;
    std::string_view count;
    for (auto member : object) {
      const std::string_view name = member.unescaped_key().value_unsafe();
      if (name != "kind" && name != "count") continue;
      (name == "kind" ? kind : count) = trim_json(member.value().value_unsafe().raw_json_token());
    }
    ReceiptAsk ask;
    if (kind == R"("read")")
      ask.kind = ReceiptKind::read;
    else if (kind != R"("delivered")")
      return "`kind` is delivered or read";
    if (count != R"("all")") {
      const auto whole = JsonValue{JsonKind::number, count}.whole_number();
      if (count.empty() || !whole || *whole == 0) return "`count` is a number from 1 or \"all\"";
      ask.count = *whole;
    }
    envelope_.receipt = ask;
    return {};
  }

  Envelope envelope_;
  std::optional<FormFault> fault_;
};

void read_envelope(simdjson::ondemand::object object, std::optional<std::size_t> place,
                   EnvelopeSink& sink) {
  FieldReader reader(place);
  for (auto member : object) {
    const Field field = field_of(member.unescaped_key().value_unsafe());
    if (field != Field::unknown) reader.read(field, member.value().value_unsafe());
  }
  const auto fault = reader.fault();
  if (!fault) return sink.on_envelope(reader.envelope());
  refuse_envelope(sink, reader.envelope(), *fault);
}

/// Answers a text that is not JSON. Who waits for an answer gets it when the id stands before the
/// fault. Of a text that is not UTF-8 nothing may stand in an answer.
void refuse_text(std::string_view text, const JsonFault& fault, EnvelopeSink& sink) {
  std::string id;
  std::string channel;
  const bool readable = simdjson::validate_utf8(text.data(), text.size());
  JsonReader reader = JsonReader::object(readable ? text : std::string_view());
  while (reader.next()) {
    if (reader.value().kind != JsonKind::string) continue;
    if (reader.key() == "id") id = reader.value().string();
    if (reader.key() == "channel") channel = reader.value().string();
  }
  Envelope envelope;
  envelope.id = id;
  envelope.channel = channel;
  const std::string why =
      "not JSON: " + std::string(fault.why) + " at byte " + std::to_string(fault.offset);
  refuse_envelope(sink, envelope, {"", why});
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_json_string(out, value);
}

void append_sender(std::string& out, const Sender& from) {
  out += ",\"from\":{\"userId\":";
  append_json_string(out, from.user_id);
  append_member(out, "connectionId", from.connection_id);
  append_member(out, "client", from.client);
  out += '}';
}

}  // namespace

struct JsonCodec::Parser {
  simdjson::ondemand::parser json;

  void read_batch(simdjson::ondemand::document& document, std::size_t messages_max,
                  EnvelopeSink& sink);
};

void JsonCodec::Parser::read_batch(simdjson::ondemand::document& document, std::size_t messages_max,
                                   EnvelopeSink& sink) {
  simdjson::ondemand::array array = document.get_array().value_unsafe();
  const std::size_t count = array.count_elements().value_unsafe();
  if (count == 0) return refuse_frame(sink, ErrorCode::invalid_message, "a batch is not empty");
  if (count > messages_max) {
    return refuse_frame(sink, ErrorCode::message_too_large,
                        "a batch has at most " + std::to_string(messages_max) + " messages");
  }
  std::size_t place = 0;
  for (auto element : array) {
    simdjson::ondemand::object object;
    if (element.get_object().get(object))
      sink.on_bad_message("", "", form_error(place, {"", "expected an object"}));
    else
      read_envelope(object, place, sink);
    ++place;
  }
}

JsonCodec::JsonCodec(CodecLimits limits) : limits_(limits), parser_(std::make_unique<Parser>()) {
  constexpr std::size_t kOrdinaryMessageBytes =
      std::size_t{16} * 1024;  // larger ones grow the parser once
  // Should this fail, iterate() tries again and reports it.
  [[maybe_unused]] const auto error = parser_->json.allocate(kOrdinaryMessageBytes);
}

JsonCodec::~JsonCodec() = default;

void JsonCodec::decode(std::string_view message, EnvelopeSink& sink) {
  const std::string_view text = trim_json(message);
  const bool batch = text.starts_with('[');
  // The whole text is checked first: simdjson's on-demand reader skips what nobody asks for, and a
  // payload that is embedded in other people's messages must be JSON to its last byte.
  if (const auto fault = find_json_fault(message, limits_.depth + (batch ? 2 : 1)))
    return refuse_text(message, *fault, sink);
  simdjson::ondemand::document document;
  const simdjson::padded_string_view padded(message.data(), message.size(),
                                            message.size() + simdjson::SIMDJSON_PADDING);
  if (parser_->json.iterate(padded).get(document))
    return refuse_frame(sink, ErrorCode::invalid_message, "not UTF-8");
  if (batch) return parser_->read_batch(document, limits_.batch_messages, sink);
  simdjson::ondemand::object object;
  if (!text.starts_with('{') || document.get_object().get(object))
    return refuse_frame(sink, ErrorCode::invalid_message,
                        "a message is an object or an array of objects");
  read_envelope(object, std::nullopt, sink);
}

void append_envelope_json(std::string& out, const OutgoingMessage& message) {
  out.reserve(out.size() + message.payload.size() + 256);
  out += "{\"type\":";
  append_json_string(out, message.type);
  append_member(out, "id", message.id);
  append_member(out, "channel", message.channel);
  if (message.offset) out.append(",\"offset\":").append(std::to_string(*message.offset));
  append_member(out, "epoch", message.epoch);
  if (message.ts) out.append(",\"ts\":").append(std::to_string(*message.ts));
  if (message.from != nullptr) append_sender(out, *message.from);
  if (message.priority) append_member(out, "priority", to_name(*message.priority));
  append_member(out, "key", message.key);
  if (message.redelivered != 0)
    out.append(",\"redelivered\":").append(std::to_string(message.redelivered));
  append_member(out, "trace", message.trace);
  append_member(out, "nonce", message.nonce);
  append_member(out, "sig", message.sig);
  append_member(out, "enc", message.enc);
  if (!message.payload.empty()) out.append(",\"payload\":").append(message.payload);
  out += '}';
}

std::string JsonCodec::encode(const OutgoingMessage& message) const {
  std::string out;
  append_envelope_json(out, message);
  return out;
}

std::string JsonCodec::encode_batch(std::span<const std::string_view> encoded) const {
  std::size_t bytes = 2;
  for (const auto one : encoded) bytes += one.size() + 1;
  std::string out;
  out.reserve(bytes);
  for (const auto one : encoded) {
    out += out.empty() ? '[' : ',';
    out += one;
  }
  return out.empty() ? "[]" : out + "]";
}

}  // namespace tidewire
