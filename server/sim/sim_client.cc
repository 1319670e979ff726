#include "sim_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ws/client_frames.h"

namespace tidewire::sim {

using nlohmann::json;

namespace {

constexpr std::int64_t kHearsWithinMs = 9'000;  // heartbeat, its timeout, and the network
constexpr std::size_t kOutgoingMax = 6;
constexpr std::size_t kPiecesAhead = 4;

std::string random_words(Random& random) {
  static const std::vector<std::string> words{"train ", "Zürich ", "東京 ", "🚆",
                                              "über ",  "a",       "\n"};
  std::string text;
  for (std::uint64_t i = 1 + random.below(5); i > 0; --i) text += words[random.below(words.size())];
  return text;
}

json position_of(const ChannelView& view) {
  return {{"epoch", view.position().epoch}, {"offset", view.position().offset}};
}

}  // namespace

SimClient::SimClient(std::string name, std::string user, std::vector<std::string> channels,
                     const ClientParts& parts)
    : name_(std::move(name)),
      user_(std::move(user)),
      channels_(std::move(channels)),
      parts_(parts) {
  for (const std::string& channel : channels_)
    views_.emplace(channel, ChannelView(name_, channel, parts_.oracle));
}

// The connection.

void SimClient::connect() {
  link_ = parts_.dial();
  const std::uint64_t life = ++life_;
  active_ = false;
  frames_ = {};
  waiting_.clear();
  subscribed_.clear();
  restored_.clear();
  hidden_ = false;
  if (!session_.empty() && parts_.random.percent(20)) forget_session();
  for (auto& [channel, view] : views_) view.on_unsubscribed();
  if (!link_) {
    parts_.schedule.after(parts_.random.between(20, 400), [this, life] {
      if (life == life_) connect();
    });
    return;
  }
  heard_at_ = parts_.schedule.now();
  link_->listen(
      [this, life](const std::string& bytes) {
        if (life == life_) on_bytes(bytes);
      },
      [this, life] {
        if (life == life_) on_end();
      });
  json payload{{"token", parts_.token(user_)}};
  if (!session_.empty()) {
    payload["sessionId"] = session_;
    if (parts_.random.percent(50)) {
      payload["positions"] = json::object();
      for (const auto& [channel, view] : views_)
        if (view.has_position()) payload["positions"][channel] = position_of(view);
    }
  }
  send({{"type", "auth"}, {"id", "auth"}, {"payload", std::move(payload)}});
  if (parts_.random.percent(20)) {
    // It is taken when the session is back.
    ask({{"type", "stream_status"}, {"channel", channels_.front()}, {"payload", json::object()}},
        [this](const json& reply) {
          if (reply.at("type") == "stream_status") parts_.oracle.reach(Reached::held_answered);
        });
  }
  watch();
}

void SimClient::watch() {
  parts_.schedule.after(1'000, [this, life = life_] {
    if (life != life_) return;
    if (parts_.schedule.now() - heard_at_ < kHearsWithinMs) return watch();
    parts_.oracle.reach(Reached::half_open_noticed);
    link_->cut();
  });
}

void SimClient::on_end() {
  active_ = false;
  parts_.oracle.reach(Reached::reconnected);
  const std::uint64_t life = ++life_;
  parts_.schedule.after(parts_.random.between(5, 300), [this, life] {
    if (life == life_) connect();
  });
}

void SimClient::on_bytes(const std::string& bytes) {
  heard_at_ = parts_.schedule.now();
  frames_.add(bytes);
  while (auto frame = frames_.next()) {
    if (frame->opcode == 9) link_->send(ws::client_frame(ws::Opcode::pong, frame->payload));
    if (frame->opcode == 8) {
      const auto code = static_cast<unsigned>(static_cast<unsigned char>(frame->payload[0]) << 8U |
                                              static_cast<unsigned char>(frame->payload[1]));
      if (code == 4008) parts_.oracle.reach(Reached::slow_reader_closed);
      if (code >= 4400) throw Violation(name_ + " is sent away with " + frame->payload.substr(2));
      return link_->finish();
    }
    if (frame->opcode != 1) continue;
    on_message(json::parse(frame->payload));
  }
}

