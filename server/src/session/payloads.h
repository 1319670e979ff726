#pragma once

#include <span>
#include <string>

#include "hub/cancel_request.h"
#include "hub/presence_request.h"
#include "hub/publish_request.h"
#include "hub/receipt_request.h"
#include "hub/state_request.h"
#include "hub/stream_status.h"
#include "hub/subscribe_request.h"

namespace tidewire {

/// What the domain answers, as the payloads of the protocol. Clients and the server API get the
/// same text.
[[nodiscard]] std::string publish_ack_payload(const PublishAck& ack);
[[nodiscard]] std::string cancel_ack_payload(const CancelAck& ack);
[[nodiscard]] std::string stream_status_text(const StreamStatus& status);
[[nodiscard]] std::string history_page_payload(const HistoryPage& page);
[[nodiscard]] std::string presence_report_payload(const PresenceReport& report, bool last_seen);
[[nodiscard]] std::string receipt_list_payload(const ReceiptList& list);

/// One key; without a value there is none.
[[nodiscard]] std::string state_entry_payload(const StateEntry& entry);
/// What was asked for: `key`, or all of them when it is empty.
[[nodiscard]] std::string state_entries_payload(std::string_view key,
                                                std::span<const StateEntry> entries);

/// The envelopes of publications, as they are embedded into payloads.
[[nodiscard]] std::vector<std::string_view> json_of(
    const std::vector<PublicationPtr>& publications);

}  // namespace tidewire
