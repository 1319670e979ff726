#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "client_wire.h"

namespace tidewire::sim {

/// The durable events of one client: each is sent until it is acknowledged, under its key or its
/// number.
class Publisher {
 public:
  Publisher(const ClientName& name, const ClientParts& parts, ClientWire& wire)
      : name_(name), parts_(parts), wire_(wire) {}

  void publish_new();
  /// On a new connection: what has no answer is sent again.
  void publish_again();
  /// The session has ended. What became of a numbered publish without an answer nobody will know
  /// now.
  void forget_numbers();

  /// What it still waits for; empty: nothing.
  [[nodiscard]] std::string unsettled() const;

 private:
  struct Outgoing {
    std::string channel;
    std::string key;
    std::uint64_t seq = 0;  // instead of the key, within this session
    nlohmann::json payload;
  };

  void publish(const Outgoing& event);
  void on_reply(const std::string& key, const nlohmann::json& reply);

  const ClientName& name_;
  const ClientParts& parts_;
  ClientWire& wire_;
  std::uint64_t seq_ = 0;                     // of the session's numbered publishes
  std::map<std::string, Outgoing> outgoing_;  // by key
};

}  // namespace tidewire::sim
