#include <chrono>
#include <ostream>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "cli/commands.h"

namespace tidewire {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::chrono::seconds kTimeout{5};

struct Target {
  std::string host;
  std::string port;
};

/// Where a client reaches a listener: the address it bound, or loopback when it bound all of them.
Target target_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  return {host, address.substr(colon + 1)};
}

/// One GET /readyz: a chain of steps on one connection that ends at the first error.
class ReadinessProbe {
 public:
  explicit ReadinessProbe(const Target& target) {
    request_.method(http::verb::get);
    request_.target("/readyz");
    request_.version(11);
    request_.set(http::field::host, "localhost:" + target.port);
    request_.set(http::field::connection, "close");
    boost::system::error_code error;
    auto found = asio::ip::tcp::resolver(context_).resolve(target.host, target.port, error);
    if (error) {
      problem_ = error.message();
      return;
    }
    endpoints_ = found;
    stream_.expires_after(kTimeout);
    stream_.async_connect(endpoints_, [this](auto failure, const auto&) { connected(failure); });
  }

  bool run() {
    context_.run();
    return problem_.empty() && response_.result() == http::status::ok;
  }

  [[nodiscard]] std::string outcome() const {
    return problem_.empty() ? response_.body() : problem_;
  }

 private:
  bool failed(boost::system::error_code error) {
    if (error) problem_ = error == beast::error::timeout ? "no answer within 5s" : error.message();
    return !problem_.empty();
  }
  void connected(boost::system::error_code error) {
    if (failed(error)) return;
    http::async_write(stream_, request_, [this](auto failure, std::size_t) { written(failure); });
  }
  void written(boost::system::error_code error) {
    if (failed(error)) return;
    http::async_read(stream_, buffer_, response_,
                     [this](auto failure, std::size_t) { failed(failure); });
  }

  asio::io_context context_;
  beast::tcp_stream stream_{context_};
  asio::ip::tcp::resolver::results_type endpoints_;
  beast::flat_buffer buffer_{64 * 1024};
  http::request<http::empty_body> request_;
  http::response<http::string_body> response_;
  std::string problem_;
};

}  // namespace

int run_health(const ConfigSources& sources, CommandContext& context) {
  LoadedConfig loaded = load_config(sources);
  for (const std::string& fault : loaded.faults) context.err << fault << "\n";
  if (!loaded.faults.empty()) return kConfigFault;
  const std::string& address = loaded.config.listen.internal_address;
  ReadinessProbe probe(target_of(address));
  if (probe.run()) {
    context.out << "ready\n";
    return kSuccess;
  }
  context.err << "tidewire: " << address << " is not ready: " << probe.outcome() << "\n";
  return kFailure;
}

}  // namespace tidewire
