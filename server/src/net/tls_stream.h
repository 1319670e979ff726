#pragma once

#include <memory>
#include <span>
#include <string>

#include "net/socket_address.h"
#include "net/stream.h"
#include "net/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;

namespace tidewire::net {

/// The server side of TLS on one socket, by OpenSSL on the descriptor itself: no buffers of ours,
/// and OpenSSL releases its own while the connection is idle.
///
/// Records: small parts are gathered into one record of up to 16 KiB through a scratch buffer that
///          all connections of a thread share. A record cut off by a full socket counts as written;
///          has_unsent() is true until it is out.
class TlsStream final : public Stream {
 public:
  static std::unique_ptr<TlsStream> accept(ssl_ctx_st& context, UniqueFd socket,
                                           const SocketAddress& peer);

  [[nodiscard]] IoResult read(std::span<char> buffer) override;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) override;
  [[nodiscard]] bool has_unsent() const override { return unsent_bytes_ > 0; }
  [[nodiscard]] bool read_wants_write() const override { return read_wants_write_; }
  void shutdown() override;
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] const SocketAddress& peer_address() const override { return peer_; }
  [[nodiscard]] bool is_tls() const override { return true; }
  [[nodiscard]] std::string last_error() const override;

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  using Ssl = std::unique_ptr<ssl_st, Free>;

  TlsStream(UniqueFd socket, Ssl ssl, const SocketAddress& peer);

  [[nodiscard]] IoStatus send_record(const char* bytes, std::size_t size);
  [[nodiscard]] IoStatus explain(int result);

  UniqueFd socket_;
  Ssl ssl_;
  SocketAddress peer_;
  int unsent_bytes_ = 0;  // the size of the record that OpenSSL has encrypted but not sent
  bool read_wants_write_ = false;
  bool broken_ = false;
  unsigned long error_ = 0;  // OpenSSL's error code, or
  int errno_ = 0;            // the system's
};

}  // namespace tidewire::net
