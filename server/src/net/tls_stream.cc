#include "net/tls_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace tidewire::net {
namespace {

constexpr std::size_t kRecordBytes = 16'384;  // RFC 8446 section 5.1

/// Where small parts become one record. One per thread is enough: OpenSSL has encrypted it, or
/// refused it, when SSL_write returns.
std::array<char, kRecordBytes>& scratch() {
  thread_local std::array<char, kRecordBytes> buffer;
  return buffer;
}

/// Walks over `parts` in records of at most kRecordBytes.
class Records {
 public:
  explicit Records(std::span<const iovec> parts) : parts_(parts) { skip_empty(); }

  [[nodiscard]] bool done() const { return parts_.empty(); }

  /// The next record: inside the part itself when that fills a record or is the last one, else
  /// gathered.
  std::span<const char> next() {
    const std::size_t left = parts_.front().iov_len - offset_;
    if (left >= kRecordBytes || parts_.size() == 1) {
      const char* begin = static_cast<const char*>(parts_.front().iov_base) + offset_;
      const std::size_t size = std::min(left, kRecordBytes);
      advance(size);
      return {begin, size};
    }
    return gather();
  }

 private:
  std::span<const char> gather() {
    std::size_t size = 0;
    while (!done() && size < kRecordBytes) {
      const std::size_t piece = std::min(parts_.front().iov_len - offset_, kRecordBytes - size);
      std::memcpy(scratch().data() + size,
                  static_cast<const char*>(parts_.front().iov_base) + offset_, piece);
      size += piece;
      advance(piece);
    }
    return {scratch().data(), size};
  }

  void advance(std::size_t bytes) {
    offset_ += bytes;
    if (offset_ == parts_.front().iov_len) {
      parts_ = parts_.subspan(1);
      offset_ = 0;
      skip_empty();
    }
  }

  void skip_empty() {
    while (!parts_.empty() && parts_.front().iov_len == 0) parts_ = parts_.subspan(1);
  }

  std::span<const iovec> parts_;
  std::size_t offset_ = 0;  // into the first part
};

}  // namespace

void TlsStream::Free::operator()(ssl_st* ssl) const { ::SSL_free(ssl); }

std::unique_ptr<TlsStream> TlsStream::accept(ssl_ctx_st& context, UniqueFd socket,
                                             const SocketAddress& peer) {
  ::ERR_clear_error();
  Ssl ssl(::SSL_new(&context));
  if (!ssl || ::SSL_set_fd(ssl.get(), socket.get()) != 1) return nullptr;
  ::SSL_set_accept_state(ssl.get());
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(socket), std::move(ssl), peer));
}

TlsStream::TlsStream(UniqueFd socket, Ssl ssl, const SocketAddress& peer)
    : socket_(std::move(socket)), ssl_(std::move(ssl)), peer_(peer) {}

IoResult TlsStream::read(std::span<char> buffer) {
  read_wants_write_ = false;
  if (broken_) return {0, IoStatus::error};
  // One SSL_read gives one record at most, and OpenSSL may hold more that no edge will tell of.
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    ::ERR_clear_error();
    std::size_t bytes = 0;
    errno = 0;
    const int result =
        ::SSL_read_ex(ssl_.get(), buffer.data() + filled, buffer.size() - filled, &bytes);
    if (result == 1) {
      filled += bytes;
      continue;
    }
    const IoStatus status = explain(result);
    if (filled == 0) return {0, status};
    // What was decrypted is told first, the end with the next read. The peer may have ended TLS
    // and not TCP, so the edge that leads to that read is made here.
    if (status != IoStatus::would_block) ::shutdown(socket_.get(), SHUT_RD);
    break;
  }
  return {filled, IoStatus::ok};
}

IoResult TlsStream::write(std::span<const iovec> parts) {
  if (broken_) return {0, IoStatus::error};
  if (unsent_bytes_ > 0) {
    // OpenSSL wants the same size again, but sends the record that it has already encrypted.
    const IoStatus status = send_record(scratch().data(), static_cast<std::size_t>(unsent_bytes_));
    if (status != IoStatus::ok) return {0, status};
    if (unsent_bytes_ > 0) return {0, IoStatus::would_block};
  }
  std::size_t taken = 0;
  Records records(parts);
  while (!records.done() && unsent_bytes_ == 0) {
    const std::span<const char> record = records.next();
    const IoStatus status = send_record(record.data(), record.size());
    if (status == IoStatus::ok) {
      taken += record.size();
      continue;
    }
    if (taken > 0) break;
    return {0, status};
  }
  return {taken, taken > 0 ? IoStatus::ok : IoStatus::would_block};
}

/// `ok` when OpenSSL has taken the record, whether or not all of it fitted into the socket.
IoStatus TlsStream::send_record(const char* bytes, std::size_t size) {
  ::ERR_clear_error();
  errno = 0;
  const int result = ::SSL_write(ssl_.get(), bytes, static_cast<int>(size));
  if (result > 0) {
    unsent_bytes_ = 0;
    return IoStatus::ok;
  }
  const bool handshaking = ::SSL_is_init_finished(ssl_.get()) == 0;
  const IoStatus status = explain(result);
  if (status != IoStatus::would_block || handshaking) return status;
  unsent_bytes_ = static_cast<int>(size);
  return IoStatus::ok;
}

IoStatus TlsStream::explain(int result) {
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return IoStatus::would_block;
    case SSL_ERROR_WANT_WRITE:
      read_wants_write_ = true;
      return IoStatus::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::closed;
    case SSL_ERROR_SYSCALL:
      errno_ = errno;
      broken_ = true;
      break;
    default:
      error_ = ::ERR_peek_last_error();
      broken_ = true;
      break;
  }
  ::ERR_clear_error();
  return IoStatus::error;
}

void TlsStream::shutdown() {
  // After a failure OpenSSL must not be asked to say goodbye (SSL_shutdown(3)).
  if (!broken_ && ::SSL_is_init_finished(ssl_.get()) == 1) {
    ::ERR_clear_error();
    if (::SSL_shutdown(ssl_.get()) < 0) ::ERR_clear_error();
  }
  ::shutdown(socket_.get(), SHUT_WR);
}

std::string TlsStream::last_error() const {
  if (error_ != 0) {
    std::array<char, 256> text{};
    ::ERR_error_string_n(error_, text.data(), text.size());
    return text.data();
  }
  return errno_ != 0 ? std::strerror(errno_) : "the peer ended the connection without close_notify";
}

}  // namespace tidewire::net
