#include "presence/last_seen.h"

namespace tidewire {

void LastSeen::left(std::string_view user_id, WallMillis now) {
  if (age_ms_max_ == 0 || count_max_ == 0) return;
  came_back(user_id);
  if (users_.size() >= count_max_) users_.pop_front();
  users_.push_back({std::string(user_id), now});
}

void LastSeen::came_back(std::string_view user_id) {
  std::erase_if(users_, [user_id](const SeenUser& user) { return user.user_id == user_id; });
}

void LastSeen::trim(WallMillis now) {
  while (!users_.empty() && now - users_.front().at >= age_ms_max_) users_.pop_front();
}

}  // namespace tidewire
