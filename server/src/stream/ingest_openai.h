#pragma once

#include <map>
#include <string>

#include "stream/ingest.h"

namespace tidewire {

/// `chat.completion.chunk` events (choice 0) and the events of the Responses API.
///
/// Text and refusals are the message's text. Reasoning becomes parts of kind `reasoning`, calls
/// become parts of kind `tool_call` whose id is the call's and whose content is the arguments.
class OpenAiDialect final : public IngestDialect {
 public:
  /// Whether an event looks like one of these.
  [[nodiscard]] static bool knows(const nlohmann::json& event);

  void take(const nlohmann::json& data, IngestResult& result) override;
  [[nodiscard]] bool whole() const override { return finished_; }

 private:
  struct Call {
    std::string id;
    std::string name;
  };

  void take_completion(const nlohmann::json& chunk, IngestResult& result);
  void take_tool_call(const nlohmann::json& call, IngestResult& result);
  void take_response(std::string_view type, const nlohmann::json& event, IngestResult& result);
  void remember(std::string key, Call call);

  std::map<std::string, Call, std::less<>> calls_;  // by index (chat) or item id (responses)
  bool finished_ = false;
};

}  // namespace tidewire
