#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/lingering_streams.h"
#include "net/test_support.h"
#include "net/tls_context.h"

namespace tidewire::net {
namespace {

using testing::set_blocking;
using testing::tcp_pair;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using ClientContext = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using ClientSsl = std::unique_ptr<SSL, Freer<SSL_free>>;

Certificate self_signed(EVP_PKEY* key, const std::string& name) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

/// A folder with a certificate and its key, gone with the test.
class Tls : public ::testing::Test {
 protected:
  Tls() {
    std::filesystem::create_directories(folder_);
    write_pair("localhost");
  }
  ~Tls() override { std::filesystem::remove_all(folder_); }

  void write_pair(const std::string& name) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = self_signed(key.get(), name);
    FILE* file = std::fopen(files_.certificate.c_str(), "w");
    PEM_write_X509(file, certificate.get());
    (void)std::fclose(file);
    file = std::fopen(files_.key.c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    (void)std::fclose(file);
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("tls_" + std::to_string(::getpid()));
  const TlsFiles files_{.certificate = folder_ / "cert.pem", .key = folder_ / "key.pem"};
};

/// A client and the stream that serves it, on one thread: whoever waits lets the other one work.
class Conversation {
 public:
  explicit Conversation(const TlsContext& context, int version = TLS1_3_VERSION) {
    auto [accepted, client] = tcp_pair();
    set_blocking(client.get(), false);
    server = context.accept(std::move(accepted), SocketAddress{});
    socket_ = std::move(client);
    client_context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(client_context_.get(), 0);
    SSL_CTX_set_min_proto_version(client_context_.get(), version);
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    ssl.reset(SSL_new(client_context_.get()));
    SSL_set_fd(ssl.get(), socket_.get());
    SSL_set_connect_state(ssl.get());
  }

  /// Answers whether both sides finished the handshake.
  bool shake_hands() {
    for (int i = 0; i < 20; ++i) {
      const int done = SSL_do_handshake(ssl.get());
      const IoResult result = server->read(buffer_);
      if (result.status == IoStatus::error) return false;
      if (done == 1 && result.status == IoStatus::would_block) return true;
    }
    return false;
  }

  std::string client_reads(std::size_t most = 1 << 16) {
    std::string text(most, '\0');
    const int size = SSL_read(ssl.get(), text.data(), static_cast<int>(most));
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  std::string server_reads() {
    const IoResult result = server->read(buffer_);
    return {buffer_.data(), result.bytes};
  }

  [[nodiscard]] std::string server_name() const {
    const Certificate certificate(SSL_get1_peer_certificate(ssl.get()));
    std::array<char, 64> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name.data(),
                              name.size());
    return name.data();
  }

  void drop_client() { socket_.reset(); }

  std::unique_ptr<Stream> server;
  ClientSsl ssl;

