#include "net/tls_context.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include "net/process.h"
#include "net/tls_stream.h"

namespace tidewire::net {
namespace {

using Context = std::shared_ptr<ssl_ctx_st>;

std::unexpected<std::string> failed(const std::string& what) {
  std::array<char, 256> reason{};
  const unsigned long code = ::ERR_peek_last_error();
  ::ERR_error_string_n(code, reason.data(), reason.size());
  ::ERR_clear_error();
  return std::unexpected(code == 0 ? what : what + " (" + reason.data() + ")");
}

int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (::SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2: no_application_protocol
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void set_policy(SSL_CTX& context) {
  ::SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  ::SSL_CTX_set_cipher_list(&context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  ::SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                      SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                      SSL_OP_IGNORE_UNEXPECTED_EOF);
  ::SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One read call for a record instead of one for its header and one for its body.
  ::SSL_CTX_set_read_ahead(&context, 1);
  ::SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_num_tickets(&context, 1);
  static constexpr unsigned char kSessionContext[] = "tidewire";
  ::SSL_CTX_set_session_id_context(&context, kSessionContext, sizeof kSessionContext - 1);
  ::SSL_CTX_set_alpn_select_cb(&context, select_protocol, nullptr);
}

std::expected<void, std::string> check_readable(const std::string& role, const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) return {};
  return std::unexpected("cannot read the TLS " + role + " " + path + ": " + std::strerror(errno));
}

std::expected<Context, std::string> build(const TlsFiles& files) {
  for (const auto& [role, path] : {std::pair{"certificate", files.certificate}, {"key", files.key}})
    if (auto readable = check_readable(role, path); !readable)
      return std::unexpected(readable.error());

  ::ERR_clear_error();
  Context context(::SSL_CTX_new(::TLS_server_method()), &::SSL_CTX_free);
  if (!context) return failed("OpenSSL gives no TLS context");
  set_policy(*context);
  if (::SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return failed("the TLS certificate " + files.certificate + " is not a PEM certificate chain");
  // An encrypted key would stop the start with a prompt for its password.
  ::SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  if (::SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return failed("the TLS key " + files.key +
                  " is not an unencrypted PEM key that fits the certificate " + files.certificate);
  if (::SSL_CTX_check_private_key(context.get()) != 1)
    return failed("the TLS key " + files.key + " does not belong to the certificate " +
                  files.certificate);
  return context;
}

}  // namespace

std::expected<std::unique_ptr<TlsContext>, std::string> TlsContext::load(TlsFiles files) {
  ignore_sigpipe();
  std::unique_ptr<TlsContext> context(new TlsContext(std::move(files)));
  if (auto loaded = context->reload(); !loaded) return std::unexpected(loaded.error());
  return context;
}

std::expected<void, std::string> TlsContext::reload() {
  auto built = build(files_);
  if (!built) return std::unexpected(built.error());
  const std::lock_guard lock(mutex_);
  context_ = std::move(*built);
  return {};
}

std::shared_ptr<ssl_ctx_st> TlsContext::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

std::unique_ptr<Stream> TlsContext::accept(UniqueFd socket, const SocketAddress& peer) const {
  return TlsStream::accept(*current(), std::move(socket), peer);
}

}  // namespace tidewire::net
