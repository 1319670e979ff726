#include "http/range.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

#include "http/characters.h"
#include "http/request.h"

namespace tidewire::http {
namespace {

constexpr std::string_view kUnit = "bytes=";

/// Plain digits; a number too large to hold is as good as the largest one.
std::optional<std::uint64_t> position(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

RangeChoice last_bytes(std::uint64_t wanted, std::uint64_t size) {
  if (wanted == 0 || size == 0) return NoSuchRange{};
  const std::uint64_t part = std::min(wanted, size);
  return ByteRange{size - part, part};
}

}  // namespace

RangeChoice choose_range(std::string_view range, std::uint64_t size) {
  if (range.size() < kUnit.size() || !same_token(range.substr(0, kUnit.size()), kUnit))
    return WholeBody{};
  const std::string_view spec = trimmed(range.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return WholeBody{};
  const std::optional<std::uint64_t> first = position(spec.substr(0, dash));
  const std::optional<std::uint64_t> last = position(spec.substr(dash + 1));
  if (dash == 0) return last ? last_bytes(*last, size) : RangeChoice(WholeBody{});
  if (!first || (!last && dash + 1 != spec.size())) return WholeBody{};
  if (last && *last < *first) return WholeBody{};
  if (*first >= size) return NoSuchRange{};
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return ByteRange{*first, end - *first + 1};
}

}  // namespace tidewire::http
