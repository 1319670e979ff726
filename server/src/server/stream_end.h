#pragma once

#include <memory>

#include "net/lingering_streams.h"
#include "net/pollable.h"
#include "net/shard.h"
#include "net/stream.h"

namespace tidewire {

/// What WebSocket and HTTP connections do alike at the end of a write and of their stream.
/// Thread: the shard's.

/// Pushes out the rest of a TLS record that the socket had no room for, even when nothing follows
/// it. False when the stream is broken; else Stream::has_unsent() says whether to wait.
[[nodiscard]] bool push_unsent(net::Stream& stream);

/// Ends the watch and the stream: with what was written still on its way, which takes the stream
/// over (`clean`), or at once.
void end_stream(net::Pollable& connection, net::Shard& shard, net::LingeringStreams& lingering,
                std::unique_ptr<net::Stream>& stream, bool clean);

}  // namespace tidewire