void SimClient::send(const json& message) {
  link_->send(ws::client_frame(ws::Opcode::text, message.dump()));
}

void SimClient::ask(json message, std::function<void(const json&)> then) {
  const std::string id = std::to_string(++made_);
  message["id"] = id;
  waiting_.emplace(id, std::move(then));
  send(message);
}

void SimClient::on_message(const json& message) {
  const std::string type = message.at("type");
  if (type == "welcome") return on_welcome(message.at("payload"));
  if (type == "connection_heartbeat" && !message.contains("id")) {
    parts_.oracle.reach(Reached::heartbeat_answered);
    return ask({{"type", "connection_heartbeat"}, {"payload", {{"timestamp", 1}}}},
               [](const json& /*reply*/) {});
  }
  if (type == "unsubscribed") return on_unsubscribed(message);
  if (message.contains("id")) return on_reply(message);
  if (type == "stream_cancel") return drop_message(message.at("payload").at("messageId"));
  // What answers a message without an id is no event either: an ack that crossed `unsubscribed`.
  if (!message.contains("channel") || type == "error") return;
  const std::string channel = message.at("channel");
  if (type == "subscribed") return on_subscribed(channel, message.at("payload"));
  if (!subscribed_[channel])
    throw Violation(name_ + " gets an event of " + channel + " without a subscription: " + type);
  on_live_event(channel, message);
}

void SimClient::on_reply(const json& message) {
  const auto found = waiting_.find(message.at("id"));
  if (found == waiting_.end()) throw Violation(name_ + " gets a second reply: " + message.dump());
  const auto then = std::move(found->second);
  waiting_.erase(found);
  if (message.at("type") == "error") parts_.oracle.reach(Reached::error_answered);
  then(message);
}

void SimClient::on_welcome(const json& payload) {
  active_ = true;
  const std::string session = payload.at("sessionId");
  if (payload.at("resumed")) {
    if (session != session_) throw Violation(name_ + " is given another session: " + session);
    on_resumed(payload);
  } else {
    if (!session_.empty()) parts_.oracle.reach(Reached::session_unknown);
    if (session == session_) throw Violation(name_ + " is given an old session anew: " + session);
    forget_session();
    session_ = session;
  }
  for (const std::string& channel : channels_)
    if (!restored_.contains(channel)) subscribe(channel);
  for (const auto& [key, event] : outgoing_) publish(event);
  for (auto& [id, message] : growing_) {
    if (message.sent != message.acknowledged) parts_.oracle.reach(Reached::stream_resent);
    message.sent = message.acknowledged;
  }
  send_pieces();
}

void SimClient::on_resumed(const json& payload) {
  parts_.oracle.reach(Reached::session_resumed);
  for (const json& channel : payload.at("restored"))
    if (!restored_.insert(channel).second)
      throw Violation(name_ + " gets twice back " + channel.get<std::string>());
}

/// What became of a numbered publish without an answer nobody will know now.
void SimClient::forget_session() {
  session_.clear();
  seq_ = 0;
  std::erase_if(outgoing_, [](const auto& each) { return each.second.seq != 0; });
}

/// The client ends its session.
void SimClient::say_goodbye() {
  parts_.oracle.reach(Reached::said_goodbye);
  link_->send(ws::client_frame(ws::Opcode::close, std::string("\x03\xe8", 2)));
}

void SimClient::on_subscribed(const std::string& channel, const json& payload) {
  if (restored_.erase(channel) != 0) parts_.oracle.reach(Reached::channel_restored);
  subscribed_[channel] = true;
  ChannelView& view = views_.at(channel);
  const std::uint64_t before = view.position().offset;
  view.on_subscribed(payload);
  const std::uint64_t top = payload.at("offset");
  acks_[channel] = {.top = top, .asked = payload.value("recovered", false) ? before : top};
  plan_ack(channel);
}

