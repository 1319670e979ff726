#include "hub/channel_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "protocol/channel_name.h"

namespace tidewire {

ChannelTable::ChannelTable(const Config& config, ChannelContext context, std::size_t channels_max,
                           ServerMetrics& metrics)
    : config_(config),
      context_(std::move(context)),
      channels_max_(channels_max),
      metrics_(metrics) {}

Channel* ChannelTable::find(std::string_view name) {
  const auto found = channels_.find(name);
  return found == channels_.end() ? nullptr : found->second.get();
}

std::expected<Channel*, Error> ChannelTable::find_or_create(std::string_view name) {
  if (Channel* known = find(name)) return known;
  if (channels_.size() >= channels_max_)
    return fail(ErrorCode::limit_exceeded, "the server has reached its number of channels",
                "/channel");
  const auto parsed = ChannelName::parse(name);
  if (!parsed) return std::unexpected(parsed.error());
  const NamespaceConfig* options = config_.find_namespace(parsed->name_space());
  auto made =
      std::make_unique<Channel>(std::string(name), options != nullptr ? *options : unconfigured_,
                                context_, last_state_version_);
  Channel* channel = made.get();
  channels_.emplace(channel->name(), std::move(made));
  metrics_.channels.set(static_cast<std::int64_t>(channels_.size()));
  return channel;
}

void ChannelTable::sweep() {
  std::vector<std::string_view> expired;
  std::int64_t history_bytes = 0;
  std::int64_t streams = 0;
  for (auto& [name, channel] : channels_) {
    channel->sweep();
    if (channel->expired()) {
      expired.push_back(name);
      last_state_version_ = std::max(last_state_version_, channel->state().last_version());
    }
    history_bytes += static_cast<std::int64_t>(channel->history_bytes());
    streams += static_cast<std::int64_t>(channel->streams().growing());
  }
  for (const std::string_view name : expired) channels_.erase(name);
  metrics_.channels.set(static_cast<std::int64_t>(channels_.size()));
  metrics_.history_bytes.set(history_bytes);
  metrics_.streams.set(streams);
}

}  // namespace tidewire
