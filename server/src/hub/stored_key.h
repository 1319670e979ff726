#pragma once

#include <optional>
#include <string>

#include "history/history_store.h"
#include "hub/publish_request.h"
#include "stream/stream_table.h"

namespace tidewire {

/// What tells a publish from all others of its user, in this life of the channel and the next: its
/// key, or else its number in its session. Of a message that has grown (a durable request with a
/// `message_id`): how it ended, for ended_stream(). Empty: nothing does.
[[nodiscard]] std::string key_of(const PublishRequest& request);

/// The message that has grown and ended with this stored publish; nullopt: it is any other one.
[[nodiscard]] std::optional<EndedStream> ended_stream(const StoredKey& stored);

}  // namespace tidewire
