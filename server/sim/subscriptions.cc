#include "subscriptions.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tidewire::sim {

using nlohmann::json;

namespace {

/// After which a `subscribed` that recovers goes on.
std::uint64_t beginning_of(const json& payload) {
  return payload.at("offset").get<std::uint64_t>() - payload.at("publications").size();
}

}  // namespace

Subscriptions::Subscriptions(const ClientName& name, const ClientParts& parts, ClientWire& wire)
    : name_(name), parts_(parts), wire_(wire) {
  for (const std::string& channel : name.channels)
    views_.emplace(channel, ChannelView(name.device, name.user, channel,
                                        must_ack(channel) && parts.ack_window == 0, parts.oracle));
}

void Subscriptions::begin() {
  welcome_ = false;
  subscribed_.clear();
  restored_.clear();
  for (auto& [channel, view] : views_) view.on_unsubscribed();
}

json Subscriptions::positions() {
  json positions = json::object();
  for (const auto& [channel, view] : views_)
    if (view.has_position()) positions[channel] = tell_position(channel);
  return positions;
}

json Subscriptions::tell_position(const std::string& channel) {
  const Position& position = views_.at(channel).position();
  Acks& acks = acks_[channel];
  if (acks.epoch == position.epoch) acks.asked = std::max(acks.asked, position.offset);
  return {{"epoch", position.epoch}, {"offset", position.offset}};
}

void Subscriptions::on_welcome(const json& restored, bool old) {
  welcome_ = true;
  for (const std::string channel : restored) {
    if (!restored_.insert(channel).second)
      throw Violation(name_.device + " gets twice back " + channel);
    if (old) view(channel).set_mode(ViewMode::as_configured);
  }
  for (const std::string& channel : name_.channels)
    if (!restored_.contains(channel)) subscribe(channel);
}

void Subscriptions::on_subscribed(const std::string& channel, const json& payload) {
  if (restored_.erase(channel) != 0) parts_.oracle.reach(Reached::channel_restored);
  subscribed_[channel] = true;
  check_resent(channel, payload);
  views_.at(channel).on_subscribed(payload);
  const std::uint64_t top = payload.at("offset");
  acks_[channel] = {.epoch = payload.at("epoch"),
                    .top = top,
                    .asked = payload.value("recovered", false) ? beginning_of(payload) : top};
  plan_ack(channel);
}

/// What was not acknowledged comes again, whoever has seen it before. Where events become dead
/// letters nobody tells the consumer what was passed.
void Subscriptions::check_resent(const std::string& channel, const json& payload) {
  const Acks& acks = acks_[channel];
  if (!must_ack(channel) || parts_.ack_window == 0 || !payload.value("recovered", false) ||
      payload.at("epoch") != acks.epoch)
    return;
  const std::uint64_t from = beginning_of(payload);
  if (from > acks.asked)
    throw Violation(name_.device + " has acknowledged " + channel + " up to " +
                    std::to_string(acks.asked) + ", but is sent what follows " +
                    std::to_string(from));
  if (from < views_.at(channel).position().offset)
    parts_.oracle.reach(Reached::unacknowledged_resent);
}

bool Subscriptions::must_ack(const std::string& channel) { return channel.starts_with("work:"); }

void Subscriptions::on_event(const std::string& channel, const json& event) {
  if (!subscribed_[channel])
    throw Violation(name_.device + " gets an event of " + channel +
                    " without a subscription: " + event.at("type").get<std::string>());
  views_.at(channel).on_event(event);
  if (!event.contains("offset")) return;
  if (!must_ack(channel)) return plan_ack(channel);
  const Acks& acks = acks_[channel];
  const std::uint64_t most = std::max(acks.top, acks.asked + parts_.ack_window);
  const std::uint64_t offset = event.at("offset");
  if (parts_.ack_window != 0 && offset > most)
    throw Violation(name_.device + " is sent " + channel + " " + std::to_string(offset) +
                    ", at most " + std::to_string(most) + " may come before an ack");
  if (parts_.ack_window != 0 && offset == acks.asked + parts_.ack_window)
    parts_.oracle.reach(Reached::ack_window_full);
  plan_ack(channel);
}

/// Processes what has come; now and then the word about it is forgotten.
void Subscriptions::plan_ack(const std::string& channel) {
  if (!may_ack(channel) || parts_.random.percent(25)) return;
  wire_.later(parts_.random.between(1, 200), [this, channel] {
    if (subscribed_[channel]) acknowledge(channel);
  });
}

