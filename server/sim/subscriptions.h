#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "channel_view.h"
#include "client_wire.h"

namespace tidewire::sim {

/// What one client reads: subscribes to its channels and comes back to them, acknowledges where it
/// has to, and lets ChannelViews judge what it is shown.
class Subscriptions {
 public:
  Subscriptions(const ClientName& name, const ClientParts& parts, ClientWire& wire);

  /// A new connection: nothing is subscribed.
  void begin();
  /// Where its channels are, for a session that goes on.
  [[nodiscard]] nlohmann::json positions();
  /// The session is there; these channels come back by themselves. `old`: as another life of the
  /// server has stored them, so that the last changes may be missing.
  void on_welcome(const nlohmann::json& restored, bool old);
  void on_subscribed(const std::string& channel, const nlohmann::json& payload);
  void on_unsubscribed(const nlohmann::json& message);
  void on_event(const std::string& channel, const nlohmann::json& event);

  /// Brings every acknowledgement up to date.
  void acknowledge_all();
  void unsubscribe(const std::string& channel);

  [[nodiscard]] ChannelView& view(const std::string& channel) { return views_.at(channel); }
  /// The channel that is not subscribed; empty: all are.
  [[nodiscard]] std::string unsettled() const;

 private:
  /// Of one channel where acks are required.
  struct Acks {
    std::string epoch;
    std::uint64_t top = 0;    // came with the subscription
    std::uint64_t asked = 0;  // the server may count so much as acknowledged
    std::uint64_t told = 0;   // and has said that it does
    bool waits = false;       // for the server to say so
  };

  void subscribe(const std::string& channel);
  void subscribe_later(const std::string& channel);
  void on_refused(const std::string& channel, const nlohmann::json& reply);
  [[nodiscard]] static bool must_ack(const std::string& channel);
  [[nodiscard]] bool may_ack(const std::string& channel) const {
    return parts_.receipts || must_ack(channel);
  }
  void plan_ack(const std::string& channel);
  void acknowledge(const std::string& channel);
  void check_resent(const std::string& channel, const nlohmann::json& payload);
  /// A position that counts as acknowledged from now on.
  [[nodiscard]] nlohmann::json tell_position(const std::string& channel);
  void choose_mode(const std::string& channel, nlohmann::json& payload);

  const ClientName& name_;
  const ClientParts& parts_;
  ClientWire& wire_;
  bool welcome_ = false;
  std::set<std::string> restored_;  // channels that are on their way back
  std::map<std::string, ChannelView> views_;
  std::map<std::string, Acks> acks_;
  std::map<std::string, bool> subscribed_;
};

}  // namespace tidewire::sim
