#include "session/resumption.h"

namespace tidewire {

bool HeldMessages::add(const Envelope& envelope) {
  if (messages_.size() >= kMessagesMax || bytes_ + envelope.payload.size() > kBytesMax)
    return false;
  messages_.emplace_back(envelope);
  bytes_ += envelope.payload.size();
  return true;
}

}  // namespace tidewire