void Subscriptions::acknowledge(const std::string& channel) {
  const Position position = views_.at(channel).position();
  if (position.offset == 0) return;
  acks_[channel].asked = std::max(acks_[channel].asked, position.offset);
  acks_[channel].waits = true;
  json payload{{"epoch", position.epoch}, {"offset", position.offset}};
  Cursor cursor{.delivered = position.offset};
  if (parts_.receipts && parts_.random.percent(50)) {
    cursor.read = parts_.random.below(position.offset + 1);
    payload["read"] = cursor.read;
  }
  parts_.oracle.receipts().passed(channel, position.epoch, name_.user, cursor);
  wire_.ask({{"type", "ack"}, {"channel", channel}, {"payload", std::move(payload)}},
            [this, channel, position](const json& reply) {
              const json& payload = reply.at("payload");
              acks_[channel].waits = false;
              if (reply.at("type") == "ack") {
                parts_.oracle.reach(Reached::acknowledged);
                if (views_.at(channel).position().epoch == position.epoch)
                  acks_[channel].told = std::max(acks_[channel].told, position.offset);
              } else if (payload.at("name") != "not_subscribed") {
                throw Violation(name_.device + " may not acknowledge: " + reply.dump());
              }
            });
}

void Subscriptions::subscribe(const std::string& channel) {
  ChannelView& view = views_.at(channel);
  json payload = json::object();
  if (view.has_position()) payload["since"] = tell_position(channel);
  choose_mode(channel, payload);
  wire_.ask({{"type", "subscribe"}, {"channel", channel}, {"payload", payload}},
            [this, channel](const json& reply) {
              if (reply.at("type") != "subscribed") return on_refused(channel, reply);
              on_subscribed(channel, reply.at("payload"));
            });
}

/// A store that cannot be read is no reason to give up.
void Subscriptions::on_refused(const std::string& channel, const json& reply) {
  if (!reply.at("payload").value("retryable", false))
    throw Violation(name_.device + " may not subscribe: " + reply.dump());
  subscribe_later(channel);
}

void Subscriptions::subscribe_later(const std::string& channel) {
  wire_.later(parts_.random.between(1, 100), [this, channel] {
    if (welcome_) subscribe(channel);
  });
}

void Subscriptions::on_unsubscribed(const json& message) {
  const std::string channel = message.at("channel");
  if (message.at("payload").value("reason", "") == "insufficient_state")
    parts_.oracle.reach(Reached::subscription_lost);
  restored_.erase(channel);
  subscribed_[channel] = false;
  views_.at(channel).on_unsubscribed();
  if (message.contains("id")) wire_.forget(message.at("id"));
  subscribe_later(channel);
}

void Subscriptions::choose_mode(const std::string& channel, json& payload) {
  static constexpr std::array kModes{ViewMode::as_configured, ViewMode::live,      ViewMode::live,
                                     ViewMode::rolled_up,     ViewMode::conflated, ViewMode::final};
  const ViewMode mode = kModes[parts_.random.below(kModes.size())];
  const std::int64_t window_ms = parts_.random.between(10, 600);
  if (mode == ViewMode::live) payload["rollup"] = 0;
  if (mode == ViewMode::rolled_up) payload["rollup"] = window_ms;
  if (mode == ViewMode::conflated) payload["stream"] = "conflate:" + std::to_string(window_ms);
  if (mode == ViewMode::final) payload["stream"] = "final";
  views_.at(channel).set_mode(mode);
}

void Subscriptions::acknowledge_all() {
  for (const std::string& channel : name_.channels)
    if (may_ack(channel) && subscribed_[channel] && !acks_[channel].waits &&
        acks_[channel].told < views_.at(channel).position().offset)
      acknowledge(channel);
}

void Subscriptions::unsubscribe(const std::string& channel) {
  if (subscribed_[channel])
    wire_.ask({{"type", "unsubscribe"}, {"channel", channel}}, [](const json& /*reply*/) {});
}

std::string Subscriptions::unsettled() const {
  for (const std::string& channel : name_.channels) {
    const auto found = subscribed_.find(channel);
    if (found == subscribed_.end() || !found->second) return channel;
  }
  return {};
}

}  // namespace tidewire::sim
