#include "api/stream_body.h"

#include <limits>
#include <utility>

#include "api/body_reader.h"
#include "auth/claims.h"
#include "protocol/commands.h"
#include "protocol/json_reader.h"

namespace tidewire {
namespace {

std::string read_part_text(BodyReader& reader, const char* name, std::size_t bytes_min,
                           std::size_t bytes_max) {
  const nlohmann::json& part = reader.value().at("part");
  const auto found = part.is_object() ? part.find(name) : part.end();
  if (found == part.end() && bytes_min == 0) return {};
  const bool is_text = found != part.end() && found->is_string();
  std::string text = is_text ? found->get<std::string>() : std::string();
  if (!is_text || text.size() < bytes_min || text.size() > bytes_max)
    reader.note("is a string of " + std::to_string(bytes_min) + " to " + std::to_string(bytes_max) +
                    " bytes",
                std::string("part/") + name);
  return text;
}

void read_piece(BodyReader& reader, StreamBody& body, bool needs_content) {
  body.content = reader.text("content", needs_content, std::numeric_limits<std::size_t>::max());
  const auto index = reader.number("index");
  body.index = index.value_or(0);
  if (index && (*index == 0 || *index > kWholeNumberMax)) reader.note("begins with 1", "index");
  if (!reader.has("part")) return;
  body.part_id = read_part_text(reader, "id", 1, kPartIdBytesMax);
  body.part_kind = read_part_text(reader, "kind", 1, kPartKindBytesMax);
  body.part_name = read_part_text(reader, "name", 0, kPartNameBytesMax);
}

}  // namespace

std::expected<StreamBody, Error> parse_stream_body(std::string_view text, StreamVerb verb) {
  BodyReader reader(text);
  StreamBody body{.channel = reader.channel("channel")};
  const bool any_message = verb == StreamVerb::status;
  body.message_id = reader.text("messageId", !any_message, kMessageIdBytesMax);
  if (body.message_id.empty() && !any_message) reader.note("must not be empty", "messageId");
  body.user_id = reader.text("userId", false, kUserIdBytesMax);
  body.reason = reader.text("reason", false, kReasonBytesMax);
  body.generation = reader.number("generation", 0);
  if (body.generation > kWholeNumberMax) reader.note("is too large", "generation");
  if (verb == StreamVerb::append || verb == StreamVerb::complete)
    read_piece(reader, body, verb == StreamVerb::append);
  return reader.finish(std::move(body));
}

}  // namespace tidewire