bool SimClient::must_ack(const std::string& channel) { return channel.starts_with("work:"); }

void SimClient::on_live_event(const std::string& channel, const json& event) {
  views_.at(channel).on_event(event);
  if (!event.contains("offset") || !must_ack(channel)) return;
  const Acks& acks = acks_[channel];
  const std::uint64_t most = std::max(acks.top, acks.asked + parts_.ack_window);
  const std::uint64_t offset = event.at("offset");
  if (parts_.ack_window != 0 && offset > most)
    throw Violation(name_ + " is sent " + channel + " " + std::to_string(offset) + ", at most " +
                    std::to_string(most) + " may come before an ack");
  if (parts_.ack_window != 0 && offset == acks.asked + parts_.ack_window)
    parts_.oracle.reach(Reached::ack_window_full);
  plan_ack(channel);
}

/// Processes what has come; now and then the word about it is forgotten.
void SimClient::plan_ack(const std::string& channel) {
  if (!must_ack(channel) || parts_.random.percent(25)) return;
  parts_.schedule.after(parts_.random.between(1, 200), [this, channel, life = life_] {
    if (life == life_ && subscribed_[channel]) acknowledge(channel);
  });
}

void SimClient::acknowledge(const std::string& channel) {
  const Position position = views_.at(channel).position();
  if (position.offset == 0) return;
  acks_[channel].asked = std::max(acks_[channel].asked, position.offset);
  ask({{"type", "ack"},
       {"channel", channel},
       {"payload", {{"epoch", position.epoch}, {"offset", position.offset}}}},
      [this, channel, position](const json& reply) {
        const json& payload = reply.at("payload");
        if (reply.at("type") == "ack") {
          parts_.oracle.reach(Reached::acknowledged);
          if (views_.at(channel).position().epoch == position.epoch)
            acks_[channel].told = std::max(acks_[channel].told, position.offset);
        } else if (payload.at("name") != "not_subscribed") {
          throw Violation(name_ + " may not acknowledge: " + reply.dump());
        }
      });
}

void SimClient::subscribe(const std::string& channel) {
  ChannelView& view = views_.at(channel);
  json payload = json::object();
  if (view.has_position()) payload["since"] = position_of(view);
  choose_mode(channel, payload);
  ask({{"type", "subscribe"}, {"channel", channel}, {"payload", payload}},
      [this, channel](const json& reply) {
        if (reply.at("type") != "subscribed") return on_refused(channel, reply);
        on_subscribed(channel, reply.at("payload"));
      });
}

/// A store that cannot be read is no reason to give up.
void SimClient::on_refused(const std::string& channel, const json& reply) {
  if (!reply.at("payload").value("retryable", false))
    throw Violation(name_ + " may not subscribe: " + reply.dump());
  subscribe_later(channel);
}

void SimClient::subscribe_later(const std::string& channel) {
  parts_.schedule.after(parts_.random.between(1, 100), [this, channel, life = life_] {
    if (life == life_ && active_) subscribe(channel);
  });
}

void SimClient::on_unsubscribed(const json& message) {
  const std::string channel = message.at("channel");
  if (message.at("payload").value("reason", "") == "insufficient_state")
    parts_.oracle.reach(Reached::subscription_lost);
  restored_.erase(channel);
  subscribed_[channel] = false;
  views_.at(channel).on_unsubscribed();
  if (message.contains("id")) waiting_.erase(message.at("id").get<std::string>());
  subscribe_later(channel);
}

// What the application does.

