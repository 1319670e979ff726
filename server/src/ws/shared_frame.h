#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "ws/opcode.h"

namespace tidewire::ws {

/// One server frame, header and payload, encoded once and shared by every connection it goes to.
/// A copy is one pointer and one atomic increment; the bytes live in a single allocation and never
/// change after they are made. A default-constructed SharedFrame is empty (false).
///
/// Owner:  everyone who holds a copy; the last one frees it.
/// Thread: any; copies may be released on any thread.
/// Source: RFC 6455 section 5.2; server frames are never masked (section 5.1).
class SharedFrame {
 public:
  SharedFrame() = default;
  SharedFrame(const SharedFrame& other) noexcept : block_(other.block_) { retain(block_); }
  SharedFrame(SharedFrame&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedFrame& operator=(SharedFrame other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedFrame() { release(block_); }

  /// A final frame with a copy of `payload`. `rsv1` marks a compressed payload (RFC 7692).
  [[nodiscard]] static SharedFrame make(Opcode opcode, std::string_view payload, bool rsv1 = false);

  /// A final frame whose payload `fill` writes in place: `std::size_t fill(std::span<char> room)`
  /// returns how many bytes of `room`, which has `payload_bytes_max` bytes, it used.
  template <typename Fill>
  [[nodiscard]] static SharedFrame build(Opcode opcode, std::size_t payload_bytes_max, Fill&& fill,
                                         bool rsv1 = false) {
    SharedFrame frame(allocate(payload_bytes_max));
    const std::span<char> room(frame.block_->payload(), payload_bytes_max);
    frame.block_->seal(opcode, rsv1, std::forward<Fill>(fill)(room));
    return frame;
  }

  explicit operator bool() const { return block_ != nullptr; }
  [[nodiscard]] std::string_view bytes() const {
    return {block_->payload() - block_->header_size, block_->header_size + block_->payload_size};
  }
  [[nodiscard]] std::string_view payload() const {
    return {block_->payload(), block_->payload_size};
  }
  [[nodiscard]] std::size_t size() const { return block_->header_size + block_->payload_size; }
  [[nodiscard]] Opcode opcode() const { return block_->opcode; }
  [[nodiscard]] bool rsv1() const { return block_->rsv1; }

  /// What holding the frame costs in memory: its bytes and all overhead. Queues are limited by it.
  [[nodiscard]] std::size_t cost() const { return sizeof(Block) + kHeaderRoom + block_->room; }

  /// True when both are the same frame, not merely the same bytes.
  [[nodiscard]] bool same_as(const SharedFrame& other) const { return block_ == other.block_; }

 private:
  friend class CompressedSlot;

  static constexpr std::size_t kHeaderRoom =
      16;  // ten are needed; sixteen keep the payload aligned

  /// The header sits right before the payload, so that its length may be decided last.
  struct Block {
    std::atomic<std::size_t> references{1};
    std::atomic<Block*> compressed{nullptr};  // see CompressedSlot
    std::size_t room = 0;
    std::size_t payload_size = 0;
    Opcode opcode = Opcode::text;
    bool rsv1 = false;
    std::uint8_t header_size = 0;

    [[nodiscard]] char* payload() { return reinterpret_cast<char*>(this + 1) + kHeaderRoom; }
    void seal(Opcode frame_opcode, bool frame_rsv1, std::size_t size);
  };

  explicit SharedFrame(Block* block) : block_(block) {}
  [[nodiscard]] static Block* allocate(std::size_t payload_bytes_max);
  static void retain(Block* block) {
    if (block != nullptr) block->references.fetch_add(1, std::memory_order_relaxed);
  }
  static void release(Block* block);

  Block* block_ = nullptr;
};

}  // namespace tidewire::ws
