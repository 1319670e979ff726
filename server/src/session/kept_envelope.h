#pragma once

#include <string>

#include "protocol/envelope.h"

namespace tidewire {

/// A message that outlives the frame it came in, for when its turn comes later.
class KeptEnvelope {
 public:
  explicit KeptEnvelope(const Envelope& envelope);

  /// Views into this object.
  [[nodiscard]] Envelope view() const;
  void replace_payload(std::string payload) { payload_ = std::move(payload); }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& channel() const { return channel_; }

 private:
  Envelope plain_;  // its views are stale, its other members count
  std::string type_;
  std::string id_;
  std::string channel_;
  std::string payload_;
  std::string key_;
  std::string trace_;
  std::string nonce_;
  std::string sig_;
  std::string enc_;
  std::string epoch_;
};

}  // namespace tidewire
