#include "channel_view.h"

#include <nlohmann/json.hpp>

namespace tidewire::sim {

using nlohmann::json;

void ChannelView::fail(const std::string& what) const {
  throw Violation(who_ + " on " + channel_ + ": " + what);
}

void ChannelView::begin_at(const Position& position) {
  position_ = position;
  first_ = position.offset + 1;
  got_.clear();
}

void ChannelView::skip_buried(std::uint64_t up_to) {
  for (std::uint64_t offset = position_.offset + 1; offset <= up_to; ++offset)
    buried_.insert({position_.epoch, offset});
  position_.offset = up_to;
}

void ChannelView::on_subscribed(const json& payload) {
  growing_.clear();
  state_.clear();
  cursors_.clear();
  subscribing_ = true;
  const Position now{payload.at("epoch"), payload.at("offset")};
  const bool recovered = payload.value("recovered", false);
  const bool was_recovering = payload.value("wasRecovering", false);
  if (recovered) {
    // A session has come back whose first `subscribed` was lost on its way.
    if (!has_position()) begin_at({now.epoch, now.offset - payload.at("publications").size()});
    if (now.epoch != position_.epoch)
      fail("recovered from " + position_.epoch + " into " + now.epoch);
    oracle_.reach(Reached::recovered);
    for (const json& event : payload.at("publications")) on_durable(event);
    if (buries_ && position_.offset < now.offset) skip_buried(now.offset);
    if (position_.offset != now.offset)
      fail("recovered up to " + std::to_string(position_.offset) + " of " +
           std::to_string(now.offset));
  } else {
    if (was_recovering) {
      if (!payload.at("publications").empty()) fail("a recovery that failed brings publications");
      oracle_.reach(Reached::told_of_a_gap);
    }
    begin_at(now);
  }
  for (const json& piece : payload.at("streams")) on_event(piece);
  for (const json& event : payload.at("latest")) on_event(event);
  subscribing_ = false;
}

void ChannelView::on_unsubscribed() { growing_.clear(); }

void ChannelView::on_event(const json& event) {
  const std::string type = event.at("type");
  if (event.contains("offset")) return on_durable(event);
  if (type == "chat_message_chunk") return on_piece(event.at("payload"));
  if (type == "state_changed") return on_state(event.at("payload"));
  if (type == "receipt_changed") return on_cursor(event.at("payload"));
}

void ChannelView::on_durable(const json& event) {
  const Position at{event.at("epoch"), event.at("offset")};
  const json& payload = event.at("payload");
  oracle_.saw(channel_, at, payload);
  if (event.contains("redelivered")) oracle_.reach(Reached::redelivered);
  if (at.epoch != position_.epoch) fail("an event of another epoch without a word");
  if (at.offset <= position_.offset) return;  // a repeat, which readers drop
  if (buries_ && at.offset > position_.offset) skip_buried(at.offset - 1);
  if (at.offset != position_.offset + 1)
    fail("offset " + std::to_string(at.offset) + " after " + std::to_string(position_.offset));
  position_ = at;
  got_.insert(got_.end(), at.offset);
  if (event.at("type") == "dead_letter") oracle_.saw_dead_letter(payload);
  if (!payload.contains("messageId")) return;
  const std::string id = payload.at("messageId");
  const std::uint64_t generation = payload.value("generation", 0U);
  const Answer whole = Answer::of_message(payload);
  oracle_.check_message(id, generation, whole, payload.value("status", ""));
  if (payload.contains("parts")) oracle_.reach(Reached::stream_of_parts);
  if (mode_ == ViewMode::final) oracle_.reach(Reached::stream_whole_only);
  const auto grown = growing_.find(id);
  if (grown == growing_.end() || grown->second.generation > generation) return;
  if (grown->second.complete && grown->second.answer != whole)
    fail("message " + id + " is not what its pieces were: " + whole.show() + " / " +
         grown->second.answer.show());
  growing_.erase(grown);
}

void ChannelView::on_piece(const json& payload) {
  const std::uint64_t from = payload.at("rev").at(0);
  const std::uint64_t to = payload.at("rev").at(1);
  const std::uint64_t generation = payload.value("generation", 0U);
  const bool snapshot = payload.value("snapshot", false);
  if (mode_ == ViewMode::final && !subscribing_) fail("a piece, although only the whole is wanted");
  Growing& message = growing_[payload.at("messageId")];
  if (generation < message.generation) return;
  if (generation > message.generation) {
    if (!snapshot) fail("generation " + std::to_string(generation) + " begins without a snapshot");
    if (message.rev > 0) oracle_.reach(Reached::stream_begun_again);
    message = {.generation = generation};
  }
  if (snapshot) {
    if (to < message.rev) return;
    message.answer.take(payload);
    message.rev = to;
    oracle_.reach(Reached::stream_snapshot);
    if (mode_ == ViewMode::conflated && !subscribing_) oracle_.reach(Reached::stream_conflated);
  } else if (to <= message.rev) {
    return;
  } else if (from == message.rev + 1) {
    message.answer.take(payload);
    message.rev = to;
    if (to > from)
      oracle_.reach(mode_ == ViewMode::live ? Reached::slow_reader_folded
                                            : Reached::stream_rolled_up);
  } else {
    fail("piece " + std::to_string(from) + "-" + std::to_string(to) + " after " +
         std::to_string(message.rev));
  }
  message.complete = payload.value("isComplete", false);
  const std::string status = payload.value("status", "");
  if (message.complete && status.empty()) oracle_.reach(Reached::stream_completed);
  if (status == "cancelled") oracle_.reach(Reached::stream_cancelled);
  if (status == "interrupted") oracle_.reach(Reached::stream_interrupted);
}

void ChannelView::on_state(const json& payload) {
  const std::string key = payload.at("key");
  const std::uint64_t version = payload.at("version");
  const auto known = state_.find(key);
  if (known != state_.end() && version < known->second.first)
    fail("state " + key + " goes back to version " + std::to_string(version));
  oracle_.reach(Reached::state_changed);
  const bool deleted = payload.value("deleted", false);
  oracle_.saw_state(channel_, position_.epoch, key, version,
                    deleted ? json() : payload.at("value"));
  if (deleted) {
    state_.erase(key);
  } else {
    state_[key] = {version, payload.at("value").dump()};
  }
}

void ChannelView::on_cursor(const json& payload) {
  const std::string user = payload.at("userId");
  const Cursor told{.delivered = payload.at("delivered"), .read = payload.at("read")};
  oracle_.receipts().check(channel_, position_.epoch, user, told);
  Cursor& known = cursors_[user];
  if (told.delivered < known.delivered || told.read < known.read)
    fail("the cursor of " + user + " goes back");
  known = told;
  oracle_.reach(Reached::cursor_told);
}

std::vector<std::string> ChannelView::growing() const {
  std::vector<std::string> ids;
  for (const auto& [id, message] : growing_)
    if (!message.complete) ids.push_back(id);
  return ids;
}

std::uint64_t ChannelView::version_of(const std::string& key) const {
  const auto known = state_.find(key);
  return known == state_.end() ? 0 : known->second.first;
}

void ChannelView::check(const Position& top) const {
  if (position_ != top)
    fail("ends at " + position_.epoch + ":" + std::to_string(position_.offset) +
         ", the channel at " + top.epoch + ":" + std::to_string(top.offset));
  std::set<std::uint64_t> known = got_;
  for (const Position& each : buried_) {
    if (each.epoch != position_.epoch || each.offset < first_) continue;
    if (!oracle_.is_dead(channel_, each, user_))
      fail("offset " + std::to_string(each.offset) + " never came, and is no dead letter");
    known.insert(each.offset);
  }
  oracle_.check_complete(who_, channel_, position_.epoch, first_, position_.offset, known);
}

void ChannelView::check_state(const json& entries) const {
  if (entries.size() != state_.size())
    fail("holds " + std::to_string(state_.size()) + " keys of " + std::to_string(entries.size()));
  for (const json& entry : entries) {
    const auto known = state_.find(entry.at("key"));
    if (known == state_.end() || known->second.first != entry.at("version") ||
        known->second.second != entry.at("value").dump())
      fail("another value of state " + entry.at("key").get<std::string>());
  }
}

}  // namespace tidewire::sim
