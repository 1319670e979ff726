#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "history/session_store.h"
#include "history/sqlite_reads.h"

namespace tidewire {

struct TrimWork {
  KeptRange kept;
  WallMillis now = 0;
};
struct SessionPutWork {
  SessionRecord record;
};
/// Reads what the changes before it have left; `found` is the asker's when the work is answered.
struct SessionGetWork {
  std::string id;
  WallMillis now = 0;
  std::shared_ptr<std::optional<SessionRecord>> found;
};
struct SessionEraseWork {
  std::string id;
};
struct SessionExpireWork {
  WallMillis now = 0;
};

/// One thing for the writer to do, on its way from a shard.
struct SqliteWork {
  std::uint16_t shard = 0;
  std::uint64_t generation = 0;  // of the shard's door; see SqliteDoor
  std::uint64_t sequence = 0;    // in the order of the door; 0: nobody waits for it
  std::size_t bytes = 0;
  std::shared_ptr<SqliteChannel> channel;
  std::variant<AppendChange, StateSetChange, StateEraseChange, CursorChange, CursorEraseChange,
               TrimWork, SessionPutWork, SessionGetWork, SessionEraseWork, SessionExpireWork>
      what;
  SqliteWork* older = nullptr;  // in the queue
};

}  // namespace tidewire
