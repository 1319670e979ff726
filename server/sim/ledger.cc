#include "ledger.h"

#include <algorithm>

#include "oracle.h"

namespace tidewire::sim {

void ReceiptLedger::passed(const std::string& channel, const std::string& epoch,
                           const std::string& user, const Cursor& cursor) {
  Cursor& known = cursors_[{channel, epoch, user}];
  known.delivered = std::max({known.delivered, cursor.delivered, cursor.read});
  known.read = std::max(known.read, cursor.read);
}

void ReceiptLedger::check(const std::string& channel, const std::string& epoch,
                          const std::string& user, const Cursor& told) const {
  const auto found = cursors_.find({channel, epoch, user});
  const Cursor known = found == cursors_.end() ? Cursor{} : found->second;
  if (told.delivered > known.delivered || told.read > known.read)
    throw Violation(user + " is said to have passed " + channel + " " + epoch + ":" +
                    std::to_string(told.delivered) + " and read " + std::to_string(told.read) +
                    ", but has said " + std::to_string(known.delivered) + " and " +
                    std::to_string(known.read));
}

std::uint64_t RpcLedger::begin(bool idempotent) {
  const std::uint64_t call = calls_.size() + 1;
  calls_[call].idempotent = idempotent;
  return call;
}

void RpcLedger::asked(std::uint64_t call, std::uint64_t attempt) {
  Call& known = calls_.at(call);
  ++known.asked;
  const std::uint64_t most = known.idempotent ? 2 : 1;
  if (known.asked > most || attempt > most)
    throw Violation("call " + std::to_string(call) + " is asked " + std::to_string(known.asked) +
                    " times, attempt " + std::to_string(attempt));
}

void RpcLedger::check_result(std::uint64_t call, const std::string& by) const {
  if (!calls_.at(call).answers.contains(by))
    throw Violation("call " + std::to_string(call) + " has an answer of " + by +
                    ", who has not given one");
}

void RpcLedger::check_error(std::uint64_t call, const std::string& name, std::int64_t waited_ms,
                            std::int64_t timeout_ms) const {
  const Call& known = calls_.at(call);
  const bool possible = name == "unavailable" || name == "method_not_found" ||
                        (name == "rpc_failed" && known.failed) ||
                        (name == "rpc_cancelled" && known.cancelled) ||
                        (name == "rpc_timeout" && waited_ms >= timeout_ms);
  if (!possible)
    throw Violation("call " + std::to_string(call) + " ends with " + name + " after " +
                    std::to_string(waited_ms) + " of " + std::to_string(timeout_ms) + " ms");
}

void DirectLedger::taken(const std::string& key, const std::string& session,
                         std::uint64_t server_life) {
  sent_.emplace(key, Sent{session, server_life});
}

void DirectLedger::check(const std::string& who, const std::string& session,
                         std::uint64_t server_life) const {
  for (const auto& [key, sent] : sent_)
    if (sent.session == session && sent.server_life == server_life &&
        !received_.contains({key, session}))
      throw Violation(who + " never got " + key + ", which was sent to its session");
}

}  // namespace tidewire::sim
