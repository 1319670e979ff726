#include "stream/ingest_ai_sdk.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

#include "protocol/commands.h"
#include "stream/ingest_json.h"

namespace tidewire {

using nlohmann::json;

bool AiSdkDialect::knows(const json& event) {
  static constexpr std::array<std::string_view, 6> kTypes{"start", "finish", "abort",
                                                          "error", "file",   "message-metadata"};
  static constexpr std::array<std::string_view, 7> kFamilies{
      "start-", "finish-", "text-", "reasoning-", "tool-", "source-", "data-"};
  const std::string type = text_of(event, "type");
  return std::ranges::find(kTypes, type) != kTypes.end() ||
         std::ranges::any_of(kFamilies,
                             [&](std::string_view family) { return type.starts_with(family); });
}

void AiSdkDialect::take(const json& data, IngestResult& result) {
  const std::string type = text_of(data, "type");
  if (type == "text-delta") return add(result, {{}, {}, {}, text_of(data, "delta")});
  if (type == "reasoning-delta")
    return add(result, {id_or(data, "id", "reasoning"), "reasoning", {}, text_of(data, "delta")});
  if (type == "finish") {
    finished_ = true;
    result.end = StreamEnd::complete;
  } else if (type == "abort") {
    result.end = StreamEnd::cancelled;
    result.reason = text_of(data, "reason");
  } else if (type == "error") {
    result.end = StreamEnd::interrupted;
    result.reason = text_of(data, "errorText");
  } else if (!take_tool(type, data, result)) {
    take_other(type, data, result);
  }
}

bool AiSdkDialect::take_tool(std::string_view type, const json& event, IngestResult& result) {
  if (!type.starts_with("tool-")) return false;
  std::string id = text_of(event, "toolCallId");
  std::string name = text_of(event, "toolName");
  if (id.empty()) return true;
  if (type == "tool-input-start") {
    result.pieces.push_back({std::move(id), "tool_call", std::move(name), {}});
  } else if (type == "tool-input-delta") {
    if (streamed_inputs_.size() < kNamesMax) streamed_inputs_.insert(id);
    add(result, {std::move(id), "tool_call", {}, text_of(event, "inputTextDelta")});
  } else if (type == "tool-input-available") {
    if (!streamed_inputs_.contains(id))
      add(result, {std::move(id), "tool_call", std::move(name), member(event, "input").dump()});
  } else if (type == "tool-output-available") {
    if (member(event, "preliminary") != json(true))
      add(result, {std::move(id), "tool_result", {}, member(event, "output").dump()});
  } else if (type == "tool-output-error" || type == "tool-input-error") {
    add(result,
        {std::move(id), "tool_result", {}, json{{"error", text_of(event, "errorText")}}.dump()});
  }
  return true;
}

void AiSdkDialect::take_other(const std::string& type, const json& event, IngestResult& result) {
  std::string kind;
  if (type == "source-url" || type == "source-document") kind = "source";
  if (type == "file") kind = "file";
  if (type.starts_with("data-") && member(event, "transient") != json(true)) kind = type;
  if (kind.empty() || kind.size() > kPartKindBytesMax) return;
  std::string id = text_of(event, type.starts_with("source-") ? "sourceId" : "id");
  if (id.empty()) id = kind + "-" + std::to_string(++unnamed_);
  // One line an event, so that the last line is the newest of data that is sent again.
  add(result, {std::move(id), std::move(kind), {}, event.dump() + '\n'});
}

}  // namespace tidewire
