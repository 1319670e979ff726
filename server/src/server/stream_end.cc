#include "server/stream_end.h"

#include <utility>

namespace tidewire {

bool push_unsent(net::Stream& stream) {
  if (!stream.has_unsent()) return true;
  const net::IoStatus status = stream.write({}).status;
  return status == net::IoStatus::ok || status == net::IoStatus::would_block;
}

void end_stream(net::Pollable& connection, net::Shard& shard, net::LingeringStreams& lingering,
                std::unique_ptr<net::Stream>& stream, bool clean) {
  if (connection.watched()) shard.unwatch(connection);
  if (clean) {
    lingering.add(std::move(stream));
  } else {
    stream->shutdown();
  }
}

}  // namespace tidewire
