#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire {

/// An origin in the form RFC 6454 section 4 compares: scheme and host in lower case, the port
/// always known (0 for schemes without a default), IPv6 in its canonical text.
struct Origin {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;

  /// Strict: `scheme://host[:port]` in ASCII and nothing else (no path, user, white space,
  /// percent escape or second origin). nullopt when it is anything else, `null` included.
  [[nodiscard]] static std::optional<Origin> parse(std::string_view text);
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Which web pages may open a connection: the defence against cross-site WebSocket hijacking,
/// since browsers send Origin and do not let a page forge it.
///
/// An entry is an origin (`https://app.example.com`, `http://localhost:5173`), an origin whose
/// host starts with `*.` (any subdomain at any depth, not the domain itself), `null` (sandboxed
/// frames and files), or `*` (every origin, but still not `null`).
///
/// Thread: immutable once built. Limit: kEntriesMax entries.
class OriginPolicy {
 public:
  static constexpr std::size_t kEntriesMax = 1024;

  OriginPolicy() = default;  // refuses every origin
  /// Fails with one sentence that names the faulty entry.
  [[nodiscard]] static std::expected<OriginPolicy, std::string> build(
      std::span<const std::string> entries);

  /// `header` is the value of the one Origin header; nullopt (no header: not a browser) passes.
  /// A handshake with two Origin headers must be refused before it gets here.
  [[nodiscard]] bool allows(std::optional<std::string_view> header) const;

 private:
  std::vector<Origin> exact_;
  std::vector<Origin> subdomains_;  // host kept as ".example.com"
  bool any_ = false;
  bool null_ = false;
};

}  // namespace tidewire