void SimClient::act() {
  if (!active_) return;
  send_pieces();
  if (calm_ && hidden_) change_visibility();
  if (calm_)
    for (const std::string& channel : channels_)
      if (must_ack(channel) && subscribed_[channel] &&
          acks_[channel].told < views_.at(channel).position().offset)
        acknowledge(channel);
  if (calm_) return;
  send_as_zombie();
  const std::uint64_t dice = parts_.random.below(100);
  if (dice < 40)
    publish_new();
  else if (dice < 50)
    begin_message();
  else if (dice < 53)
    cancel_some();
  else if (dice < 54)
    begin_some_again();
  else if (dice < 55)
    change_visibility();
  else if (dice < 70)
    change_state();
  else if (dice < 75)
    send({{"type", "user_typing"},
          {"channel", parts_.random.pick(channels_)},
          {"payload", {{"userId", user_}, {"sessionId", name_}, {"isTyping", true}}}});
  else if (dice < 78) {
    const std::string channel = parts_.random.pick(channels_);
    if (subscribed_[channel])
      ask({{"type", "unsubscribe"}, {"channel", channel}}, [](const json& /*reply*/) {});
  } else if (dice < 79) {
    if (parts_.random.percent(30)) return say_goodbye();
    link_->finish();
  }
}

void SimClient::publish_new() {
  if (outgoing_.size() >= kOutgoingMax) return;
  const std::string key = name_ + "/" + std::to_string(++made_);
  const std::size_t padding = parts_.random.percent(10) ? 2'000 : 10;
  Outgoing event{.channel = parts_.random.pick(channels_),
                 .key = key,
                 .payload = {{"content", key + std::string(padding, '.')}, {"role", "user"}}};
  if (parts_.random.percent(25)) event.seq = ++seq_;
  outgoing_.emplace(key, event);
  publish(event);
}

void SimClient::publish(const Outgoing& event) {
  json message{{"type", "chat_message"}, {"channel", event.channel}, {"payload", event.payload}};
  if (event.seq != 0) {
    message["seq"] = event.seq;
  } else {
    message["key"] = event.key;
  }
  ask(std::move(message), [this, key = event.key](const json& reply) { on_published(key, reply); });
}

void SimClient::on_published(const std::string& key, const json& reply) {
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
    throw Violation(name_ + " cannot publish: " + reply.dump());
  parts_.schedule.after(50, [this, key, life = life_] {
    const auto again = outgoing_.find(key);
    if (life == life_ && again != outgoing_.end()) publish(again->second);
  });
}

std::vector<AnswerPiece> SimClient::new_pieces() {
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

void SimClient::begin_message() {
  if (growing_.size() >= 2) return;
  const std::string id = name_ + "-m" + std::to_string(++made_);
  Growing message{.channel = parts_.random.pick(channels_), .pieces = new_pieces()};
  parts_.oracle.intends(id, 0, message.pieces);
  const auto [begun, fresh] = growing_.emplace(id, std::move(message));
  if (parts_.random.percent(10)) open_stream(id, begun->second);
}

/// Another worker takes the message over and says something else.
void SimClient::begin_again(const std::string& message_id, bool leave_zombie) {
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

void SimClient::begin_some_again() {
  for (const auto& [id, message] : growing_)
    if (message.acknowledged > 0 && message.generation < 3) return begin_again(id, true);
}

void SimClient::open_stream(const std::string& message_id, const Growing& message) {
  ask({{"type", "stream_open"},
       {"channel", message.channel},
       {"payload", {{"messageId", message_id}, {"generation", message.generation}}}},
      [this](const json& reply) {
        if (reply.at("type") == "ack") parts_.oracle.reach(Reached::stream_announced);
      });
}

void SimClient::send_piece(const std::string& message_id, const Growing& message, std::size_t index,
                           std::function<void(const json&)> then) {
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
  ask({{"type", "chat_message_chunk"},
       {"channel", message.channel},
       {"payload", std::move(payload)}},
      std::move(then));
}

void SimClient::send_pieces() {
  for (auto& [id, message] : growing_) {
    message.sent = std::max(message.sent, message.acknowledged);
    if (message.sent == message.pieces.size() ||
        message.sent >= message.acknowledged + kPiecesAhead)
      continue;
    const std::size_t index = ++message.sent;
    send_piece(id, message, index,
               [this, id, index, generation = message.generation](const json& reply) {
                 on_piece_reply(id, generation, index, reply);
               });
  }
}

void SimClient::on_piece_reply(const std::string& message_id, std::uint64_t generation,
                               std::size_t index, const json& reply) {
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
    parts_.oracle.completed(message.channel, message_id, position);
    growing_.erase(found);
    return;
  }
  const std::string name = payload.at("name");
  if (name == "stream_closed") return on_closed(message_id);
  if (name == "stream_gap") {
    // The server has lost the beginning, or has not got a piece that failed before.
    const std::size_t expected = payload.at("expectedIndex");
    if (expected > message.pieces.size()) return drop_message(message_id);
    message.acknowledged = std::min(message.acknowledged, expected - 1);
    message.sent = expected - 1;
    parts_.oracle.reach(Reached::stream_resent);
    return;
  }
  if (!payload.value("retryable", false))
    throw Violation(name_ + " cannot stream: " + reply.dump());
  message.sent = message.acknowledged;
}

/// It was cancelled, or interrupted: then another worker may begin it again.
void SimClient::on_closed(const std::string& message_id) {
  if (growing_.at(message_id).generation < 3 && parts_.random.percent(50))
    return begin_again(message_id, false);
  drop_message(message_id);
}

/// A worker that was given up goes on. What it says must not get into the new answer.
void SimClient::send_as_zombie() {
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
          throw Violation(name_ + "'s zombie writes into " + id);
      });
}

