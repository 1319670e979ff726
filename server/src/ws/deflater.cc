#include "ws/deflater.h"

#include <new>

namespace tidewire::ws {
namespace {

constexpr std::size_t kTailBytes = 4;  // 00 00 FF FF, which does not travel

}  // namespace

Deflater::Deflater(std::uint8_t window_bits, int level, int memory_level) {
  if (deflateInit2(&stream_, level, Z_DEFLATED, -int{window_bits}, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

Deflater::~Deflater() { deflateEnd(&stream_); }

void Deflater::reset() { deflateReset(&stream_); }

void Deflater::deflate(std::string_view message, std::string& out) {
  if (message.empty()) {  // zlib would refuse a second flush without input
    out.assign(1, '\0');  // RFC 7692 section 7.2.3.6
    return;
  }
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  stream_.avail_in = static_cast<uInt>(message.size());
  out.resize(deflateBound(&stream_, static_cast<uLong>(message.size())) + 16);
  std::size_t used = 0;
  do {
    if (used == out.size()) out.resize(2 * out.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream_.avail_out = static_cast<uInt>(out.size() - used);
    ::deflate(&stream_, Z_SYNC_FLUSH);
    used = out.size() - stream_.avail_out;
  } while (stream_.avail_out == 0);
  out.resize(used - kTailBytes);
}

}  // namespace tidewire::ws
