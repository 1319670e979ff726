#include "net/lingering_streams.h"

#include <iterator>
#include <utility>

namespace tidewire::net {

class LingeringStreams::Lingering final : public Pollable {
 public:
  Lingering(LingeringStreams& owner, std::unique_ptr<Stream> stream)
      : owner_(owner),
        stream_(std::move(stream)),
        timer_([](void* self) { static_cast<Lingering*>(self)->finish(); }, this) {}

  /// False when the kernel will not tell of the peer's end.
  bool start() {
    Shard& shard = owner_.shard_;
    shard.timers().schedule(timer_, shard.clock().mono_ms() + owner_.limits_.wait_ms);
    if (!stream_->has_unsent()) stream_->shutdown();
    return shard.watch(stream_->fd(), *this);
  }

  void stop() {
    owner_.shard_.unwatch(*this);
    timer_.cancel();
  }

  std::list<std::unique_ptr<Lingering>>::iterator place;

 private:
  void on_ready(bool readable, bool writable) override {
    if (writable && stream_->has_unsent()) {
      const IoResult result = stream_->write({});
      if (result.status == IoStatus::error || result.status == IoStatus::closed) return finish();
      if (!stream_->has_unsent()) stream_->shutdown();
    }
    if (readable) drain();
  }

  void drain() {
    const IoResult result = stream_->read(owner_.shard_.read_buffer());
    drained_bytes_ += result.bytes;
    if (result.status == IoStatus::would_block) return;
    if (result.status != IoStatus::ok || drained_bytes_ >= owner_.limits_.input_bytes_max)
      return finish();
    owner_.shard_.again(*this);
  }

  void finish() { owner_.finish(*this); }

  LingeringStreams& owner_;
  std::unique_ptr<Stream> stream_;
  Timer timer_;
  std::size_t drained_bytes_ = 0;
};

LingeringStreams::LingeringStreams(Shard& shard, LingerLimits limits)
    : shard_(shard), limits_(limits) {}

LingeringStreams::~LingeringStreams() = default;

void LingeringStreams::add(std::unique_ptr<Stream> stream) {
  if (streams_.size() >= limits_.streams_max) finish(*streams_.front());
  streams_.push_back(std::make_unique<Lingering>(*this, std::move(stream)));
  Lingering& lingering = *streams_.back();
  lingering.place = std::prev(streams_.end());
  if (!lingering.start()) finish(lingering);
}

void LingeringStreams::finish(Lingering& lingering) {
  lingering.stop();  // it may be the caller, so it lives until the turn is over
  std::unique_ptr<Lingering> finished = std::move(*lingering.place);
  streams_.erase(finished->place);
  shard_.retire(std::move(finished));
}

}  // namespace tidewire::net
