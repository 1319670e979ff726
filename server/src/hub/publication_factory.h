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

[[nodiscard]] PublicationHeadPtr make_head(std::string_view channel, std::string_view type,
                                           const Sender& from);

/// An event that is not encoded yet, so that it has neither frame nor payload. `head` is that of
/// the request.
[[nodiscard]] std::shared_ptr<Publication> make_unencoded(PublicationHeadPtr head,
                                                          const PublishRequest& request,
                                                          const PublicationStamp& stamp);

/// Encodes an event once: the envelope every subscriber gets, as one shared frame.
[[nodiscard]] std::shared_ptr<Publication> make_publication(const Codec& json,
                                                            const PublishRequest& request,
                                                            const PublicationStamp& stamp);

/// What only the end points look at: it is kept in the JSON form alone. Views.
struct Seals {
  std::string_view nonce;
  std::string_view sig;
  std::string_view enc;
};

/// The envelope of `event`, of which it holds views; `from` is the event's sender.
[[nodiscard]] OutgoingMessage envelope_of(const Publication& event, std::string_view payload,
                                          const Sender& from, const Seals& seals);

/// Encodes `event`, which has no frame yet, in place.
void encode(const Codec& json, Publication& event, std::string_view payload,
            const Seals& seals = {});

/// The sender as the codec and a PublishRequest take it.
[[nodiscard]] inline Sender view_of(const PublicationSender& sender) {
  return {
      .user_id = sender.user_id, .connection_id = sender.connection_id, .client = sender.client};
}

}  // namespace tidewire
