#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "client_wire.h"

namespace tidewire::sim {

/// The calls of one client, and its work for those of others: workers answer,
/// fail, say nothing or die over it.
class Calls {
 public:
  Calls(const ClientName& name, const ClientParts& parts, ClientWire& wire)
      : name_(name), parts_(parts), wire_(wire) {}

  /// On a new connection: offers its methods again.
  void serve();
  void call();
  /// `rpc_request` or `rpc_cancel`, for the worker.
  void on_request(const nlohmann::json& payload, bool calm);
  void on_stop(const nlohmann::json& payload);

 private:
  void answer(const std::string& request, std::uint64_t call);
  void give_up(const std::string& id, std::uint64_t call);

  const ClientName& name_;
  const ClientParts& parts_;
  ClientWire& wire_;
};

}  // namespace tidewire::sim
