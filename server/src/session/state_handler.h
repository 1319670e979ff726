#pragma once

#include "hub/state_request.h"
#include "protocol/envelope.h"

namespace tidewire {

class Session;

/// `state_get`, `state_set` and `state_delete`: the shared state of a channel.
class StateHandler {
 public:
  static void get(Session& session, const Envelope& envelope);
  static void set(Session& session, const Envelope& envelope);
  static void erase(Session& session, const Envelope& envelope);

 private:
  static void change(Session& session, const Envelope& envelope, StateChange wanted);
};

}  // namespace tidewire
