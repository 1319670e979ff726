#include "client_wire.h"

#include <utility>

#include "ws/client_frames.h"

namespace tidewire::sim {

using nlohmann::json;

namespace {

constexpr std::int64_t kHearsWithinMs = 9'000;  // heartbeat, its timeout, and the network

}  // namespace

void ClientWire::connect() {
  link_ = parts_.dial();
  ++life_;
  server_life_ = parts_.oracle.server_life();
  frames_ = {};
  waiting_.clear();
  events_.begins();
  if (!link_) return later(parts_.random.between(20, 400), [this] { connect(); });
  heard_at_ = parts_.schedule.now();
  link_->listen(
      [this, life = life_](const std::string& bytes) {
        if (life == life_) on_bytes(bytes);
      },
      [this, life = life_] {
        if (life == life_) on_end();
      });
  events_.opened();
  watch();
}

void ClientWire::later(std::int64_t ms, std::function<void()> task) {
  parts_.schedule.after(ms, [this, life = life_, task = std::move(task)] {
    if (life == life_) task();
  });
}

void ClientWire::watch() {
  later(1'000, [this] {
    if (parts_.schedule.now() - heard_at_ < kHearsWithinMs) return watch();
    parts_.oracle.reach(Reached::half_open_noticed);
    link_->cut();
  });
}

void ClientWire::on_end() {
  events_.ended();
  parts_.oracle.reach(Reached::reconnected);
  ++life_;
  later(parts_.random.between(5, 300), [this] { connect(); });
}

void ClientWire::on_bytes(const std::string& bytes) {
  heard_at_ = parts_.schedule.now();
  frames_.add(bytes);
  while (auto frame = frames_.next()) {
    if (frame->opcode == 9) link_->send(ws::client_frame(ws::Opcode::pong, frame->payload));
    if (frame->opcode == 8) return on_close(frame->payload);
    if (frame->opcode == 1) on_message(json::parse(frame->payload));
  }
}

void ClientWire::on_close(const std::string& payload) {
  const auto code = static_cast<unsigned>(static_cast<unsigned char>(payload[0]) << 8U |
                                          static_cast<unsigned char>(payload[1]));
  if (code == 4008) parts_.oracle.reach(Reached::slow_reader_closed);
  if (code == 4012) parts_.oracle.reach(Reached::closed_for_restart);
  if (code >= 4400 && !events_.deserved(code))
    throw Violation(device_ + " is sent away with " + payload.substr(2));
  link_->finish();
}

void ClientWire::send(const json& message) {
  link_->send(ws::client_frame(ws::Opcode::text, message.dump()));
}

void ClientWire::close(const std::string& payload) {
  link_->send(ws::client_frame(ws::Opcode::close, payload));
}

std::string ClientWire::ask(json message, Then then) {
  const std::string id = std::to_string(number());
  message["id"] = id;
  waiting_.emplace(id, std::move(then));
  send(message);
  return id;
}

void ClientWire::on_message(const json& message) {
  const std::string type = message.at("type");
  if (type == "connection_heartbeat" && !message.contains("id")) {
    parts_.oracle.reach(Reached::heartbeat_answered);
    ask({{"type", "connection_heartbeat"}, {"payload", {{"timestamp", 1}}}},
        [](const json& /*reply*/) {});
    return;
  }
  const bool is_reply = message.contains("id") && type != "unsubscribed";
  if (is_reply) return on_reply(message);
  events_.message(message);
}

void ClientWire::on_reply(const json& message) {
  const auto found = waiting_.find(message.at("id"));
  if (found == waiting_.end()) throw Violation(device_ + " gets a second reply: " + message.dump());
  const auto then = std::move(found->second);
  waiting_.erase(found);
  if (message.at("type") == "error") parts_.oracle.reach(Reached::error_answered);
  then(message);
}

void ClientWire::cut() {
  if (!link_ || link_->ended()) return;
  parts_.oracle.reach(Reached::link_reset);
  link_->cut();
}

void ClientWire::fall_silent() {
  if (link_) link_->fall_silent();
}

void ClientWire::stall(std::int64_t ms) {
  if (link_) link_->stall(ms);
}

}  // namespace tidewire::sim
