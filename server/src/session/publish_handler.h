#pragma once

#include <string_view>

#include "hub/publish_request.h"
#include "protocol/envelope.h"
#include "protocol/events.h"

namespace tidewire {

class Session;

/// Every event that a client sends into a channel.
class PublishHandler {
 public:
  static void publish(Session& session, const Envelope& envelope);
  /// An event that the application has allowed, or that it is not asked about.
  static void publish_now(Session& session, const Envelope& envelope);

 private:
  static void answer(Session& session, std::string_view id, std::string_view channel,
                     const PublishResult& result);
};

}  // namespace tidewire
