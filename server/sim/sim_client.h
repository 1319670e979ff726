#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "calls.h"
#include "client_wire.h"
#include "producer.h"
#include "publisher.h"
#include "subscriptions.h"

namespace tidewire::sim {

/// An application with a user: connects and comes back to its session, publishes until it is
/// acknowledged, lets messages grow, reads along, changes shared state.
///
/// Owner: the World. It never gives up while the run lasts.
class SimClient {
 public:
  SimClient(ClientName name, const ClientParts& parts);

  void start() { wire_.connect(); }
  /// Does one thing that its application might do now.
  void act();
  /// From now on it only brings to an end what it has begun.
  void calm() { calm_ = true; }

  // Faults that the world brings upon it.
  void cut_link() { wire_.cut(); }
  void silence_link() { wire_.fall_silent(); }
  void stall_link(std::int64_t ms) { wire_.stall(ms); }

  /// What it still waits for; empty: connected, subscribed to everything, and nothing is open.
  [[nodiscard]] std::string unsettled() const;
  [[nodiscard]] const std::string& session() const { return session_; }
  /// The life of the server in which it was last there.
  [[nodiscard]] std::uint64_t session_life() const { return session_life_; }
  /// How many it has had.
  [[nodiscard]] std::uint64_t connections() const { return connections_; }
  [[nodiscard]] const std::string& user() const { return name_.user; }
  [[nodiscard]] const std::vector<std::string>& channels() const { return name_.channels; }
  [[nodiscard]] ChannelView& view(const std::string& channel) { return reading_.view(channel); }

  /// Asks, outside of the plot, and hands over the reply.
  void ask(nlohmann::json message, ClientWire::Then then) {
    wire_.ask(std::move(message), std::move(then));
  }

 private:
  void begin();
  void authenticate();
  void on_message(const nlohmann::json& message);
  void on_auth_reply(const nlohmann::json& reply);
  void on_welcome(const nlohmann::json& payload);
  void on_resumed(const nlohmann::json& payload);
  void forget_session();
  void say_goodbye();

  void act_by(std::uint64_t dice);
  void type();
  void leave();
  void on_direct(const nlohmann::json& event);
  void cancel_some();
  void change_state();
  void change_visibility();

  ClientName name_;
  ClientParts parts_;
  ClientWire wire_;
  Subscriptions reading_;
  Publisher publishing_;
  Producer producing_;
  Calls calls_;
  std::string session_;             // to go on with; empty: none
  std::uint64_t session_life_ = 0;  // of the server that it was seen in
  bool stealing_ = false;           // this connection has named a session of somebody else
  bool refused_ = false;            // and was told that it must not
  std::uint64_t connections_ = 0;
  bool active_ = false;
  bool calm_ = false;
  bool hidden_ = false;
};

}  // namespace tidewire::sim
