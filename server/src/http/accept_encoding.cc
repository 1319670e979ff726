#include "http/accept_encoding.h"

#include <algorithm>
#include <optional>

#include "http/characters.h"
#include "http/request.h"

namespace tidewire::http {
namespace {

/// "0", "0.5", "1.000" in thousandths (RFC 9110, 12.4.2).
std::optional<int> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int quality = (text[0] - '0') * 1000;
  int place = 100;
  for (char c : text.substr(text.size() > 1 ? 2 : 1)) {
    if (!is_digit(c)) return std::nullopt;
    quality += (c - '0') * place;
    place /= 10;
  }
  return quality <= 1000 ? std::optional(quality) : std::nullopt;
}

/// The q parameter of one element, 1000 without one.
std::optional<int> quality_of(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (parameters.empty()) return 1000;
  if (parameters.size() < 2 || !same_token(parameters.substr(0, 2), "q=")) return std::nullopt;
  return parse_quality(parameters.substr(2));
}

}  // namespace

int coding_quality(std::string_view accept_encoding, std::string_view coding) {
  std::optional<int> named;
  std::optional<int> any;
  for (std::string_view element = next_element(accept_encoding); !element.empty();
       element = next_element(accept_encoding)) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view name = trimmed(element.substr(0, semicolon));
    const std::string_view parameters =
        semicolon < element.size() ? element.substr(semicolon + 1) : std::string_view();
    const std::optional<int> quality = quality_of(parameters);
    if (!quality) continue;
    if (same_token(name, coding)) named = quality;
    if (name == "*") any = quality;
  }
  if (named) return *named;
  if (any) return *any;
  return same_token(coding, "identity") ? 1 : 0;
}

std::string_view choose_coding(std::string_view accept_encoding,
                               const std::vector<std::string_view>& available) {
  std::string_view best = "identity";
  int best_quality = coding_quality(accept_encoding, "identity");
  // A tie goes to the smaller bytes, so only a real wish for identity beats a variant.
  bool beaten = false;
  for (std::string_view coding : available) {
    const int quality = coding_quality(accept_encoding, coding);
    if (quality == 0 || quality < best_quality || (beaten && quality == best_quality)) continue;
    best = coding;
    best_quality = quality;
    beaten = true;
  }
  return best;
}

}  // namespace tidewire::http
