#include "link.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tidewire::sim {

Link::Link(Schedule& schedule, Random& random, const LinkShape& shape)
    : schedule_(schedule), random_(random), shape_(shape) {
  auto pair = net::LoopbackStream::make_pair(shape.buffer_bytes);
  server_end_ = std::move(pair.first);
  net_end_ = std::move(pair.second);
}

void Link::listen(std::function<void(std::string)> on_bytes, std::function<void()> on_end) {
  on_bytes_ = std::move(on_bytes);
  on_end_ = std::move(on_end);
  net_end_->on_edge([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->plan_pump(0);
  });
}

/// Bytes of one direction never overtake each other.
std::int64_t Link::arrival(MonoMillis& last) {
  last = std::max(last,
                  schedule_.now() + random_.between(shape_.latency_ms_min, shape_.latency_ms_max));
  return last - schedule_.now();
}

void Link::plan_pump(std::int64_t ms) {
  if (pump_planned_ || ended_) return;
  pump_planned_ = true;
  schedule_.after(ms, [self = shared_from_this()] {
    self->pump_planned_ = false;
    self->pump();
  });
}

void Link::pump() {
  if (ended_ || silent_) return;
  write_upstream();
  if (schedule_.now() < stalled_until_) return plan_pump(stalled_until_ - schedule_.now());
  std::array<char, 4096> buffer{};
  const std::size_t wanted = std::min(buffer.size(), shape_.client_bytes_per_ms);
  const net::IoResult got = net_end_->read(std::span(buffer).first(wanted));
  switch (got.status) {
    case net::IoStatus::would_block:
      return;
    case net::IoStatus::closed:
    case net::IoStatus::error:
      schedule_.after(arrival(last_down_), [self = shared_from_this()] { self->end(); });
      return;
    case net::IoStatus::ok:
      break;
  }
  under_way_ += got.bytes;
  schedule_.after(arrival(last_down_), [self = shared_from_this(),
                                        bytes = std::string(buffer.data(), got.bytes)]() mutable {
    if (self->ended_ || self->silent_) return;
    self->under_way_ -= bytes.size();
    self->on_bytes_(std::move(bytes));
  });
  plan_pump(1);
}

void Link::send(std::string bytes) {
  if (ended_) return;
  schedule_.after(arrival(last_up_),
                  [self = shared_from_this(), bytes = std::move(bytes)]() mutable {
                    self->upstream_ += bytes;
                    self->write_upstream();
                  });
}

void Link::finish() {
  if (ended_) return;
  schedule_.after(arrival(last_up_), [self = shared_from_this()] {
    self->finishing_ = true;
    self->write_upstream();
  });
}

void Link::write_upstream() {
  if (ended_ || silent_) return;
  while (!upstream_.empty()) {
    const iovec part{upstream_.data(), upstream_.size()};
    const net::IoResult put = net_end_->write({&part, 1});
    if (put.status != net::IoStatus::ok) break;
    upstream_.erase(0, put.bytes);
  }
  if (finishing_ && upstream_.empty()) net_end_->shutdown();
}

void Link::cut() {
  if (ended_) return;
  if (!silent_) net_end_->break_stream();
  end();
}

void Link::stall(std::int64_t ms) {
  stalled_until_ = std::max(stalled_until_, schedule_.now() + ms);
}

void Link::end() {
  if (std::exchange(ended_, true)) return;
  if (on_end_) schedule_.after(0, [self = shared_from_this()] { self->on_end_(); });
}

}  // namespace tidewire::sim
