#pragma once

#include <optional>
#include <string>
#include <vector>

#include "history/channel_history.h"
#include "presence/leave_kind.h"

namespace tidewire {

/// What a subscriber asks of a channel's owner.
struct SubscribeRequest {
  std::string channel;
  std::optional<StreamPosition> since;  // recover everything after it
  std::size_t history = 0;              // without `since`: the newest so many
  std::string user_id;
  std::string connection_id;
  std::string session_id;  // the device, for presence
  std::string info_json;   // for presence
};

/// How a subscription ends.
struct Departure {
  std::string user_id;
  std::string session_id;
  LeaveKind kind = LeaveKind::left;
};

/// The channel at one moment. Everything published after it is delivered live, nothing twice.
struct SubscribeSnapshot {
  StreamPosition position;
  bool recovered = false;
  bool was_recovering = false;
  std::vector<PublicationPtr> publications;
  std::vector<PublicationPtr> latest;
  std::vector<PublicationPtr> streams;  // one snapshot piece per growing message
};

/// A page of a channel's history and where its stream stands.
struct HistoryPage {
  StreamPosition position;
  std::vector<PublicationPtr> publications;
};

}  // namespace tidewire
