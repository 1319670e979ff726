#include "oracle.h"

#include <functional>

namespace tidewire::sim {
namespace {

std::string show(const std::string& channel, const Position& position) {
  return channel + " " + position.epoch + ":" + std::to_string(position.offset);
}

}  // namespace

void Oracle::saw(const std::string& channel, const Position& position, const std::string& event) {
  digest_ = digest_ * 31 + std::hash<std::string>{}(show(channel, position) + event);
  ChannelTruth& truth = channels_[channel];
  const auto [known, fresh] = truth.events.emplace(position, event);
  if (!fresh && known->second != event)
    throw Violation(show(channel, position) + " names two events: " + known->second + " and " +
                    event);
  const auto [place, first] =
      truth.offsets.emplace(std::pair(position.epoch, event), position.offset);
  if (!first && place->second != position.offset)
    throw Violation(show(channel, position) + " holds again what stands at " +
                    std::to_string(place->second) + ": " + event);
}

void Oracle::acknowledged(const std::string& channel, const Position& position,
                          const std::string& event) {
  saw(channel, position, event);
  channels_[channel].acknowledged.emplace(position, event);
}

void Oracle::check_complete(const std::string& who, const std::string& channel,
                            const std::string& epoch, std::uint64_t first, std::uint64_t last,
                            const std::map<std::uint64_t, std::string>& got) const {
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

void Oracle::check_message(const std::string& message_id, const std::string& content,
                           const std::string& status) const {
  const auto found = intended_.find(message_id);
  if (found == intended_.end()) throw Violation("nobody means to say " + message_id);
  const std::string& text = found->second;
  const bool right = status.empty() ? content == text : text.starts_with(content);
  if (!right)
    throw Violation("message " + message_id + " (" + status +
                    ") is not what its producer said: " + content + " / " + text);
}

}  // namespace tidewire::sim
