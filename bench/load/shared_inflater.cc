#include "load/shared_inflater.h"

#include <zlib.h>

namespace tidewire::bench {
namespace {

constexpr std::size_t kKnownMax = 1024;
constexpr std::size_t kPlainMax = 1 << 20;

}  // namespace

SharedInflater::SharedInflater() = default;

SharedInflater::~SharedInflater() {
  if (stream_) ::inflateEnd(stream_.get());
}

std::optional<std::string_view> SharedInflater::inflate(std::string_view payload) {
  if (const auto found = known_.find(payload); found != known_.end()) return found->second;
  if (!stream_) {
    stream_ = std::make_unique<z_stream>();
    if (::inflateInit2(stream_.get(), -15) != Z_OK) return std::nullopt;
  }
  ::inflateReset(stream_.get());
  // RFC 7692 section 7.2.2: the sender took these four bytes off.
  const std::string input = std::string(payload) + std::string("\x00\x00\xff\xff", 4);
  buffer_.resize(kPlainMax);
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream_->avail_in = static_cast<uInt>(input.size());
  stream_->next_out = reinterpret_cast<Bytef*>(buffer_.data());
  stream_->avail_out = static_cast<uInt>(buffer_.size());
  const int result = ::inflate(stream_.get(), Z_SYNC_FLUSH);
  if ((result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) ||
      stream_->avail_in != 0 || stream_->avail_out == 0)
    return std::nullopt;
  std::string plain = buffer_.substr(0, buffer_.size() - stream_->avail_out);
  if (known_.size() >= kKnownMax) known_.clear();
  return known_.emplace(payload, std::move(plain)).first->second;
}

}  // namespace tidewire::bench
