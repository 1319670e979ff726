#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "history/publication.h"

namespace tidewire {

/// One growing message, for whoever asks whether something streams.
struct StreamInfo {
  std::string message_id;
  std::uint64_t generation = 0;
  std::uint64_t rev = 0;  // pieces so far; 0: announced only
  WallMillis started_at = 0;
  PublicationSender producer;
};

/// The definite answer: `active` when a message has pieces, `pending` when one is announced or a
/// cancel waits for one, else `none`.
enum class StreamActivity : std::uint8_t { none, pending, active };

struct StreamStatus {
  StreamActivity activity = StreamActivity::none;
  std::vector<StreamInfo> streams;
};

}  // namespace tidewire
