#include "session/payloads.h"

#include "protocol/replies.h"

namespace tidewire {
namespace {

std::string_view name_of(CancelState state) {
  switch (state) {
    case CancelState::cancelled:
      return "cancelled";
    case CancelState::pending:
      return "pending";
    case CancelState::ended:
      return "ended";
  }
  return "";
}

std::string_view name_of(StreamActivity activity) {
  switch (activity) {
    case StreamActivity::none:
      return "none";
    case StreamActivity::pending:
      return "pending";
    case StreamActivity::active:
      return "active";
  }
  return "";
}

}  // namespace

std::string publish_ack_payload(const PublishAck& ack) {
  Ack payload{.duplicate = ack.duplicate};
  if (ack.position) {
    payload.offset = ack.position->offset;
    payload.epoch = ack.position->epoch;
  }
  return ack_payload(payload);
}

std::string cancel_ack_payload(const CancelAck& ack) {
  const bool ended = ack.state == CancelState::ended;
  return ack_payload({.duplicate = ended, .state = name_of(ack.state)});
}

std::string stream_status_text(const StreamStatus& status) {
  std::vector<StreamItem> items;
  items.reserve(status.streams.size());
  for (const StreamInfo& stream : status.streams)
    items.push_back({.message_id = stream.message_id,
                     .generation = stream.generation,
                     .rev = stream.rev,
                     .started_at = stream.started_at,
                     .user_id = stream.producer.user_id,
                     .connection_id = stream.producer.connection_id,
                     .client = stream.producer.client});
  return stream_status_payload(name_of(status.activity), items);
}

std::string history_page_payload(const HistoryPage& page) {
  const auto publications = json_of(page.publications);
  return history_payload({.epoch = page.position.epoch,
                          .offset = page.position.offset,
                          .publications_json = publications});
}

std::string receipt_list_payload(const ReceiptList& list) {
  std::vector<ReceiptCursor> cursors;
  cursors.reserve(list.consumers.size());
  for (const ReceiptEntry& each : list.consumers)
    cursors.push_back({each.user_id, each.delivered, each.read});
  return receipts_payload(list.epoch, cursors);
}

std::string presence_report_payload(const PresenceReport& report, bool last_seen) {
  std::vector<PresenceMember> members;
  members.reserve(report.members.size());
  for (const PresentUser& user : report.members)
    members.push_back({.user_id = user.user_id,
                       .clients = user.clients,
                       .info_json = user.info_json,
                       .since_ms = user.since});
  std::vector<LeftUser> left;
  for (const SeenUser& user : report.last_seen) left.push_back({user.user_id, user.at});
  PresenceList list{.members = members, .total = report.total, .complete = report.complete};
  if (last_seen) list.last_seen = left;
  return presence_payload(list);
}

std::string state_entry_payload(const StateEntry& entry) {
  return state_payload({entry.key, entry.value_json, entry.version, entry.expires_at});
}

std::string state_entries_payload(std::string_view key, std::span<const StateEntry> entries) {
  if (!key.empty())
    return entries.empty() ? state_payload({.key = key, .value_json = {}})
                           : state_entry_payload(entries.front());
  std::vector<StateItem> items;
  items.reserve(entries.size());
  for (const StateEntry& entry : entries)
    items.push_back({entry.key, entry.value_json, entry.version, entry.expires_at});
  return state_list_payload(items);
}

std::vector<std::string_view> json_of(const std::vector<PublicationPtr>& publications) {
  std::vector<std::string_view> list;
  list.reserve(publications.size());
  for (const PublicationPtr& publication : publications) list.push_back(publication->json());
  return list;
}

}  // namespace tidewire
