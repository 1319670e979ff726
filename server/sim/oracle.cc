#include "oracle.h"

#include <algorithm>
#include <functional>

#include <nlohmann/json.hpp>

namespace tidewire::sim {

using nlohmann::json;

namespace {

std::string show(const std::string& channel, const Position& position) {
  return channel + " " + position.epoch + ":" + std::to_string(position.offset);
}

}  // namespace

void Oracle::digest(const std::string& text) {
  digest_ = digest_ * 31 + std::hash<std::string>{}(text);
}

void Oracle::saw(const std::string& channel, const Position& position, const json& payload) {
  const std::string event = payload.dump();
  digest(show(channel, position) + event);
  ChannelTruth& truth = channels_[channel];
  const auto [known, fresh] = truth.events.emplace(position, event);
  if (!fresh && known->second != event)
    throw Violation(show(channel, position) + " names two events: " + known->second + " and " +
                    event);
  if (!fresh) return;
  const auto stands_once = [&](auto& places, const std::string& what) {
    const auto [place, first] = places.emplace(std::pair(position.epoch, what), position.offset);
    if (!first && place->second != position.offset)
      throw Violation(show(channel, position) + " holds again what stands at " +
                      std::to_string(place->second) + ": " + what);
  };
  stands_once(truth.offsets, event);
  if (!payload.contains("messageId")) return;
  stands_once(truth.messages, payload.at("messageId").get<std::string>() + " generation " +
                                  payload.value("generation", json(0)).dump());
}

/// On a disk the life of a channel goes on, whatever happens to the server.
void Oracle::epoch_is(const std::string& channel, ChannelTruth& truth,
                      const Position& position) const {
  if (!expected_.kept_on_disk || truth.acknowledged.empty()) return;
  const std::string& before = truth.acknowledged.begin()->first.epoch;
  if (position.epoch != before)
    throw Violation(show(channel, position) + " is of another epoch than " + before +
                    ", which is on disk");
}

void Oracle::acknowledged(const std::string& channel, const Position& position, const json& payload,
                          std::uint64_t server_life) {
  saw(channel, position, payload);
  if (server_life < kept_since_) return;
  ChannelTruth& truth = channels_[channel];
  epoch_is(channel, truth, position);
  truth.acknowledged.emplace(position, payload.dump());
}

void Oracle::completed(const std::string& channel, const std::string& message_id,
                       const std::optional<Position>& position, std::uint64_t server_life) {
  if (server_life < kept_since_) return;
  ChannelTruth& truth = channels_[channel];
  if (position) epoch_is(channel, truth, *position);
  truth.completed.emplace(message_id, position);
}

void Oracle::disk_begins_anew() {
  kept_since_ = server_life_;
  for (auto& [channel, truth] : channels_) {
    truth.acknowledged.clear();
    truth.completed.clear();
    truth.state.clear();
  }
}

void Oracle::saw_dead_letter(const json& letter) {
  const std::string channel = letter.at("channel");
  const Position position{letter.at("epoch"), letter.at("offset")};
  reach(Reached::dead_lettered);
  dead_.emplace(channel, position, letter.at("consumer").at("userId"));
  const json& event = letter.at("event");
  if (event.at("offset") != position.offset || event.at("epoch") != position.epoch)
    throw Violation(show(channel, position) + " is not where its dead letter stands");
  saw(channel, position, event.at("payload"));
  // A session that came back may have been sent it once more.
  if (letter.at("attempts") < expected_.ack_attempts)
    throw Violation(show(channel, position) + " is dead after " + letter.at("attempts").dump() +
                    " attempts");
}

void Oracle::saw_state(const std::string& channel, const std::string& epoch, const std::string& key,
                       std::uint64_t version, const json& value) {
  const std::string text = key + " = " + value.dump();
  const auto [known, fresh] = channels_[channel].versions.emplace(std::pair(epoch, version), text);
  if (!fresh && known->second != text)
    throw Violation(show(channel, {epoch, version}) +
                    " is the version of two values: " + known->second + " and " + text);
}

void Oracle::state_acknowledged(const std::string& channel, const std::string& key,
                                std::uint64_t version, std::uint64_t server_life) {
  if (server_life < kept_since_) return;
  std::uint64_t& newest = channels_[channel].state[key].acknowledged;
  newest = std::max(newest, version);
}

void Oracle::state_may_go(const std::string& channel, const std::string& key,
                          std::uint64_t version) {
  std::uint64_t& newest = channels_[channel].state[key].may_go;
  newest = std::max(newest, version);
}

void Oracle::check_history(const std::string& channel, const Position& top,
                           const std::map<std::uint64_t, std::string>& found) const {
  const auto known = channels_.find(channel);
  if (known == channels_.end()) return;
  const ChannelTruth& truth = known->second;
  const std::uint64_t first = found.empty() ? top.offset + 1 : found.begin()->first;
  if (top.offset + 1 - first != found.size())
    throw Violation("the history of " + channel + " has a hole");
  if (expected_.kept_whole && first != 1)
    throw Violation("the history of " + channel + " begins at " + std::to_string(first));
  for (const auto& [position, event] : truth.acknowledged)
    if (position.epoch == top.epoch && position.offset >= first && !found.contains(position.offset))
      throw Violation(show(channel, position) +
                      " was acknowledged and is not in the history: " + event);
  for (const auto& [id, position] : truth.completed) {
    const bool of_this_life = expected_.kept_on_disk || (position && position->epoch == top.epoch);
    if (!expected_.kept_whole || !of_this_life) continue;
    const auto has_id = [&, wanted = "\"messageId\":\"" + id + "\""](const auto& each) {
      return each.second.contains(wanted);
    };
    if (std::ranges::none_of(found, has_id))
      throw Violation(channel + " has lost message " + id + ", whose last piece was acknowledged");
  }
}

void Oracle::check_state(const std::string& channel, const std::string& epoch,
                         const json& entries) const {
  const auto known = channels_.find(channel);
  if (!expected_.kept_on_disk || known == channels_.end()) return;
  std::map<std::string, std::uint64_t> versions;
  for (const json& entry : entries) versions[entry.at("key")] = entry.at("version");
  for (const auto& [key, truth] : known->second.state) {
    const auto found = versions.find(key);
    const std::uint64_t version = found == versions.end() ? truth.may_go : found->second;
    if (version < truth.acknowledged)
      throw Violation(channel + " " + epoch + " has lost version " +
                      std::to_string(truth.acknowledged) + " of " + key);
  }
}

void Oracle::check_complete(const std::string& who, const std::string& channel,
                            const std::string& epoch, std::uint64_t first, std::uint64_t last,
                            const std::set<std::uint64_t>& got) const {
  for (std::uint64_t offset = first; offset <= last; ++offset)
    if (!got.contains(offset))
      throw Violation(who + " misses " + show(channel, {epoch, offset}) + " without being told");
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  for (const auto& [position, event] : found->second.acknowledged)
    if (position.epoch == epoch && position.offset > last)
      throw Violation(show(channel, position) + " was acknowledged, but " + who + " ends at " +
                      std::to_string(last) + ": " + event);
}

void Oracle::check_message(const std::string& message_id, std::uint64_t generation,
                           const Answer& answer, const std::string& status) const {
  const auto found = intended_.find({message_id, generation});
  if (found == intended_.end())
    throw Violation("nobody means to say " + message_id + ", generation " +
                    std::to_string(generation));
  Answer said;
  bool right = !status.empty() && said == answer;
  for (const AnswerPiece& each : found->second) {
    said.add(each);
    right = right || (!status.empty() && said == answer);
  }
  if (!right && said != answer)
    throw Violation("message " + message_id + " (" + status +
                    ") is not what its producer said: " + answer.show() + " / " + said.show());
}

}  // namespace tidewire::sim
