#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "hub/channel.h"
#include "observability/server_metrics.h"

namespace tidewire {

/// The channels that one shard owns.
///
/// Owner:  the shard's Node. Thread: the shard's.
/// Limit:  channels_max; past it a new channel is refused with `limit_exceeded`.
/// Errors: `unavailable` when the store cannot look a channel up.
class ChannelTable {
 public:
  ChannelTable(const Config& config, ChannelContext context, std::size_t channels_max,
               ServerMetrics& metrics);

  [[nodiscard]] Channel* find(std::string_view name);
  [[nodiscard]] std::expected<Channel*, Error> find_or_create(std::string_view name);

  /// Lets every channel do what is due, forgets expired ones and brings the gauges up to date.
  /// Called every few seconds; visits every channel.
  void sweep();

  template <typename Visit>
  void for_each(Visit&& visit) {
    for (auto& [name, channel] : channels_) visit(*channel);
  }

  [[nodiscard]] std::size_t size() const { return channels_.size(); }

 private:
  [[nodiscard]] OpenLimits open_limits(const NamespaceConfig& options) const;

  const Config& config_;
  const ChannelContext context_;
  std::size_t channels_max_;
  ServerMetrics& metrics_;
  NamespaceConfig unconfigured_;  // of namespaces that the configuration does not name
  // No expired channel's state had a higher version, so one number is enough to keep a channel
  // that comes back from giving a version twice.
  std::uint64_t last_state_version_ = 0;
  boost::unordered_flat_map<std::string_view, std::unique_ptr<Channel>, std::hash<std::string_view>>
      channels_;
};

}  // namespace tidewire
