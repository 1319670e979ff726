#include "stream/ingest.h"

#include <nlohmann/json.hpp>

#include "protocol/json_text.h"
#include "stream/ingest_ai_sdk.h"
#include "stream/ingest_openai.h"

namespace tidewire {
namespace {

constexpr std::size_t kDepthMax = 32;

std::unique_ptr<IngestDialect> make_dialect(IngestFormat format) {
  switch (format) {
    case IngestFormat::openai:
      return std::make_unique<OpenAiDialect>();
    case IngestFormat::ai_sdk:
      return std::make_unique<AiSdkDialect>();
    case IngestFormat::detect:
      break;
  }
  return nullptr;
}

IngestFormat detect(const nlohmann::json& first) {
  if (OpenAiDialect::knows(first)) return IngestFormat::openai;
  return AiSdkDialect::knows(first) ? IngestFormat::ai_sdk : IngestFormat::detect;
}

}  // namespace

std::optional<IngestFormat> ingest_format(std::string_view name) {
  if (name.empty() || name == "auto") return IngestFormat::detect;
  if (name == "openai") return IngestFormat::openai;
  if (name == "ai-sdk") return IngestFormat::ai_sdk;
  return std::nullopt;
}

Ingest::Ingest(IngestFormat format) : dialect_(make_dialect(format)) {}
Ingest::~Ingest() = default;

std::expected<IngestResult, Error> Ingest::take(std::string_view data) {
  if (data.empty()) return IngestResult{};
  if (data == "[DONE]") return IngestResult{.end = StreamEnd::complete};
  if (const auto fault = find_json_fault(data, kDepthMax))
    return fail(ErrorCode::invalid_message,
                "the data of an event is not JSON: " + std::string(fault->why));
  const auto event = nlohmann::json::parse(data, nullptr, false);
  if (!event.is_object())
    return fail(ErrorCode::invalid_message, "the data of an event is not a JSON object");
  if (!dialect_) dialect_ = make_dialect(detect(event));
  // `{"type":"ping"}` and the like say that the connection lives, not who speaks.
  if (!dialect_ && event.contains("type")) return IngestResult{};
  if (!dialect_)
    return fail(ErrorCode::invalid_message,
                "the first event is of no known format; name it with `format=openai` or "
                "`format=ai-sdk`");
  IngestResult result;
  dialect_->take(event, result);
  return result;
}

StreamEnd Ingest::at_end() const {
  return dialect_ && dialect_->whole() ? StreamEnd::complete : StreamEnd::interrupted;
}

std::string_view Ingest::why_interrupted() const {
  return dialect_ ? "the body ended without its last word"
                  : "the body ended without an event of a known format";
}

}  // namespace tidewire
