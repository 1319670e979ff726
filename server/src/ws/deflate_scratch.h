#pragma once

#include <array>
#include <memory>
#include <string>

#include "ws/deflate_params.h"
#include "ws/deflater.h"
#include "ws/inflater.h"
#include "ws/shared_frame.h"

namespace tidewire::ws {

/// The zlib state that all connections of one shard share: what they need only during a call.
/// Connections without context takeover therefore hold none of their own.
///
/// Owner:  one per shard; outlives its endpoints. Thread: the shard's.
/// Memory: each stream (about 256 KiB to compress, 40 KiB to inflate) appears at its first use.
class DeflateScratch {
 public:
  explicit DeflateScratch(const DeflateConfig& config) : config_(config) {}

  [[nodiscard]] const DeflateConfig& config() const { return config_; }
  /// A compressor with this window, reset before every message by its user.
  [[nodiscard]] Deflater& deflater(std::uint8_t window_bits);
  /// An inflater with the largest window, which reads every smaller one.
  [[nodiscard]] Inflater& inflater();
  /// Where a message is inflated to; given back with trim().
  [[nodiscard]] std::string& inflated() { return inflated_; }
  /// Where a message is compressed to; given back with trim().
  [[nodiscard]] std::string& deflated() { return deflated_; }
  /// Frees a buffer that one large message made large.
  static void trim(std::string& buffer);

 private:
  DeflateConfig config_;
  std::array<std::unique_ptr<Deflater>, 16> deflaters_;  // by window bits
  std::unique_ptr<Inflater> inflater_;
  std::string inflated_;
  std::string deflated_;
};

/// `frame` compressed for every connection that agreed on `params`, which must say
/// server_no_context_takeover; the frame itself when it is a control frame, compressed already,
/// below the threshold, or would not get smaller. With the usual window of 15 bits the result is
/// remembered inside `frame`, so the work is done once however many connections and shards ask.
/// Thread: any, each with its own scratch.
[[nodiscard]] SharedFrame compressed(const SharedFrame& frame, const DeflateParams& params,
                                     DeflateScratch& scratch);

}  // namespace tidewire::ws
