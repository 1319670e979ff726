#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "protocol/error.h"
#include "stream/stream_table.h"

namespace tidewire {

/// What one event of a model provider's body adds to a message.
struct IngestPiece {
  std::string part_id;
  std::string part_kind;  // empty: the message's text
  std::string part_name;
  std::string content;
};

/// Gathers what an event means.
struct IngestResult {
  std::vector<IngestPiece> pieces;
  std::optional<StreamEnd> end;  // nothing that follows counts
  std::string reason;            // of an end that is not `complete`
};

/// The dialect of one provider: its events in, pieces of a message out. Events that it does not
/// know mean nothing, so that a newer provider does not break.
///
/// Owner:  one Ingest. Thread: any one.
/// Limit:  what it remembers grows with the parts of the message, kNamesMax at most.
class IngestDialect {
 public:
  virtual ~IngestDialect() = default;
  /// One event whose data is the JSON object `data`.
  virtual void take(const nlohmann::json& data, IngestResult& result) = 0;
  /// Whether the message is whole although the body ended without its last word.
  [[nodiscard]] virtual bool whole() const = 0;

 protected:
  static constexpr std::size_t kNamesMax = 1'000;
};

enum class IngestFormat : std::uint8_t { detect, openai, ai_sdk };
/// `openai` (chat completions and responses), `ai-sdk` (UI message stream) or `auto`.
[[nodiscard]] std::optional<IngestFormat> ingest_format(std::string_view name);

/// Turns the data of server-sent events into pieces of one message, whatever dialect they are in.
/// With IngestFormat::detect the first event of a known dialect decides; what comes before it and
/// has a `type` means nothing, as an event without data does.
///
/// Owner:  one request. Thread: any one.
/// Errors: invalid_message for data that is not a JSON object (a string with half a surrogate pair
///         is not JSON either) or, before one of a known dialect, has no `type`.
class Ingest {
 public:
  explicit Ingest(IngestFormat format);
  ~Ingest();

  [[nodiscard]] std::expected<IngestResult, Error> take(std::string_view data);
  /// How the message ends when the body is over without saying so.
  [[nodiscard]] StreamEnd at_end() const;
  /// Of an end that is `interrupted`.
  [[nodiscard]] std::string_view why_interrupted() const;

 private:
  std::unique_ptr<IngestDialect> dialect_;
};

}  // namespace tidewire
