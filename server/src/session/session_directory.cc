#include "session/session_directory.h"

#include "session/session.h"

namespace tidewire {

void SessionDirectory::add(Session& session) { sessions_.insert(&session); }

void SessionDirectory::remove(Session& session) { sessions_.erase(&session); }

Session* SessionDirectory::find(std::string_view connection_id) {
  const auto found = sessions_.find(connection_id);
  return found == sessions_.end() ? nullptr : *found;
}

std::string_view SessionDirectory::id_of(const Session* session) {
  return session->info().connection_id;
}

}  // namespace tidewire