void SimClient::cancel_some() {
  const std::string channel = parts_.random.pick(channels_);
  auto ids = views_.at(channel).growing();
  if (ids.empty()) return;
  ask({{"type", "stream_cancel"},
       {"channel", channel},
       {"payload", {{"messageId", parts_.random.pick(ids)}}}},
      [](const json& /*reply*/) {});
}

void SimClient::choose_mode(const std::string& channel, json& payload) {
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

void SimClient::change_visibility() {
  hidden_ = !hidden_;
  ask({{"type", "visibility"}, {"payload", {{"state", hidden_ ? "hidden" : "visible"}}}},
      [this](const json& /*reply*/) { parts_.oracle.reach(Reached::visibility_told); });
}

void SimClient::change_state() {
  const std::string channel = parts_.random.pick(channels_);
  const std::string key = "k" + std::to_string(parts_.random.below(3));
  const std::uint64_t version = views_.at(channel).version_of(key);
  json payload{{"key", key}, {"ifVersion", version}};
  const bool erase = version != 0 && parts_.random.percent(25);
  if (!erase) payload["value"] = ++made_;
  if (erase) parts_.oracle.state_may_go(channel, key, version);
  ask({{"type", erase ? "state_delete" : "state_set"}, {"channel", channel}, {"payload", payload}},
      [this, channel, key, erase](const json& reply) {
        const json& payload = reply.at("payload");
        if (reply.at("type") == "error" && payload.at("name") == "conflict")
          parts_.oracle.reach(Reached::state_conflict);
        if (reply.at("type") == "state" && !erase)
          parts_.oracle.state_acknowledged(channel, key, payload.at("version"));
      });
}

// What happens to it.

void SimClient::cut_link() {
  if (!link_ || link_->ended()) return;
  parts_.oracle.reach(Reached::link_reset);
  link_->cut();
}

void SimClient::silence_link() {
  if (link_) link_->fall_silent();
}

void SimClient::stall_link(std::int64_t ms) {
  if (link_) link_->stall(ms);
}

std::string SimClient::unsettled() const {
  if (!active_) return name_ + " is not connected";
  if (!outgoing_.empty()) return name_ + " waits for the ack of " + outgoing_.begin()->first;
  if (!growing_.empty()) return name_ + " still streams " + growing_.begin()->first;
  if (!waiting_.empty()) return name_ + " waits for a reply";
  for (const std::string& channel : channels_) {
    const auto found = subscribed_.find(channel);
    if (found == subscribed_.end() || !found->second)
      return name_ + " is not subscribed to " + channel;
  }
  return {};
}

}  // namespace tidewire::sim
