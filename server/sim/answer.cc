#include "answer.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace tidewire::sim {

using nlohmann::json;

void Answer::add(const AnswerPiece& piece) {
  // An empty text shows nothing, so it has no place among the parts.
  if (piece.kind.empty() && piece.content.empty()) return;
  const auto same = [&](const Part& each) {
    return each.id == piece.id && each.kind == piece.kind;
  };
  auto part = std::ranges::find_if(parts_, same);
  if (part == parts_.end())
    part = parts_.insert(part, {.id = piece.id, .kind = piece.kind, .name = piece.name});
  part->content += piece.content;
}

/// The changes that a payload names, the text as one of them.
std::vector<AnswerPiece> Answer::pieces_of(const json& payload) {
  const std::string text = payload.at("content");
  const auto part_of = [](const json& part, const std::string& content) {
    return AnswerPiece{.content = content,
                       .id = part.at("id"),
                       .kind = part.at("kind"),
                       .name = part.value("name", "")};
  };
  if (payload.contains("part")) return {part_of(payload.at("part"), text)};
  if (!payload.contains("parts")) return {{.content = text}};
  std::vector<AnswerPiece> pieces;
  for (const json& each : payload.at("parts"))
    pieces.push_back(each.contains("id") ? part_of(each, each.at("content"))
                                         : AnswerPiece{.content = text});
  return pieces;
}

void Answer::take(const json& payload) {
  if (payload.value("snapshot", false)) parts_.clear();
  for (const AnswerPiece& each : pieces_of(payload)) add(each);
}

Answer Answer::of_message(const json& payload) {
  Answer answer;
  answer.take(payload);
  return answer;
}

std::string Answer::show() const {
  std::string all;
  for (const Part& each : parts_) all += "[" + each.kind + " " + each.id + "] " + each.content;
  return all;
}

}  // namespace tidewire::sim
