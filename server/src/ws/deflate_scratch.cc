#include "ws/deflate_scratch.h"

namespace tidewire::ws {
namespace {

constexpr std::size_t kKeptBytesMax = std::size_t{256} * 1024;
constexpr std::uint8_t kWindowBitsMax = 15;

}  // namespace

/// Where a frame remembers its compressed form: nothing yet, another frame, or itself when
/// compressing does not pay off. Set once; of two threads that race, the first wins.
class CompressedSlot {
 public:
  static SharedFrame load(const SharedFrame& frame) {
    SharedFrame::Block* block = frame.block_->compressed.load(std::memory_order_acquire);
    SharedFrame::retain(block);
    return SharedFrame(block);
  }

  static void store(const SharedFrame& frame, const SharedFrame& result) {
    SharedFrame::Block* expected = nullptr;
    if (!frame.block_->compressed.compare_exchange_strong(expected, result.block_,
                                                          std::memory_order_acq_rel))
      return;
    // A frame that holds a reference to itself would never be freed.
    if (!result.same_as(frame)) SharedFrame::retain(result.block_);
  }
};

namespace {

SharedFrame compress(const SharedFrame& frame, std::uint8_t window_bits, DeflateScratch& scratch) {
  Deflater& deflater = scratch.deflater(window_bits);
  deflater.reset();
  deflater.deflate(frame.payload(), scratch.deflated());
  SharedFrame result = scratch.deflated().size() < frame.payload().size()
                           ? SharedFrame::make(frame.opcode(), scratch.deflated(), true)
                           : frame;
  DeflateScratch::trim(scratch.deflated());
  return result;
}

}  // namespace

Deflater& DeflateScratch::deflater(std::uint8_t window_bits) {
  auto& slot = deflaters_[window_bits];
  if (!slot) slot = std::make_unique<Deflater>(window_bits, config_.level, config_.memory_level);
  return *slot;
}

Inflater& DeflateScratch::inflater() {
  if (!inflater_) inflater_ = std::make_unique<Inflater>(kWindowBitsMax);
  return *inflater_;
}

void DeflateScratch::trim(std::string& buffer) {
  if (buffer.capacity() > kKeptBytesMax) std::string().swap(buffer);
}

SharedFrame compressed(const SharedFrame& frame, const DeflateParams& params,
                       DeflateScratch& scratch) {
  if (is_control(frame.opcode()) || frame.rsv1()) return frame;
  if (frame.payload().size() < scratch.config().threshold_bytes) return frame;
  if (params.server_max_window_bits != kWindowBitsMax)
    return compress(frame, params.server_max_window_bits, scratch);
  if (SharedFrame known = CompressedSlot::load(frame)) return known;
  SharedFrame result = compress(frame, kWindowBitsMax, scratch);
  CompressedSlot::store(frame, result);
  return result;
}

}  // namespace tidewire::ws
