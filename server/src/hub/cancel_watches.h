#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "stream/early_cancels.h"

namespace tidewire {

/// Producers of growing messages that have no session to be told through: requests of the server
/// API. Each says what to do when its message is cancelled.
///
/// Owner:  a shard's Node. Thread: the shard's.
/// Limit:  one entry for each request that streams.
class CancelWatches {
 public:
  using Told = std::function<void(const StreamCancel&)>;

  /// What forget() needs; 0: one of this generation or a higher one is there already.
  [[nodiscard]] std::uint64_t watch(const std::string& channel, const std::string& message_id,
                                    std::uint64_t generation, Told told) {
    auto& place = watches_[{channel, message_id}];
    if (place.told && place.generation >= generation) return 0;
    place = {generation, ++last_ticket_, std::move(told)};
    return last_ticket_;
  }
  void forget(const std::string& channel, const std::string& message_id, std::uint64_t ticket) {
    const auto found = watches_.find({channel, message_id});
    if (found != watches_.end() && found->second.ticket == ticket) watches_.erase(found);
  }
  void tell(const std::string& channel, const std::string& message_id, const StreamCancel& cancel) {
    const auto found = watches_.find({channel, message_id});
    if (found == watches_.end()) return;
    const Told told = std::move(found->second.told);
    watches_.erase(found);
    told(cancel);
  }

 private:
  struct Watch {
    std::uint64_t generation = 0;
    std::uint64_t ticket = 0;
    Told told;
  };
  std::map<std::pair<std::string, std::string>, Watch> watches_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace tidewire
