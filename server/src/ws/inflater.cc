#include "ws/inflater.h"

#include <algorithm>
#include <new>

namespace tidewire::ws {
namespace {

constexpr std::string_view kTail("\x00\x00\xFF\xFF", 4);  // RFC 7692 section 7.2.2
constexpr std::size_t kStepBytesMin = 1024;
constexpr std::size_t kStepBytesMax = std::size_t{256} * 1024;
constexpr int kAtBlockBoundary = 128;  // in z_stream::data_type after inflate()

}  // namespace

/// The buffer, how much of it is filled, and the most it may hold: one byte past the limit, which
/// is how exceeding it shows.
struct Inflater::Output {
  std::string& bytes;
  std::size_t used;
  std::size_t limit;

  void grow() {
    const std::size_t step = std::clamp(bytes.size(), kStepBytesMin, kStepBytesMax);
    bytes.resize(bytes.size() + std::min(step, limit + 1 - bytes.size()));
  }
};

Inflater::Inflater(std::uint8_t window_bits) {
  if (inflateInit2(&stream_, -int{window_bits}) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() { inflateEnd(&stream_); }

void Inflater::reset() { inflateReset(&stream_); }

InflateStatus Inflater::inflate(std::string_view payload, std::size_t output_bytes_max,
                                std::string& out) {
  out.clear();
  Output output{out, 0, std::min(output_bytes_max, out.max_size() - 1)};
  const InflateStatus status = payload.empty() ? InflateStatus::ok : inflate_into(output, payload);
  out.resize(output.used);
  return status;
}

void Inflater::give(std::string_view input) {
  // zlib does not write to its input; its interface is older than const.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream_.avail_in = static_cast<uInt>(input.size());
}

InflateStatus Inflater::inflate_into(Output& output, std::string_view payload) {
  give(payload);
  Step step = run(output);
  while (step == Step::final_block) {
    // The stream goes on after a block with BFINAL (section 7.2.3.4), with the window it had.
    inflateResetKeep(&stream_);
    if (stream_.avail_in == 0) return InflateStatus::ok;
    step = run(output);
  }
  if (step == Step::consumed) {
    give(kTail);
    step = run(output);
    const bool whole = (stream_.data_type & kAtBlockBoundary) != 0;
    if (step == Step::consumed && !whole) step = Step::invalid;  // ends inside a block
  }
  if (step == Step::too_big) return InflateStatus::too_big;
  return step == Step::consumed ? InflateStatus::ok : InflateStatus::invalid;
}

/// Inflates until the input is used up, a block says it is the last, or something is wrong.
Inflater::Step Inflater::run(Output& output) {
  while (true) {
    if (output.used == output.bytes.size()) output.grow();
    const std::size_t room = std::min<std::size_t>(output.bytes.size() - output.used, 1U << 30U);
    stream_.next_out = reinterpret_cast<Bytef*>(output.bytes.data() + output.used);
    stream_.avail_out = static_cast<uInt>(room);
    const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
    output.used += room - stream_.avail_out;
    if (output.used > output.limit) return Step::too_big;
    if (result == Z_STREAM_END) return Step::final_block;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_BUF_ERROR) return Step::invalid;
    if (stream_.avail_out > 0) return Step::consumed;
  }
}

}  // namespace tidewire::ws
