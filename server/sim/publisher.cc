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
  if (parts_.receipts && parts_.random.percent(20)) {
    event.receipt = {{"kind", parts_.random.percent(50) ? "read" : "delivered"}};
    if (parts_.random.percent(50))
      event.receipt["count"] = "all";
    else
      event.receipt["count"] = 1 + parts_.random.below(3);
  }
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
  if (!event.receipt.is_null()) message["receipt"] = event.receipt;
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
                               event.payload, wire_.server_life());
    if (!event.receipt.is_null()) expect_receipt(event, payload);
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

void Publisher::expect_receipt(const Outgoing& event, const json& ack) {
  Wait wait{.kind = event.receipt.at("kind")};
  if (event.receipt.at("count").is_number()) wait.count = event.receipt.at("count");
  const Place place{event.channel, {ack.at("epoch"), ack.at("offset")}};
  waits_[place] = wait;
}

void Publisher::on_receipt(const std::string& channel, const json& payload) {
  const Position position{payload.at("epoch"), payload.at("offset")};
  const auto found = waits_.find({channel, position});
  if (found == waits_.end())
    throw Violation(name_.device + " gets a receipt before the ack: " + payload.dump());
  check_receipt(channel, found->second, payload);
  waits_.erase(found);
}

void Publisher::check_receipt(const std::string& channel, const Wait& wait, const json& payload) {
  const Position position{payload.at("epoch"), payload.at("offset")};
  if (payload.at("kind") != wait.kind)
    throw Violation(name_.device + " did not ask for " + payload.dump());
  const std::uint64_t count = payload.at("count");
  const bool complete = payload.at("complete");
  if (count != payload.at("consumers").size() ||
      (wait.count != 0 && complete != (count >= wait.count)))
    throw Violation(name_.device + " is told a wrong number: " + payload.dump());
  for (const std::string consumer : payload.at("consumers")) {
    if (consumer == name_.user) throw Violation(consumer + " is told of itself");
    Cursor cursor{.delivered = position.offset};
    if (wait.kind == "read") cursor.read = position.offset;
    parts_.oracle.receipts().check(channel, position.epoch, consumer, cursor);
  }
  parts_.oracle.reach(complete ? Reached::receipt_complete : Reached::receipt_timed_out);
}

std::string Publisher::unsettled() const {
  if (!outgoing_.empty()) return "the ack of " + outgoing_.begin()->first;
  if (waits_.empty()) return {};
  const Place& place = waits_.begin()->first;
  return "the receipt of " + place.first + " " + std::to_string(place.second.offset);
}

}  // namespace tidewire::sim
