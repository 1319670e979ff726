#pragma once

#include "history/channel_history.h"
#include "hub/publish_request.h"
#include "protocol/codec.h"

namespace tidewire {

/// What the owner adds to an event when it takes it.
struct PublicationStamp {
  StreamPosition position;  // offset 0: not part of the durable stream
  WallMillis ts = 0;
};

/// An event that is not encoded yet, so that it has neither frame nor payload.
[[nodiscard]] std::shared_ptr<Publication> make_unencoded(const PublishRequest& request,
                                                          const PublicationStamp& stamp);

/// Encodes an event once: the envelope every subscriber gets, as one shared frame.
[[nodiscard]] std::shared_ptr<Publication> make_publication(const Codec& json,
                                                            const PublishRequest& request,
                                                            const PublicationStamp& stamp);

/// The sender as the codec and a PublishRequest take it.
[[nodiscard]] inline Sender view_of(const PublicationSender& sender) {
  return {
      .user_id = sender.user_id, .connection_id = sender.connection_id, .client = sender.client};
}

}  // namespace tidewire
