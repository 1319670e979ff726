#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>

#include "net/socket_address.h"
#include "net/stream.h"
#include "net/unique_fd.h"

struct ssl_ctx_st;

namespace tidewire::net {

struct TlsFiles {
  std::string certificate;  // PEM: the leaf first, then the chain
  std::string key;          // PEM, not encrypted
};

/// The server's certificate and TLS policy: TLS 1.2 with forward-secret AEAD suites and TLS 1.3,
/// ALPN http/1.1, stateless session tickets, no renegotiation, no compression, no session cache.
///
/// Owner:  the server; outlives nothing: each connection holds the OpenSSL context it began with.
/// Thread: any. A lock is taken once a connection, never per message.
class TlsContext {
 public:
  /// The error is a sentence that names the file.
  static std::expected<std::unique_ptr<TlsContext>, std::string> load(TlsFiles files);

  /// Reads the files again. New connections use what was read; when something is wrong nothing
  /// changes and the error says what.
  std::expected<void, std::string> reload();

  /// The server side of a new connection; the handshake happens in its first reads. nullptr when
  /// OpenSSL has no memory.
  [[nodiscard]] std::unique_ptr<Stream> accept(UniqueFd socket, const SocketAddress& peer) const;

 private:
  explicit TlsContext(TlsFiles files) : files_(std::move(files)) {}
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> current() const;

  const TlsFiles files_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace tidewire::net
