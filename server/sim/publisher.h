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
  /// A new connection: nobody will hear of the receipts of the last one.
  void begin() { waits_.clear(); }
  /// On a new connection: what has no answer is sent again.
  void publish_again();
  /// Consumers have passed an event of this connection, or their time is over.
  void on_receipt(const std::string& channel, const nlohmann::json& payload);
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
    nlohmann::json receipt;  // null: not wanted
  };
  struct Wait {
    std::string kind;
    std::uint64_t count = 0;  // 0: all
  };

  void publish(const Outgoing& event);
  void check_receipt(const std::string& channel, const Wait& wait, const nlohmann::json& payload);
  void expect_receipt(const Outgoing& event, const nlohmann::json& ack);
  void on_reply(const std::string& key, const nlohmann::json& reply);

  const ClientName& name_;
  const ClientParts& parts_;
  ClientWire& wire_;
  std::uint64_t seq_ = 0;                     // of the session's numbered publishes
  std::map<std::string, Outgoing> outgoing_;  // by key
  using Place = std::pair<std::string, Position>;
  std::map<Place, Wait> waits_;
};

}  // namespace tidewire::sim
