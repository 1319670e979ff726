#pragma once

#include <set>
#include <string>

#include "stream/ingest.h"

namespace tidewire {

/// The UI message stream of the AI SDK.
///
/// Text is the message's text. `reasoning-*` become parts of kind `reasoning`; the input of a tool
/// becomes a part of kind `tool_call` and its output one of kind `tool_result`, both with the id of
/// the call; sources and files become parts with their event as content; `data-*` becomes a part of
/// that kind. What is transient or preliminary is not part of the message.
class AiSdkDialect final : public IngestDialect {
 public:
  /// Whether an event is one of these.
  [[nodiscard]] static bool knows(const nlohmann::json& event);

  void take(const nlohmann::json& data, IngestResult& result) override;
  [[nodiscard]] bool whole() const override { return finished_; }

 private:
  bool take_tool(std::string_view type, const nlohmann::json& event, IngestResult& result);
  void take_other(const std::string& type, const nlohmann::json& event, IngestResult& result);

  std::set<std::string, std::less<>> streamed_inputs_;  // tool calls whose input came in pieces
  std::size_t unnamed_ = 0;
  bool finished_ = false;
};

}  // namespace tidewire
