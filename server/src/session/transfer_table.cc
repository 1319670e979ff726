#include "session/transfer_table.h"

#include <utility>

namespace tidewire {
namespace {

Error gap(std::uint64_t expected) {
  return {.code = ErrorCode::stream_gap,
          .message = "the next piece is " + std::to_string(expected),
          .details = "\"expectedIndex\":" + std::to_string(expected)};
}

Error unknown() {
  return {.code = ErrorCode::not_found,
          .message = "no such transfer, or it took too long",
          .path = "/payload/transferId"};
}

}  // namespace

TransferTable::AgeList::iterator TransferTable::find(std::string_view user, std::string_view id) {
  const auto of_user = users_.find(std::string(user));
  if (of_user == users_.end()) return by_age_.end();
  const auto found = of_user->second.find(id);
  return found == of_user->second.end() ? by_age_.end() : found->second;
}

std::optional<Error> TransferTable::refusal(std::string_view user, std::uint64_t size) const {
  if (limits_.bytes_max == 0)
    return Error{.code = ErrorCode::unsupported, .message = "transfers are switched off"};
  if (size > limits_.bytes_max)
    return Error{
        .code = ErrorCode::message_too_large,
        .message = "a transfer has at most " + std::to_string(limits_.bytes_max) + " bytes",
        .path = "/payload/size"};
  const auto of_user = users_.find(std::string(user));
  if (of_user != users_.end() && of_user->second.size() >= limits_.per_user)
    return Error{.code = ErrorCode::limit_exceeded,
                 .message = "a user has at most " + std::to_string(limits_.per_user) +
                            " transfers at a time"};
  if (announced_ + size > limits_.memory_max)
    return Error{.code = ErrorCode::overloaded, .message = "too much is being transferred"};
  return std::nullopt;
}

std::expected<TransferProgress, Error> TransferTable::begin(std::string_view user,
                                                            std::string_view id, std::uint64_t size,
                                                            MonoMillis now) {
  if (const auto known = find(user, id); known != by_age_.end()) {
    if (known->size != size)
      return fail(ErrorCode::conflict, "this transfer was announced with another size",
                  "/payload/size");
    touch(known, now);
    return TransferProgress{known->next_index, known->text.size(), true};
  }
  if (auto refused = refusal(user, size)) return std::unexpected(std::move(*refused));
  by_age_.push_back({.user = std::string(user), .id = std::string(id), .size = size});
  const auto transfer = std::prev(by_age_.end());
  users_[transfer->user].emplace(transfer->id, transfer);
  announced_ += size;
  touch(transfer, now);
  return TransferProgress{};
}

std::expected<TransferProgress, Error> TransferTable::add(std::string_view user,
                                                          std::string_view id, std::uint64_t index,
                                                          std::string_view data, MonoMillis now) {
  const auto transfer = find(user, id);
  if (transfer == by_age_.end()) return std::unexpected(unknown());
  if (index > transfer->next_index) return std::unexpected(gap(transfer->next_index));
  const bool duplicate = index < transfer->next_index;
  if (!duplicate) {
    if (transfer->text.size() + data.size() > transfer->size)
      return fail(ErrorCode::invalid_message, "more than the announced size", "/payload/data");
    transfer->text += data;
    ++transfer->next_index;
  }
  touch(transfer, now);
  return TransferProgress{transfer->next_index, transfer->text.size(), duplicate};
}

std::expected<std::string, Error> TransferTable::finish(std::string_view user,
                                                        std::string_view id) {
  const auto transfer = find(user, id);
  if (transfer == by_age_.end()) return std::unexpected(unknown());
  if (transfer->text.size() < transfer->size) return std::unexpected(gap(transfer->next_index));
  std::string text = std::move(transfer->text);
  erase(transfer);
  return text;
}

void TransferTable::touch(AgeList::iterator transfer, MonoMillis now) {
  transfer->due = now + limits_.ttl_ms;
  by_age_.splice(by_age_.end(), by_age_, transfer);
}

void TransferTable::erase(AgeList::iterator transfer) {
  announced_ -= transfer->size;
  const auto of_user = users_.find(transfer->user);
  of_user->second.erase(transfer->id);
  if (of_user->second.empty()) users_.erase(of_user);
  by_age_.erase(transfer);
}

void TransferTable::expire(MonoMillis now) {
  while (!by_age_.empty() && by_age_.front().due <= now) erase(by_age_.begin());
}

std::optional<MonoMillis> TransferTable::next_due() const {
  return by_age_.empty() ? std::nullopt : std::optional(by_age_.front().due);
}

}  // namespace tidewire
