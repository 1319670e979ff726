#include "session/session_directory.h"

#include "session/session.h"

namespace tidewire {

void SessionDirectory::add(Session& session) {
  sessions_.emplace(session.info().connection_id, &session);
}

void SessionDirectory::remove(Session& session) { sessions_.erase(session.info().connection_id); }

Session* SessionDirectory::find(std::string_view connection_id) {
  const auto found = sessions_.find(connection_id);
  return found == sessions_.end() ? nullptr : found->second;
}

}  // namespace tidewire
