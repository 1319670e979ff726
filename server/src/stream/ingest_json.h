#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "stream/ingest.h"

namespace tidewire {

/// Reading other people's JSON: what is missing or has another type is null, or empty.

[[nodiscard]] inline const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

[[nodiscard]] inline std::string text_of(const nlohmann::json& object, const char* name) {
  const nlohmann::json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// The same, never empty.
[[nodiscard]] inline std::string id_or(const nlohmann::json& object, const char* name,
                                       std::string_view otherwise) {
  std::string id = text_of(object, name);
  return id.empty() ? std::string(otherwise) : id;
}

/// Adds a piece that has content.
inline void add(IngestResult& result, IngestPiece piece) {
  if (!piece.content.empty()) result.pieces.push_back(std::move(piece));
}

}  // namespace tidewire
