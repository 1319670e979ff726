#include "ws/deflate_offer.h"

#include <algorithm>
#include <utility>

#include "ws/header_scanner.h"

namespace tidewire::ws {
namespace {

constexpr std::string_view kExtension = "permessage-deflate";
constexpr std::string_view kServerNoContext = "server_no_context_takeover";
constexpr std::string_view kClientNoContext = "client_no_context_takeover";
constexpr std::string_view kServerBits = "server_max_window_bits";
constexpr std::string_view kClientBits = "client_max_window_bits";
constexpr std::uint8_t kBitsMax = 15;
constexpr std::uint8_t kBitsMin = 8;
constexpr std::uint8_t kOurBitsMin = 9;

using Value = std::optional<std::string>;

/// 8 to 15 in decimal without leading zeros (section 7.1.2.1).
std::optional<std::uint8_t> window_bits(std::string_view text) {
  for (std::uint8_t bits = kBitsMin; bits <= kBitsMax; ++bits)
    if (text == std::to_string(bits)) return bits;
  return std::nullopt;
}

/// One offer of permessage-deflate, read parameter by parameter.
struct Offer {
  bool valid = true;
  bool server_no_context = false;
  bool client_no_context = false;
  std::optional<std::uint8_t> server_bits;
  std::optional<std::uint8_t> client_bits;  // kBitsMax when offered without a value
  bool client_bits_valued = false;

  void add(std::string_view name, const Value& value) { valid = valid && accept(name, value); }

 private:
  bool accept(std::string_view name, const Value& value) {
    if (name == kServerNoContext) return !value && !std::exchange(server_no_context, true);
    if (name == kClientNoContext) return !value && !std::exchange(client_no_context, true);
    if (name == kServerBits) return value && accept_bits(server_bits, *value);
    if (name != kClientBits) return false;
    client_bits_valued = value.has_value();
    return accept_bits(client_bits, value.value_or(std::to_string(kBitsMax)));
  }

  static bool accept_bits(std::optional<std::uint8_t>& bits, std::string_view text) {
    if (bits) return false;
    bits = window_bits(text);
    return bits.has_value();
  }
};

/// What the server makes of a valid offer, or nothing.
std::optional<DeflateAnswer> answer(const Offer& offer, const DeflateConfig& config) {
  if (!offer.valid || offer.server_bits == kBitsMin) return std::nullopt;
  DeflateParams params;
  params.server_no_context_takeover = offer.server_no_context || config.server_no_context_takeover;
  params.client_no_context_takeover = offer.client_no_context || config.client_no_context_takeover;
  const auto our_bits = std::clamp(config.server_max_window_bits, kOurBitsMin, kBitsMax);
  params.server_max_window_bits = std::min(our_bits, offer.server_bits.value_or(kBitsMax));
  // The client's window may be limited only if it said that it knows the parameter (7.1.2.2).
  if (offer.client_bits) {
    const auto their_bits = std::clamp(config.client_max_window_bits, kBitsMin, kBitsMax);
    params.client_max_window_bits = std::min(their_bits, *offer.client_bits);
  }

  std::string response(kExtension);
  if (params.server_no_context_takeover) response.append("; ").append(kServerNoContext);
  if (params.client_no_context_takeover) response.append("; ").append(kClientNoContext);
  if (offer.server_bits || params.server_max_window_bits < kBitsMax)
    response.append("; ")
        .append(kServerBits)
        .append("=")
        .append(std::to_string(params.server_max_window_bits));
  if (offer.client_bits_valued || params.client_max_window_bits < kBitsMax)
    response.append("; ")
        .append(kClientBits)
        .append("=")
        .append(std::to_string(params.client_max_window_bits));
  return DeflateAnswer{params, std::move(response)};
}

/// Reads `*( ";" param )`; false when the grammar is broken.
bool read_parameters(HeaderScanner& scanner, Offer& offer) {
  while (scanner.accept(';')) {
    const std::string_view name = scanner.token();
    if (name.empty()) return false;
    Value value;
    if (scanner.accept('=')) {
      value = scanner.token_or_quoted();
      if (!value) return false;
    }
    offer.add(name, value);
  }
  return true;
}

/// Reads one header and answers its first acceptable offer unless there is an answer already.
bool read_header(std::string_view header, const DeflateConfig& config, DeflateAnswer& result) {
  HeaderScanner scanner(header);
  scanner.skip_commas();
  if (scanner.at_end()) return false;
  while (!scanner.at_end()) {
    const std::string_view name = scanner.token();
    Offer offer;
    if (name.empty() || !read_parameters(scanner, offer)) return false;
    if (!scanner.at_end() && !scanner.accept(',')) return false;
    scanner.skip_commas();
    if (!config.enabled || result.params || name != kExtension) continue;
    if (auto accepted = answer(offer, config)) result = std::move(*accepted);
  }
  return true;
}

}  // namespace

std::expected<DeflateAnswer, std::string> negotiate_deflate(
    std::span<const std::string_view> header_values, const DeflateConfig& config) {
  DeflateAnswer result;
  for (const std::string_view header : header_values)
    if (!read_header(header, config, result))
      return std::unexpected("Sec-WebSocket-Extensions is malformed");
  return result;
}

}  // namespace tidewire::ws