 private:
  std::string buffer_ = std::string(1 << 16, '\0');
  UniqueFd socket_;
  ClientContext client_context_;
};

std::unique_ptr<TlsContext> load(const TlsFiles& files) {
  auto context = TlsContext::load(files);
  EXPECT_TRUE(context) << context.error();
  return context ? std::move(*context) : nullptr;
}

TEST_F(Tls, CarriesBytesBothWaysInBothVersions) {
  const auto context = load(files_);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Conversation talk(*context, version);
    ASSERT_TRUE(talk.shake_hands()) << talk.server->last_error();
    EXPECT_TRUE(talk.server->is_tls());
    SSL_write(talk.ssl.get(), "ping", 4);
    EXPECT_EQ(talk.server_reads(), "ping");
    EXPECT_EQ(testing::write_text(*talk.server, "pong").bytes, 4U);
    EXPECT_EQ(talk.client_reads(), "pong");
  }
}

TEST_F(Tls, RefusesWhatIsOlderThanTls12) {
  const auto context = load(files_);
  Conversation talk(*context, TLS1_1_VERSION);
  EXPECT_FALSE(talk.shake_hands());
  EXPECT_NE(talk.server->last_error().find("unsupported protocol"), std::string::npos)
      << talk.server->last_error();
}

TEST_F(Tls, GathersSmallPartsIntoOneRecord) {
  const auto context = load(files_);
  Conversation talk(*context);
  ASSERT_TRUE(talk.shake_hands());
  std::string part = "part";
  const std::vector<iovec> parts(100, iovec{part.data(), part.size()});
  EXPECT_EQ(talk.server->write(parts).bytes, 400U);
  EXPECT_EQ(talk.client_reads().size(), 400U);  // one SSL_read gives one record
}

TEST_F(Tls, ReadsEveryRecordThatWaitsAtOnce) {
  const auto context = load(files_);
  Conversation talk(*context);
  ASSERT_TRUE(talk.shake_hands());
  for (int i = 0; i < 50; ++i) SSL_write(talk.ssl.get(), "0123456789", 10);
  EXPECT_EQ(talk.server_reads().size(), 500U);
}

TEST_F(Tls, LosesNoByteWhenTheSocketIsFull) {
  const auto context = load(files_);
  Conversation talk(*context);
  ASSERT_TRUE(talk.shake_hands());
  std::string sent;
  for (int i = 0; sent.size() < (8U << 20); ++i) sent += std::to_string(i) + ",";
  std::string received;
  std::size_t written = 0;
  bool was_unsent = false;
  while (written < sent.size() || talk.server->has_unsent()) {
    const std::size_t size = std::min<std::size_t>(sent.size() - written, 100'000);
    // The bytes that were taken are not given again: they may have changed since.
    std::string piece = sent.substr(written, size);
    const std::array<iovec, 2> halves{
        {{piece.data(), size / 2}, {piece.data() + size / 2, size - size / 2}}};
    const IoResult result = talk.server->write(halves);
    ASSERT_NE(result.status, IoStatus::error) << talk.server->last_error();
    written += result.bytes;
    was_unsent |= talk.server->has_unsent();
    if (result.status == IoStatus::would_block) received += talk.client_reads();
  }
  for (std::string text = talk.client_reads(); !text.empty(); text = talk.client_reads())
    received += text;
  EXPECT_TRUE(was_unsent);
  EXPECT_EQ(received == sent, true);
}

TEST_F(Tls, ChoosesHttp11AndRefusesOtherProtocols) {
  const auto context = load(files_);
  Conversation both(*context);
  static constexpr unsigned char kBoth[] = "\x02h2\x08http/1.1";
  SSL_set_alpn_protos(both.ssl.get(), kBoth, sizeof kBoth - 1);
  ASSERT_TRUE(both.shake_hands());
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both.ssl.get(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");

  Conversation only_h2(*context);
  SSL_set_alpn_protos(only_h2.ssl.get(), kBoth, 3);
  EXPECT_FALSE(only_h2.shake_hands());
}

TEST_F(Tls, EndsWithCloseNotifyAndTellsOfThePeersEnd) {
  const auto context = load(files_);
  Conversation talk(*context);
  ASSERT_TRUE(talk.shake_hands());
  (void)testing::write_text(*talk.server, "bye");
  talk.server->shutdown();
  EXPECT_EQ(talk.client_reads(), "bye");
  std::array<char, 8> buffer;
  EXPECT_EQ(SSL_get_error(talk.ssl.get(), SSL_read(talk.ssl.get(), buffer.data(), 8)),
            SSL_ERROR_ZERO_RETURN);
  SSL_shutdown(talk.ssl.get());
  EXPECT_EQ(talk.server->read(buffer).status, IoStatus::closed);
}

TEST_F(Tls, TellsOfAnEndThatCameTogetherWithData) {
  const auto context = load(files_);
  Conversation talk(*context);
  ASSERT_TRUE(talk.shake_hands());
  Shard shard;
  std::string received;
  bool closed = false;
  testing::Watcher watcher([&](bool readable, bool) {
    const IoResult result = readable ? talk.server->read(shard.read_buffer()) : IoResult{};
    received.append(shard.read_buffer().data(), result.bytes);
    closed = result.status == IoStatus::closed;
  });
  SSL_write(talk.ssl.get(), "last", 4);
  SSL_shutdown(talk.ssl.get());
  ASSERT_TRUE(shard.watch(talk.server->fd(), watcher));
  EXPECT_TRUE(testing::turn_until(shard, [&] { return closed; }));
  EXPECT_EQ(received, "last");
}

TEST_F(Tls, CountsAnEndWithoutCloseNotifyAsAnEnd) {
  const auto context = load(files_);
  Conversation talk(*context);
  ASSERT_TRUE(talk.shake_hands());
  EXPECT_EQ(talk.client_reads(), "");  // unread tickets would turn the end into a reset
  talk.drop_client();
  std::array<char, 8> buffer;
  EXPECT_EQ(talk.server->read(buffer).status, IoStatus::closed);
}

TEST_F(Tls, SaysThatAClientDoesNotSpeakTls) {
  const auto context = load(files_);
  auto [accepted, client] = tcp_pair();
  const auto stream = context->accept(std::move(accepted), SocketAddress{});
  testing::send_text(client.get(), "GET / HTTP/1.1\r\n\r\n");
  std::array<char, 64> buffer;
  EXPECT_EQ(stream->read(buffer).status, IoStatus::error);
  EXPECT_NE(stream->last_error().find("http request"), std::string::npos) << stream->last_error();
  EXPECT_EQ(stream->read(buffer).status, IoStatus::error);
}

TEST_F(Tls, FlushesACutOffRecordWhileItLingers) {
  const auto context = load(files_);
  Conversation talk(*context);
  ASSERT_TRUE(talk.shake_hands());
  const std::string block(1 << 20, 'x');
  std::size_t written = 0;
  while (!talk.server->has_unsent()) written += testing::write_text(*talk.server, block).bytes;
  Shard shard;
  LingeringStreams lingering(shard);
  lingering.add(std::move(talk.server));
  std::size_t received = 0;
  ASSERT_TRUE(testing::turn_until(shard, [&] {
    received += talk.client_reads().size();
    return (SSL_get_shutdown(talk.ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }));
  EXPECT_EQ(received, written);
}

TEST_F(Tls, ShowsAReloadedCertificateToNewConnectionsOnly) {
  const auto context = load(files_);
  Conversation before(*context);
  write_pair("renewed.example");
  ASSERT_TRUE(context->reload());
  Conversation after(*context);
  ASSERT_TRUE(before.shake_hands());
  ASSERT_TRUE(after.shake_hands());
  EXPECT_EQ(before.server_name(), "localhost");
  EXPECT_EQ(after.server_name(), "renewed.example");
}

TEST_F(Tls, KeepsTheOldCertificateWhenTheNewOneIsBad) {
  const auto context = load(files_);
  std::ofstream(files_.certificate) << "not a certificate";
  const auto reloaded = context->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().find(files_.certificate), std::string::npos) << reloaded.error();
  Conversation talk(*context);
  EXPECT_TRUE(talk.shake_hands());
}

TEST_F(Tls, NamesTheFileThatIsMissingOrDoesNotFit) {
  const auto missing = TlsContext::load({.certificate = files_.certificate, .key = "/nowhere.pem"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), "cannot read the TLS key /nowhere.pem: No such file or directory");

  const std::string old_certificate = folder_ / "old.pem";
  std::filesystem::copy_file(files_.certificate, old_certificate);
  write_pair("other");
  const auto foreign = TlsContext::load({.certificate = old_certificate, .key = files_.key});
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().find(files_.key), std::string::npos) << foreign.error();
  EXPECT_NE(foreign.error().find(old_certificate), std::string::npos) << foreign.error();
}

}  // namespace
}  // namespace tidewire::net
