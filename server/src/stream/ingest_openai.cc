#include "stream/ingest_openai.h"

#include <nlohmann/json.hpp>

#include "stream/ingest_json.h"

namespace tidewire {

using nlohmann::json;

bool OpenAiDialect::knows(const json& event) {
  const std::string type = text_of(event, "type");
  if (type.empty())
    return event.contains("choices") || event.contains("error") ||
           text_of(event, "object") == "chat.completion.chunk";
  return type.starts_with("response.") || (type == "error" && event.contains("message"));
}

void OpenAiDialect::take(const json& data, IngestResult& result) {
  if (const json& error = member(data, "error"); !error.is_null()) {
    result.end = StreamEnd::interrupted;
    result.reason = error.is_string() ? error.get<std::string>() : text_of(error, "message");
    return;
  }
  const std::string type = text_of(data, "type");
  if (type.empty()) return take_completion(data, result);
  take_response(type, data, result);
}

void OpenAiDialect::take_completion(const json& chunk, IngestResult& result) {
  for (const json& choice : member(chunk, "choices")) {
    if (const json& index = member(choice, "index"); index.is_number() && index != 0) continue;
    const json& delta = member(choice, "delta");
    // Two names are in use for the same thing.
    for (const char* name : {"reasoning_content", "reasoning"})
      add(result, {"reasoning", "reasoning", {}, text_of(delta, name)});
    add(result, {{}, {}, {}, text_of(delta, "content")});
    add(result, {{}, {}, {}, text_of(delta, "refusal")});
    for (const json& call : member(delta, "tool_calls")) take_tool_call(call, result);
    if (member(choice, "finish_reason").is_string()) finished_ = true;
  }
}

void OpenAiDialect::take_tool_call(const json& call, IngestResult& result) {
  const json& index = member(call, "index");
  std::string key = index.is_number_unsigned() ? index.dump() : std::string("0");
  const json& function = member(call, "function");
  if (std::string id = text_of(call, "id"); !id.empty())
    remember(key, {std::move(id), text_of(function, "name")});
  const auto known = calls_.find(key);
  if (known == calls_.end()) return;
  std::string arguments = text_of(function, "arguments");
  // The first event of a call names it, often without an argument yet: it is worth a piece.
  const bool names = !text_of(call, "id").empty();
  if (!names && arguments.empty()) return;
  result.pieces.push_back(
      {known->second.id, "tool_call", known->second.name, std::move(arguments)});
}

void OpenAiDialect::take_response(std::string_view type, const json& event, IngestResult& result) {
  const std::string item_id = id_or(event, "item_id", "reasoning");
  const std::string delta = text_of(event, "delta");
  if (type == "response.output_text.delta" || type == "response.refusal.delta")
    return add(result, {{}, {}, {}, delta});
  if (type == "response.reasoning_summary_text.delta" || type == "response.reasoning_text.delta")
    return add(result, {item_id, "reasoning", {}, delta});
  if (type == "response.output_item.added") {
    const json& item = member(event, "item");
    const std::string kind = text_of(item, "type");
    if (kind != "function_call" && kind != "custom_tool_call") return;
    Call call{text_of(item, "call_id"), text_of(item, "name")};
    if (call.id.empty()) call.id = text_of(item, "id");
    if (call.id.empty()) return;
    result.pieces.push_back({call.id, "tool_call", call.name, {}});
    return remember(text_of(item, "id"), std::move(call));
  }
  if (type == "response.function_call_arguments.delta" ||
      type == "response.custom_tool_call_input.delta") {
    const auto known = calls_.find(item_id);
    if (known != calls_.end())
      add(result, {known->second.id, "tool_call", known->second.name, delta});
    return;
  }
  if (type == "response.completed" || type == "response.incomplete") {
    result.end = StreamEnd::complete;
  } else if (type == "response.cancelled") {
    result.end = StreamEnd::cancelled;
  } else if (type == "response.failed" || type == "error") {
    result.end = StreamEnd::interrupted;
    const json& error = member(member(event, "response"), "error");
    result.reason = text_of(error.is_null() ? event : error, "message");
  }
}

void OpenAiDialect::remember(std::string key, Call call) {
  if (calls_.size() < kNamesMax) calls_[std::move(key)] = std::move(call);
}

}  // namespace tidewire
