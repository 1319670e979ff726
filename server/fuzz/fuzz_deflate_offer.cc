// Negotiates arbitrary Sec-WebSocket-Extensions headers, one a line. What was agreed must be within
// what the server may agree to, and the response, taken as an offer, must lead to the same again.
// The first byte chooses the configuration.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "ws/deflate_offer.h"

namespace {

using namespace tidewire::ws;

void require(bool condition) {
  if (!condition) std::abort();
}

DeflateConfig config_by(std::uint8_t choice) {
  return {.enabled = (choice & 1U) == 0,
          .server_no_context_takeover = (choice & 2U) != 0,
          .client_no_context_takeover = (choice & 4U) != 0,
          .server_max_window_bits = static_cast<std::uint8_t>(8 + (choice >> 3U) % 8),
          .client_max_window_bits = static_cast<std::uint8_t>(15 - (choice >> 5U) % 8)};
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> result;
  while (true) {
    const std::size_t end = text.find('\n');
    result.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return result;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const DeflateConfig config = config_by(data[0]);
  const auto headers = lines({reinterpret_cast<const char*>(data) + 1, size - 1});
  const auto answer = negotiate_deflate(headers, config);
  if (!answer) return 0;
  require(answer->params.has_value() == !answer->response.empty());
  if (!answer->params) return 0;
  require(config.enabled);
  require(answer->params->server_max_window_bits >= 9);
  require(answer->params->server_max_window_bits <= 15);
  require(answer->params->client_max_window_bits >= 8);
  require(answer->params->client_max_window_bits <= 15);
  const std::vector<std::string_view> response{answer->response};
  const auto again = negotiate_deflate(response, config);
  require(again && again->params == answer->params && again->response == answer->response);
  return 0;
}
