#include "net/loopback_stream.h"

#include <algorithm>
#include <cstring>

namespace tidewire::net {

/// One direction: bytes on their way, and who wants to hear of a change at either end.
struct LoopbackStream::Pipe {
  std::size_t capacity_bytes;
  std::string bytes;
  bool finished = false;
  bool broken = false;
  std::function<void()> reader_edge;
  std::function<void()> writer_edge;

  [[nodiscard]] std::size_t room() const { return capacity_bytes - bytes.size(); }
  void tell_reader() const {
    if (reader_edge) reader_edge();
  }
  void tell_writer() const {
    if (writer_edge) writer_edge();
  }
};

LoopbackStream::Pair LoopbackStream::make_pair(std::size_t capacity_bytes) {
  auto there = std::make_shared<Pipe>(Pipe{.capacity_bytes = capacity_bytes});
  auto back = std::make_shared<Pipe>(Pipe{.capacity_bytes = capacity_bytes});
  return {std::unique_ptr<LoopbackStream>(new LoopbackStream(there, back)),
          std::unique_ptr<LoopbackStream>(new LoopbackStream(back, there))};
}

LoopbackStream::LoopbackStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
    : in_(std::move(in)), out_(std::move(out)) {}

LoopbackStream::~LoopbackStream() {
  on_edge(nullptr);
  shutdown();
}

IoResult LoopbackStream::read(std::span<char> buffer) {
  if (in_->broken) return {0, IoStatus::error};
  if (reads_blocked_) return {0, IoStatus::would_block};
  if (in_->bytes.empty()) return {0, in_->finished ? IoStatus::closed : IoStatus::would_block};
  const std::size_t size = std::min({buffer.size(), in_->bytes.size(), read_bytes_max_});
  std::memcpy(buffer.data(), in_->bytes.data(), size);
  in_->bytes.erase(0, size);
  in_->tell_writer();
  return {size, IoStatus::ok};
}

IoResult LoopbackStream::write(std::span<const iovec> parts) {
  if (out_->broken) return {0, IoStatus::error};
  if (out_->finished) return {0, IoStatus::closed};
  if (writes_blocked_) return {0, IoStatus::would_block};
  const std::size_t most = std::min(out_->room(), write_bytes_max_);
  std::size_t taken = 0;
  for (const iovec& part : parts) {
    const std::size_t size = std::min(part.iov_len, most - taken);
    out_->bytes.append(static_cast<const char*>(part.iov_base), size);
    taken += size;
  }
  if (taken == 0) return {0, IoStatus::would_block};
  out_->tell_reader();
  return {taken, IoStatus::ok};
}

void LoopbackStream::shutdown() {
  if (std::exchange(out_->finished, true)) return;
  out_->tell_reader();
}

void LoopbackStream::break_stream() {
  in_->broken = out_->broken = true;
  out_->tell_reader();
  in_->tell_writer();
}

std::string LoopbackStream::read_all() {
  std::string bytes = std::exchange(in_->bytes, {});
  if (!bytes.empty()) in_->tell_writer();
  return bytes;
}

std::size_t LoopbackStream::readable_bytes() const { return in_->bytes.size(); }

void LoopbackStream::on_edge(std::function<void()> edge) {
  in_->reader_edge = edge;
  out_->writer_edge = std::move(edge);
}

}  // namespace tidewire::net
