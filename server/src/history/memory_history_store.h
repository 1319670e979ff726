#pragma once

#include <string>
#include <unordered_map>

#include "history/history_store.h"

namespace tidewire {

/// The channels of one shard in memory: they end with the store, or with the channel.
///
/// Publications are shared with the channels, so keeping them costs a pointer each. Changes are
/// answered at once and cannot fail.
class MemoryHistoryStore final : public HistoryStore {
 public:
  enum class Keeps : std::uint8_t {
    nothing,   // the channel in memory is all there is: `history.url = memory:`
    channels,  // a closed channel opens again as it was
  };

  explicit MemoryHistoryStore(Keeps keeps = Keeps::nothing) : keeps_(keeps) {}

  std::expected<ChannelLife, Error> open(const std::string& channel,
                                         const OpenLimits& limits) override;
  std::expected<void, Error> write(const StoredChannelPtr& channel, StoreChange change,
                                   Done done) override;
  void read(const StoredChannelPtr& channel, const StoreRead& wanted, ReadDone done) override;
  void trim(const StoredChannelPtr& channel, const KeptRange& kept, WallMillis now) override;
  void close(const StoredChannelPtr& /*channel*/) override {}
  [[nodiscard]] bool outlives_memory() const override { return keeps_ == Keeps::channels; }

  /// From now on it holds what `other` holds now.
  void copy_of(const MemoryHistoryStore& other);
  /// What a file does whose newest transactions may be lost: every channel
  /// begins a new epoch without publications, and no version of its state names
  /// two values.
  void begin_anew();

 private:
  struct Record;
  static Record& record_of(const StoredChannelPtr& channel);

  Keeps keeps_;
  std::unordered_map<std::string, std::shared_ptr<Record>> records_;
};

}  // namespace tidewire
