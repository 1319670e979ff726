#include "hub/channel_receipts.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "hub/publication_factory.h"
#include "protocol/replies.h"

namespace tidewire {

ChannelReceipts::ChannelReceipts(const ChannelScope& scope, const std::vector<StoredCursor>& stored)
    : scope_(scope) {
  for (const StoredCursor& each : stored) {
    Cursor* cursor = find_or_make(each.consumer);
    if (cursor == nullptr) break;
    cursor->delivered = each.offset;
    std::from_chars(each.body.data(), each.body.data() + each.body.size(), cursor->read);
  }
}

ChannelReceipts::Cursor* ChannelReceipts::find_or_make(std::string_view user_id) {
  if (const auto found = cursors_.find(user_id); found != cursors_.end()) return &*found->second;
  if (cursors_.size() >= scope_.context.limits.receipt_consumers) {
    if (idle_.empty()) return nullptr;
    evict();
  }
  idle_.push_front({.user_id = std::string(user_id)});
  cursors_.emplace(idle_.front().user_id, idle_.begin());
  return &idle_.front();
}

void ChannelReceipts::evict() {
  const std::string user_id = idle_.back().user_id;
  if (idle_.back().dirty) std::erase(dirty_, user_id);
  cursors_.erase(user_id);
  idle_.pop_back();
  // A store that cannot erase it now brings back an old cursor, which is no harm.
  (void)scope_.context.store.write(scope_.stored, CursorEraseChange{user_id},
                                   [](const std::expected<void, Error>&) {});
}

void ChannelReceipts::store(const Cursor& cursor) const {
  (void)scope_.context.store.write(
      scope_.stored, CursorChange{{cursor.user_id, cursor.delivered, std::to_string(cursor.read)}},
      [](const std::expected<void, Error>&) {});
}

void ChannelReceipts::join(std::string_view user_id) {
  Cursor* cursor = find_or_make(user_id);
  if (cursor == nullptr || ++cursor->subscriptions > 1) return;
  subscribed_.splice(subscribed_.begin(), idle_, cursors_.find(user_id)->second);
}

void ChannelReceipts::leave(std::string_view user_id) {
  const auto found = cursors_.find(user_id);
  if (found == cursors_.end() || found->second->subscriptions == 0) return;
  if (--found->second->subscriptions == 0) idle_.splice(idle_.begin(), subscribed_, found->second);
}

std::optional<Error> ChannelReceipts::refusal() const {
  if (open_ < kWaitsMax) return std::nullopt;
  scope_.context.metrics.receipt_waits[ReceiptLabel::refused].add();
  return Error{.code = ErrorCode::limit_exceeded,
               .message = "too many publishes of this channel wait for receipts",
               .path = "/receipt"};
}

/// A publish that is sent again over the same connection is told of once.
bool ChannelReceipts::waits_already(const StreamPosition& position, const ReceiptWish& wish) const {
  if (open_ == 0 || wish.connection_id.empty()) return false;
  return std::ranges::any_of(waits_, [&](const std::optional<Wait>& each) {
    return each && each->position == position && each->wish->ask.kind == wish.ask.kind &&
           each->wish->ask.count == wish.ask.count &&
           each->wish->connection_id == wish.connection_id;
  });
}

void ChannelReceipts::watch(const StreamPosition& position, std::string publisher,
                            std::shared_ptr<ReceiptWish> wish) {
  if (waits_already(position, *wish)) return;
  auto free = std::ranges::find_if_not(waits_, &std::optional<Wait>::has_value);
  if (free == waits_.end()) {
    // Several were accepted while the store was writing: those too many end at once.
    if (waits_.size() == kWaitsMax) return wish->done({position, wish->ask.kind, 0, {}, false});
    free = waits_.emplace(waits_.end());
  }
  ++open_;
  *free = Wait{.position = position,
               .publisher = std::move(publisher),
               .wish = std::move(wish),
               .due = scope_.mono() + scope_.context.limits.receipt_timeout_ms};
  begin(static_cast<std::size_t>(free - waits_.begin()));
}

/// Begins to wait: for every user who is subscribed now and not there yet, or for a number.
void ChannelReceipts::begin(std::size_t slot) {
  Wait& wait = *waits_[slot];
  const ReceiptAsk& ask = wait.wish->ask;
  if (ask.count == 0) {
    for (Cursor& cursor : subscribed_) {
      if (cursor.user_id == wait.publisher || cursor.at(ask.kind) >= wait.position.offset) continue;
      cursor.owes |= std::uint64_t{1} << slot;
      ++wait.missing;
    }
  } else {
    const std::uint64_t there = result_of(wait).count;
    wait.missing = ask.count - std::min(ask.count, there);
  }
  if (wait.missing == 0) return finish(slot, true);
  scope_.wake_at(wait.due);
}

ReceiptResult ChannelReceipts::result_of(const Wait& wait) const {
  ReceiptResult result{.position = wait.position, .kind = wait.wish->ask.kind};
  for (const auto* list : {&subscribed_, &idle_}) {
    for (const Cursor& cursor : *list) {
      if (cursor.user_id == wait.publisher || cursor.at(result.kind) < wait.position.offset)
        continue;
      ++result.count;
      if (result.consumers.size() < kNamesMax) result.consumers.push_back(cursor.user_id);
    }
  }
  return result;
}

void ChannelReceipts::finish(std::size_t slot, bool complete) {
  Wait wait = std::move(*waits_[slot]);
  ReceiptResult result = result_of(wait);
  waits_[slot].reset();
  --open_;
  for (auto* list : {&subscribed_, &idle_})
    for (Cursor& cursor : *list) cursor.owes &= ~(std::uint64_t{1} << slot);
  result.complete = complete;
  scope_.context.metrics.receipt_waits[complete ? ReceiptLabel::complete : ReceiptLabel::timeout]
      .add();
  wait.wish->done(std::move(result));
}

void ChannelReceipts::check_waits(const Cursor& before, Cursor& now) {
  for (std::size_t slot = 0; open_ > 0 && slot < waits_.size(); ++slot) {
    if (!waits_[slot]) continue;
    Wait& wait = *waits_[slot];
    const ReceiptAsk& ask = wait.wish->ask;
    const std::uint64_t offset = wait.position.offset;
    if (now.user_id == wait.publisher || before.at(ask.kind) >= offset || now.at(ask.kind) < offset)
      continue;
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if (ask.count == 0 && (now.owes & bit) == 0) continue;
    now.owes &= ~bit;
    if (--wait.missing == 0) finish(slot, true);
  }
}

void ChannelReceipts::move(const ReceiptMove& move, const StreamPosition& top) {
  if (move.delivered.epoch != top.epoch) return;
  if (std::max(move.delivered.offset, move.read) > top.offset) return;
  Cursor* cursor = find_or_make(move.user_id);
  if (cursor == nullptr) return;
  const Cursor before{.user_id = {}, .delivered = cursor->delivered, .read = cursor->read};
  cursor->read = std::max(cursor->read, move.read);
  cursor->delivered = std::max({cursor->delivered, move.delivered.offset, cursor->read});
  if (cursor->subscriptions == 0)
    idle_.splice(idle_.begin(), idle_, cursors_.find(move.user_id)->second);
  if (cursor->delivered == before.delivered && cursor->read == before.read) return;
  scope_.context.metrics.receipts.add();
  if (!std::exchange(cursor->dirty, true)) {
    dirty_.push_back(cursor->user_id);
    if (dirty_.size() == 1) scope_.wake_at(std::max(scope_.mono(), told_at_ + kPeriodMs));
  }
  check_waits(before, *cursor);
}

std::vector<ReceiptEntry> ChannelReceipts::passed(std::uint64_t offset) const {
  std::vector<ReceiptEntry> list;
  for (const auto* cursors : {&subscribed_, &idle_})
    for (const Cursor& cursor : *cursors)
      if (cursor.delivered > 0 && cursor.delivered >= offset)
        list.push_back({cursor.user_id, cursor.delivered, cursor.read});
  return list;
}

void ChannelReceipts::show(Cursor& cursor) {
  const std::string payload =
      receipt_changed_payload({cursor.user_id, cursor.delivered, cursor.read});
  const PublishRequest event{.channel = scope_.name,
                             .type = to_name(MessageType::receipt_changed),
                             .payload = payload,
                             .delivery = DeliveryClass::latest,
                             .priority = Priority::low};
  auto made = make_publication(scope_.context.codec, event, {.ts = scope_.now()});
  made->slot = std::string("receipt").append(1, '\0').append(cursor.user_id);
  cursor.shown = std::move(made);
}

void ChannelReceipts::add_to(std::vector<PublicationPtr>& snapshot) {
  for (auto* list : {&subscribed_, &idle_}) {
    for (Cursor& cursor : *list) {
      if (cursor.delivered == 0) continue;
      if (cursor.dirty || !cursor.shown) show(cursor);
      snapshot.push_back(cursor.shown);
    }
  }
}

void ChannelReceipts::tell_changes() {
  told_at_ = scope_.mono();
  for (std::size_t told = 0; told < kChangesMax && !dirty_.empty();) {
    const auto found = cursors_.find(dirty_.front());
    if (found != cursors_.end() && found->second->dirty) {
      Cursor& cursor = *found->second;
      cursor.dirty = false;
      show(cursor);
      scope_.emit(cursor.shown);
      store(cursor);
      ++told;
    }
    dirty_.pop_front();
  }
}

std::optional<MonoMillis> ChannelReceipts::run_due() {
  const MonoMillis now = scope_.mono();
  if (!dirty_.empty() && now >= told_at_ + kPeriodMs) tell_changes();
  std::optional<MonoMillis> next;
  const auto want = [&next](MonoMillis due) { next = next ? std::min(*next, due) : due; };
  if (!dirty_.empty()) want(told_at_ + kPeriodMs);
  for (std::size_t slot = 0; open_ > 0 && slot < waits_.size(); ++slot) {
    if (waits_[slot] && waits_[slot]->due <= now) finish(slot, false);
    if (waits_[slot]) want(waits_[slot]->due);
  }
  return next;
}

}  // namespace tidewire
