#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "protocol/envelope.h"
#include "session/transfer_table.h"

namespace tidewire {

class Session;

/// `transfer_begin`, `transfer_chunk` and `transfer_end`: a message that is larger than a message
/// may be arrives in pieces and is then handled as if it had come in one.
class TransferHandler {
 public:
  static void begin(Session& session, const Envelope& envelope);
  static void chunk(Session& session, const Envelope& envelope);
  static void end(Session& session, const Envelope& envelope);

 private:
  class Carried;
  static void answer(Session& session, std::string_view reply_id, std::string_view id,
                     const std::expected<TransferProgress, Error>& progress);
  static void handle(Session& session, const std::string& id, std::string text);
};

}  // namespace tidewire
