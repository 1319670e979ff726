#pragma once

#include <memory>
#include <string_view>

#include "hub/publish_request.h"
#include "protocol/envelope.h"
#include "protocol/events.h"

namespace tidewire {

class Session;
struct ChannelAccess;

/// Every event that a client sends into a channel.
class PublishHandler {
 public:
  static void publish(Session& session, const Envelope& envelope);
  /// An event that the application has allowed, or that waited behind one; it has paid its rates.
  static void publish_now(Session& session, const Envelope& envelope);

 private:
  static void accept(Session& session, const Envelope& envelope, const ChannelAccess& access);
  /// Remembers that this connection says that somebody is active in `channel`; false when that
  /// are too many channels.
  static bool note_activity(Session& session, std::string_view channel, DeliveryClass kind,
                            bool active);
  static std::shared_ptr<ReceiptWish> wish_of(const Session& session, const Envelope& envelope,
                                              std::string_view channel);
  static void answer(Session& session, std::string_view id, std::string_view channel,
                     const PublishResult& result);
};

}  // namespace tidewire
