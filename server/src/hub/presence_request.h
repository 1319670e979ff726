#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "presence/last_seen.h"
#include "presence/presence_table.h"

namespace tidewire {

/// What a subscriber says about itself in one channel.
struct PresenceUpdate {
  std::string channel;
  std::string user_id;
  std::string session_id;
  std::string info_json;
};

/// Who is in a channel: all of them, or the first of a large channel by user id.
struct PresenceReport {
  std::vector<PresentUser> members;
  std::size_t total = 0;
  bool complete = true;
  std::vector<SeenUser> last_seen;
};

/// How many are in a channel.
struct PresenceStats {
  std::size_t users = 0;
  std::size_t clients = 0;
};

}  // namespace tidewire
