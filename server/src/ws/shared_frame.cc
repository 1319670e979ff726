#include "ws/shared_frame.h"

#include <cassert>
#include <new>

#include "ws/frame_header.h"

namespace tidewire::ws {

SharedFrame SharedFrame::make(Opcode opcode, std::string_view payload, bool rsv1) {
  return build(
      opcode, payload.size(),
      [payload](std::span<char> room) {
        if (!payload.empty()) std::memcpy(room.data(), payload.data(), payload.size());
        return payload.size();
      },
      rsv1);
}

SharedFrame::Block* SharedFrame::allocate(std::size_t payload_bytes_max) {
  void* memory = ::operator new(sizeof(Block) + kHeaderRoom + payload_bytes_max);
  auto* block = new (memory) Block;
  block->room = payload_bytes_max;
  return block;
}

void SharedFrame::Block::seal(Opcode frame_opcode, bool frame_rsv1, std::size_t size) {
  assert(size <= room);
  opcode = frame_opcode;
  rsv1 = frame_rsv1;
  payload_size = size;
  char header[kServerHeaderBytesMax];
  header_size = static_cast<std::uint8_t>(encode_server_header(opcode, rsv1, size, header));
  std::memcpy(payload() - header_size, header, header_size);
}

void SharedFrame::release(Block* block) {
  if (block == nullptr) return;
  if (block->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Block* compressed = block->compressed.load(std::memory_order_relaxed);
  if (compressed != block) release(compressed);
  block->~Block();
  ::operator delete(block);
}

}  // namespace tidewire::ws
