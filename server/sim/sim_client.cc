#include "sim_client.h"

#include <utility>

namespace tidewire::sim {

using nlohmann::json;

SimClient::SimClient(ClientName name, const ClientParts& parts)
    : name_(std::move(name)),
      parts_(parts),
      wire_(name_.device, parts_,
            {.begins = [this] { begin(); },
             .opened = [this] { authenticate(); },
             .ended = [this] { active_ = false; },
             .message = [this](const json& message) { on_message(message); },
             .deserved = [this](unsigned code) { return refused_ && code == 4401; }}),
      reading_(name_, parts_, wire_),
      publishing_(name_, parts_, wire_),
      producing_(name_, parts_, wire_),
      calls_(name_, parts_, wire_) {}

void SimClient::begin() {
  active_ = false;
  hidden_ = false;
  stealing_ = false;
  refused_ = false;
  if (!session_.empty() && parts_.random.percent(20)) forget_session();
  reading_.begin();
  publishing_.begin();
  ++connections_;
}

void SimClient::authenticate() {
  json payload{{"token", parts_.token(name_.user)}};
  if (!session_.empty()) {
    payload["sessionId"] = session_;
    if (parts_.random.percent(50)) payload["positions"] = reading_.positions();
  }
  if (parts_.random.percent(2)) {
    const std::string foreign = parts_.foreign_session(name_.user);
    stealing_ = !foreign.empty();
    if (stealing_) payload["sessionId"] = foreign;
  }
  wire_.ask({{"type", "auth"}, {"payload", std::move(payload)}},
            [this](const json& reply) { on_auth_reply(reply); });
  if (!parts_.random.percent(20)) return;
  // It is taken when the session is back.
  wire_.ask(
      {{"type", "stream_status"}, {"channel", name_.channels.front()}, {"payload", json::object()}},
      [this](const json& reply) {
        if (reply.at("type") == "stream_status") parts_.oracle.reach(Reached::held_answered);
      });
}

void SimClient::on_message(const json& message) {
  const std::string type = message.at("type");
  if (type == "unsubscribed") return reading_.on_unsubscribed(message);
  if (type == "stream_cancel") return producing_.drop(message.at("payload").at("messageId"));
  if (type == "rpc_request") return calls_.on_request(message.at("payload"), calm_);
  if (type == "rpc_cancel") return calls_.on_stop(message.at("payload"));
  if (type == "note") return on_direct(message);
  if (type == "goaway") return parts_.oracle.reach(Reached::told_to_go);
  // What answers a message without an id is no event either: an ack that crossed `unsubscribed`.
  if (!message.contains("channel") || type == "error") return;
  const std::string channel = message.at("channel");
  if (type == "subscribed") return reading_.on_subscribed(channel, message.at("payload"));
  if (type == "receipt") return publishing_.on_receipt(channel, message.at("payload"));
  reading_.on_event(channel, message);
}

/// An event of the application, for this session or for this user.
void SimClient::on_direct(const json& event) {
  const json& payload = event.at("payload");
  if (payload.at("user") != name_.user || payload.value("session", session_) != session_)
    throw Violation(name_.device + " gets an event for somebody else: " + event.dump());
  if (!parts_.oracle.direct().received(event.at("key"), session_))
    return parts_.oracle.reach(Reached::direct_repeated);
  parts_.oracle.reach(Reached::direct_received);
  if (payload.at("connection") != connections_)
    parts_.oracle.reach(Reached::direct_outlived_connection);
  if (payload.at("life") != wire_.server_life())
    parts_.oracle.reach(Reached::direct_outlived_server);
  else if (payload.value("seenIn", wire_.server_life()) != wire_.server_life())
    parts_.oracle.reach(Reached::direct_before_resume);
}

void SimClient::on_auth_reply(const json& reply) {
  const json& payload = reply.at("payload");
  if (reply.at("type") == "welcome") return on_welcome(payload);
  if (!stealing_ || payload.at("name") != "session_mismatch")
    throw Violation(name_.device + " may not come back: " + reply.dump());
  parts_.oracle.reach(Reached::theft_refused);
  refused_ = true;
}

void SimClient::on_welcome(const json& payload) {
  active_ = true;
  const std::string session = payload.at("sessionId");
  const bool resumed = payload.at("resumed");
  if (payload.at("userId") != name_.user)
    throw Violation(name_.device + " is taken for " + payload.at("userId").dump());
  if (resumed) {
    on_resumed(payload);
  } else {
    if (!session_.empty()) parts_.oracle.reach(Reached::session_unknown);
    if (session == session_)
      throw Violation(name_.device + " is given an old session anew: " + session);
    forget_session();
    session_ = session;
  }
  const std::uint64_t life = std::exchange(session_life_, parts_.oracle.server_life());
  reading_.on_welcome(resumed ? payload.at("restored") : json::array(), life != session_life_);
  calls_.serve();
  publishing_.publish_again();
  producing_.send_again();
}

void SimClient::on_resumed(const json& payload) {
  if (payload.at("sessionId") != session_ || stealing_)
    throw Violation(name_.device + " is given another session: " + payload.dump());
  parts_.oracle.reach(Reached::session_resumed);
  if (session_life_ == parts_.oracle.server_life()) return;
  parts_.oracle.reach(Reached::session_outlived_server);
  if (!payload.at("restored").empty()) parts_.oracle.reach(Reached::channel_outlived_server);
}

void SimClient::forget_session() {
  session_.clear();
  publishing_.forget_numbers();
}

/// The client ends its session.
void SimClient::say_goodbye() {
  parts_.oracle.reach(Reached::said_goodbye);
  wire_.close(std::string("\x03\xe8", 2));
}

// What the application does.

void SimClient::act() {
  if (!active_) return;
  producing_.send_pieces();
  if (calm_ && hidden_) change_visibility();
  if (calm_) return reading_.acknowledge_all();
  producing_.send_as_zombie();
  act_by(parts_.random.below(100));
}

void SimClient::act_by(std::uint64_t dice) {
  if (dice < 40) return publishing_.publish_new();
  if (dice < 50) return producing_.begin_message();
  if (dice < 53) return cancel_some();
  if (dice < 54) return producing_.begin_some_again();
  if (dice < 55) return change_visibility();
  if (dice < 70) return change_state();
  if (dice < 75) return type();
  if (dice < 78) return reading_.unsubscribe(parts_.random.pick(name_.channels));
  if (dice < 79) return leave();
  if (dice < 84 && parts_.calls) calls_.call();
}

void SimClient::type() {
  wire_.send(
      {{"type", "user_typing"},
       {"channel", parts_.random.pick(name_.channels)},
       {"payload", {{"userId", name_.user}, {"sessionId", name_.device}, {"isTyping", true}}}});
}

void SimClient::leave() {
  if (parts_.random.percent(30)) return say_goodbye();
  wire_.finish();
}

void SimClient::cancel_some() {
  const std::string channel = parts_.random.pick(name_.channels);
  auto ids = view(channel).growing();
  if (ids.empty()) return;
  wire_.ask({{"type", "stream_cancel"},
             {"channel", channel},
             {"payload", {{"messageId", parts_.random.pick(ids)}}}},
            [](const json& /*reply*/) {});
}

void SimClient::change_visibility() {
  hidden_ = !hidden_;
  wire_.ask({{"type", "visibility"}, {"payload", {{"state", hidden_ ? "hidden" : "visible"}}}},
            [this](const json& /*reply*/) { parts_.oracle.reach(Reached::visibility_told); });
}

void SimClient::change_state() {
  const std::string channel = parts_.random.pick(name_.channels);
  const std::string key = "k" + std::to_string(parts_.random.below(3));
  const std::uint64_t version = view(channel).version_of(key);
  json payload{{"key", key}, {"ifVersion", version}};
  const bool erase = version != 0 && parts_.random.percent(25);
  if (!erase) payload["value"] = wire_.number();
  if (erase) parts_.oracle.state_may_go(channel, key, version);
  wire_.ask(
      {{"type", erase ? "state_delete" : "state_set"}, {"channel", channel}, {"payload", payload}},
      [this, channel, key, erase](const json& reply) {
        const json& payload = reply.at("payload");
        if (reply.at("type") == "error" && payload.at("name") == "conflict")
          parts_.oracle.reach(Reached::state_conflict);
        if (reply.at("type") == "state" && !erase)
          parts_.oracle.state_acknowledged(channel, key, payload.at("version"),
                                           wire_.server_life());
      });
}

std::string SimClient::unsettled() const {
  const std::string& who = name_.device;
  if (!active_) return who + " is not connected";
  if (auto what = publishing_.unsettled(); !what.empty()) return who + " waits for " + what;
  if (auto what = producing_.unsettled(); !what.empty()) return who + " still streams " + what;
  if (wire_.waits()) return who + " waits for a reply";
  if (auto what = reading_.unsettled(); !what.empty()) return who + " is not subscribed to " + what;
  return {};
}

}  // namespace tidewire::sim
