#pragma once

#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "ws/shared_frame.h"

namespace tidewire {

/// Where the small frames of a gather write are laid out, one after the other.
///
/// In a fan-out the connections of a shard are flushed one after the other with the same frames.
/// The layout of the last one is therefore kept, and the next copies only from where it differs:
/// for most subscribers that is nothing at all.
///
/// Owner:  one per shard. Thread: the shard's. The bytes are good until the next begin().
/// Limit:  kBytes and kFramesMax; what does not fit is written from the frame itself.
class GatherScratch {
 public:
  static constexpr std::size_t kBytes = 64 * 1024;
  static constexpr std::size_t kFramesMax = 512;

  GatherScratch() : bytes_(kBytes) {}

  void begin() {
    next_ = 0;
    used_ = 0;
  }

  /// Lays `frame` behind the ones before it; false when there is no room.
  [[nodiscard]] bool add(const ws::SharedFrame& frame) {
    const std::string_view bytes = frame.bytes();
    if (next_ == kFramesMax || used_ + bytes.size() > kBytes) return false;
    if (next_ == frames_.size() || !frames_[next_].same_as(frame)) {
      frames_.resize(next_);
      frames_.push_back(frame);
      std::memcpy(bytes_.data() + used_, bytes.data(), bytes.size());
    }
    ++next_;
    used_ += bytes.size();
    return true;
  }

  /// Everything that has been added since begin().
  [[nodiscard]] std::span<char> laid_out() { return {bytes_.data(), used_}; }

 private:
  std::vector<char> bytes_;
  std::vector<ws::SharedFrame> frames_;  // what lies in bytes_, held so that none can be another
  std::size_t next_ = 0;
  std::size_t used_ = 0;
};

}  // namespace tidewire
