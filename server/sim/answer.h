#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace tidewire::sim {

/// A piece of a growing message, as its producer means it. `kind` empty: of the message's text.
struct AnswerPiece {
  std::string content;
  std::string id;
  std::string kind;
  std::string name;
};

/// What a reader has of a growing message: its text and its typed parts, in the order in which they
/// appeared. Protocol.md, section 10, written a second time.
class Answer {
 public:
  void add(const AnswerPiece& piece);
  /// A delivered piece that goes on where this ends, or a snapshot, which replaces it.
  void take(const nlohmann::json& payload);
  /// What a durable message says of all this.
  [[nodiscard]] static Answer of_message(const nlohmann::json& payload);

  [[nodiscard]] std::string show() const;
  auto operator<=>(const Answer&) const = default;

 private:
  struct Part {
    std::string id;
    std::string kind;
    std::string name;
    std::string content;
    auto operator<=>(const Part&) const = default;
  };

  [[nodiscard]] static std::vector<AnswerPiece> pieces_of(const nlohmann::json& payload);

  std::vector<Part> parts_;  // the text among them, where it appeared
};

}  // namespace tidewire::sim
