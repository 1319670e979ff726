#include "auth/origin_policy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>

namespace tidewire {
namespace {

constexpr std::size_t kOriginBytesMax = 512;
constexpr std::size_t kHostBytesMax = 253;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

/// RFC 3986 section 3.1.
bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// Labels of letters, digits, '-' and '_'. A trailing dot makes another host in a browser's eyes,
/// and no browser sends an escape or a letter beyond ASCII.
bool is_host(std::string_view text) {
  if (text.empty() || text.size() > kHostBytesMax) return false;
  char previous = '.';
  for (const char c : text) {
    if (c == '.' && previous == '.') return false;
    if (c != '.' && !is_letter(c) && !is_digit(c) && c != '-' && c != '_') return false;
    previous = c;
  }
  return true;
}

/// "[2001:DB8:0::1]" -> "[2001:db8::1]"; empty when it is not IPv6.
std::string canonical_v6(std::string_view bracketed) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bracketed.size() < 4 || !bracketed.ends_with(']') || bracketed.size() - 2 >= text.size())
    return {};
  bracketed.substr(1, bracketed.size() - 2).copy(text.data(), text.size() - 1);
  in6_addr address{};
  if (inet_pton(AF_INET6, text.data(), &address) != 1) return {};
  if (inet_ntop(AF_INET6, &address, text.data(), text.size()) == nullptr) return {};
  return "[" + std::string(text.data()) + "]";
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  return 0;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  if (text.front() == '0') return std::nullopt;
  return port;
}

/// Splits "host:port" or "[v6]:port"; the host comes back in its canonical form.
std::optional<Origin> parse_authority(std::string scheme, std::string_view authority) {
  const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == authority.npos) return std::nullopt;
  const auto colon = authority.find(':', bracket);
  const auto host = authority.substr(0, colon);
  Origin origin{.scheme = std::move(scheme)};
  origin.host = host.starts_with('[') ? canonical_v6(host) : lowered(host);
  if (!host.starts_with('[') && !is_host(host)) return std::nullopt;
  if (origin.host.empty() || origin.host.ends_with('.')) return std::nullopt;
  origin.port = default_port(origin.scheme);
  if (colon == authority.npos) return origin;
  const auto port = parse_port(authority.substr(colon + 1));
  if (!port) return std::nullopt;
  origin.port = *port;
  return origin;
}

bool matches_subdomain(const Origin& rule, const Origin& origin) {
  return rule.scheme == origin.scheme && rule.port == origin.port &&
         origin.host.size() > rule.host.size() && origin.host.ends_with(rule.host);
}

/// "https://*.example.com" as its domain's origin, host ".example.com".
std::optional<Origin> parse_wildcard(std::string_view entry, std::size_t star) {
  std::string domain(entry.substr(0, star));
  domain += entry.substr(star + 2);
  auto origin = Origin::parse(domain);
  // "*.com" would trust everyone who can buy a name, and an address has no subdomains.
  if (!origin || origin->host.starts_with('[') || is_digit(origin->host.back()) ||
      (origin->host.find('.') == std::string::npos && origin->host != "localhost"))
    return std::nullopt;
  origin->host.insert(0, ".");
  return origin;
}

}  // namespace

std::optional<Origin> Origin::parse(std::string_view text) {
  const auto end = text.find("://");
  if (text.size() > kOriginBytesMax || end == text.npos) return std::nullopt;
  if (!is_scheme(text.substr(0, end))) return std::nullopt;
  return parse_authority(lowered(text.substr(0, end)), text.substr(end + 3));
}

std::expected<OriginPolicy, std::string> OriginPolicy::build(std::span<const std::string> entries) {
  if (entries.size() > kEntriesMax) return std::unexpected("more than 1024 origins");
  OriginPolicy policy;
  for (const std::string& entry : entries) {
    if (entry == "*") {
      policy.any_ = true;
    } else if (entry == "null") {
      policy.null_ = true;
    } else if (const auto star = entry.find("://*."); star != entry.npos) {
      auto origin = parse_wildcard(entry, star + 3);
      if (!origin) return std::unexpected("origin '" + entry + "' is not scheme://*.domain[:port]");
      policy.subdomains_.push_back(std::move(*origin));
    } else {
      auto origin = Origin::parse(entry);
      if (!origin)
        return std::unexpected("origin '" + entry +
                               "' is not scheme://host[:port] in ASCII (write IDNs as punycode)");
      policy.exact_.push_back(std::move(*origin));
    }
  }
  return policy;
}

bool OriginPolicy::allows(std::optional<std::string_view> header) const {
  if (!header) return true;
  if (*header == "null") return null_;
  const auto origin = Origin::parse(*header);
  if (!origin) return false;
  if (any_ || std::ranges::find(exact_, *origin) != exact_.end()) return true;
  return std::ranges::any_of(subdomains_,
                             [&](const Origin& rule) { return matches_subdomain(rule, *origin); });
}

}  // namespace tidewire
