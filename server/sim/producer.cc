#include "producer.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tidewire::sim {

using nlohmann::json;

namespace {

constexpr std::size_t kPiecesAhead = 4;

std::string random_words(Random& random) {
  static const std::vector<std::string> words{"train ", "Zürich ", "東京 ", "🚆",
                                              "über ",  "a",       "\n"};
  std::string text;
  for (std::uint64_t i = 1 + random.below(5); i > 0; --i) text += words[random.below(words.size())];
  return text;
}

}  // namespace

std::vector<AnswerPiece> Producer::new_pieces() {
  static const std::vector<AnswerPiece> parts{{},
                                              {.id = "r", .kind = "reasoning"},
                                              {.id = "t1", .kind = "tool_call", .name = "find"},
                                              {.id = "t1", .kind = "tool_result"}};
  const std::uint64_t kinds = parts_.random.percent(40) ? parts.size() : 1;
  std::vector<AnswerPiece> pieces;
  for (std::uint64_t i = 1 + parts_.random.below(20); i > 0; --i) {
    AnswerPiece piece = parts[parts_.random.below(kinds)];
    piece.content = random_words(parts_.random);
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

void Producer::begin_message() {
  if (growing_.size() >= 2) return;
  const std::string id = name_.device + "-m" + std::to_string(wire_.number());
  Growing message{.channel = parts_.random.pick(name_.channels), .pieces = new_pieces()};
  parts_.oracle.intends(id, 0, message.pieces);
  const auto [begun, fresh] = growing_.emplace(id, std::move(message));
  if (parts_.random.percent(10)) open_stream(id, begun->second);
}

/// Another worker takes the message over and says something else.
void Producer::begin_again(const std::string& message_id, bool leave_zombie) {
  Growing& message = growing_.at(message_id);
  if (leave_zombie) {
    zombies_.push_back({message_id, message});
    zombies_.back().message.sent = message.acknowledged;
  }
  message = {
      .channel = message.channel, .generation = message.generation + 1, .pieces = new_pieces()};
  parts_.oracle.intends(message_id, message.generation, message.pieces);
  if (parts_.random.percent(30)) open_stream(message_id, message);
}

void Producer::begin_some_again() {
  for (const auto& [id, message] : growing_)
    if (message.acknowledged > 0 && message.generation < 3) return begin_again(id, true);
}

void Producer::open_stream(const std::string& message_id, const Growing& message) {
  wire_.ask({{"type", "stream_open"},
             {"channel", message.channel},
             {"payload", {{"messageId", message_id}, {"generation", message.generation}}}},
            [this](const json& reply) {
              if (reply.at("type") == "ack") parts_.oracle.reach(Reached::stream_announced);
            });
}

void Producer::send_piece(const std::string& message_id, const Growing& message, std::size_t index,
                          ClientWire::Then then) {
  const AnswerPiece& piece = message.pieces[index - 1];
  json payload{{"messageId", message_id},
               {"content", piece.content},
               {"index", index},
               {"isComplete", index == message.pieces.size()}};
  if (message.generation > 0) payload["generation"] = message.generation;
  if (!piece.kind.empty()) {
    payload["part"] = {{"id", piece.id}, {"kind", piece.kind}};
    if (!piece.name.empty()) payload["part"]["name"] = piece.name;
  }
  wire_.ask({{"type", "chat_message_chunk"},
             {"channel", message.channel},
             {"payload", std::move(payload)}},
            std::move(then));
}

void Producer::send_pieces() {
  for (auto& [id, message] : growing_) {
    message.sent = std::max(message.sent, message.acknowledged);
    if (message.sent == message.pieces.size() ||
        message.sent >= message.acknowledged + kPiecesAhead)
      continue;
    const std::size_t index = ++message.sent;
    send_piece(id, message, index,
               [this, id, index, generation = message.generation](const json& reply) {
                 on_reply(id, generation, index, reply);
               });
  }
}

void Producer::on_reply(const std::string& message_id, std::uint64_t generation, std::size_t index,
                        const json& reply) {
  const auto found = growing_.find(message_id);
  if (found == growing_.end() || found->second.generation != generation) return;
  Growing& message = found->second;
  const json& payload = reply.at("payload");
  if (reply.at("type") == "ack") {
    message.acknowledged = std::max(message.acknowledged, index);
    message.server_life = parts_.oracle.server_life();
    if (message.acknowledged < message.pieces.size()) return;
    std::optional<Position> position;
    if (payload.contains("offset")) position = {payload.at("epoch"), payload.at("offset")};
    parts_.oracle.completed(message.channel, message_id, position, wire_.server_life());
    growing_.erase(found);
    return;
  }
  const std::string name = payload.at("name");
  if (name == "stream_closed") return on_closed(message_id);
  if (name == "stream_gap") {
    // The server has lost the beginning, or has not got a piece that failed before.
    const std::size_t expected = payload.at("expectedIndex");
    if (expected > message.pieces.size()) return drop(message_id);
    message.acknowledged = std::min(message.acknowledged, expected - 1);
    message.sent = expected - 1;
    parts_.oracle.reach(Reached::stream_resent);
    return;
  }
  if (!payload.value("retryable", false))
    throw Violation(name_.device + " cannot stream: " + reply.dump());
  message.sent = message.acknowledged;
}

/// It was cancelled, or interrupted: then another worker may begin it again.
void Producer::on_closed(const std::string& message_id) {
  if (growing_.at(message_id).generation < 3 && parts_.random.percent(50))
    return begin_again(message_id, false);
  drop(message_id);
}

void Producer::send_as_zombie() {
  if (zombies_.empty()) return;
  Zombie& zombie = zombies_.back();
  if (zombie.message.sent == zombie.message.pieces.size() || parts_.random.percent(10))
    return zombies_.pop_back();
  const auto newer = growing_.find(zombie.message_id);
  const std::uint64_t life = parts_.oracle.server_life();
  const bool given_up = newer != growing_.end() && newer->second.acknowledged > 0 &&
                        newer->second.generation > zombie.message.generation &&
                        newer->second.server_life == life;
  send_piece(
      zombie.message_id, zombie.message, ++zombie.message.sent,
      [this, given_up, life, id = zombie.message_id](const json& reply) {
        const json& payload = reply.at("payload");
        if (reply.at("type") == "error") {
          if (payload.at("name") == "stream_fenced") parts_.oracle.reach(Reached::zombie_fenced);
          return;
        }
        if (given_up && life == parts_.oracle.server_life() && !payload.value("duplicate", false))
          throw Violation(name_.device + "'s zombie writes into " + id);
      });
}

void Producer::send_again() {
  for (auto& [id, message] : growing_) {
    if (message.sent != message.acknowledged) parts_.oracle.reach(Reached::stream_resent);
    message.sent = message.acknowledged;
  }
  send_pieces();
}

std::string Producer::unsettled() const { return growing_.empty() ? "" : growing_.begin()->first; }

}  // namespace tidewire::sim
