#include "publisher.h"

#include <utility>

namespace tidewire::sim {

using nlohmann::json;

namespace {

constexpr std::size_t kOutgoingMax = 6;

}  // namespace

void Publisher::publish_new() {
  if (outgoing_.size() >= kOutgoingMax) return;
  const std::string key = name_.device + "/" + std::to_string(wire_.number());
  const std::size_t padding = parts_.random.percent(10) ? 2'000 : 10;
  Outgoing event{.channel = parts_.random.pick(name_.channels),
                 .key = key,
                 .payload = {{"content", key + std::string(padding, '.')}, {"role", "user"}}};
  if (parts_.random.percent(25)) event.seq = ++seq_;
  outgoing_.emplace(key, event);
  publish(event);
}

void Publisher::publish_again() {
  for (const auto& [key, event] : outgoing_) publish(event);
}

void Publisher::forget_numbers() {
  seq_ = 0;
  std::erase_if(outgoing_, [](const auto& each) { return each.second.seq != 0; });
}

void Publisher::publish(const Outgoing& event) {
  json message{{"type", "chat_message"}, {"channel", event.channel}, {"payload", event.payload}};
  if (event.seq != 0) {
    message["seq"] = event.seq;
  } else {
    message["key"] = event.key;
  }
  wire_.ask(std::move(message),
            [this, key = event.key](const json& reply) { on_reply(key, reply); });
}

void Publisher::on_reply(const std::string& key, const json& reply) {
  const auto found = outgoing_.find(key);
  if (found == outgoing_.end()) return;
  const Outgoing& event = found->second;
  const json& payload = reply.at("payload");
  if (reply.at("type") == "ack" && !payload.contains("offset")) {
    // Its number was taken so long ago that nobody knows where it stands.
    outgoing_.erase(found);
    return;
  }
  if (reply.at("type") == "ack") {
    parts_.oracle.acknowledged(event.channel, {payload.at("epoch"), payload.at("offset")},
                               event.payload);
    if (payload.value("duplicate", false)) parts_.oracle.reach(Reached::duplicate_acknowledged);
    outgoing_.erase(found);
    return;
  }
  if (!payload.value("retryable", false))
    throw Violation(name_.device + " cannot publish: " + reply.dump());
  wire_.later(50, [this, key] {
    const auto again = outgoing_.find(key);
    if (again != outgoing_.end()) publish(again->second);
  });
}

std::string Publisher::unsettled() const {
  return outgoing_.empty() ? "" : "the ack of " + outgoing_.begin()->first;
}

}  // namespace tidewire::sim
