#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidewire {

/// An identifier of at most kBytesMax bytes, such as random_id() makes, kept in place: 24 bytes
/// instead of a string's 64.
class ShortId {
 public:
  static constexpr std::size_t kBytesMax = 23;

  ShortId() = default;
  explicit ShortId(std::string_view id)
      : size_(static_cast<std::uint8_t>(std::min(id.size(), kBytesMax))) {
    assert(id.size() <= kBytesMax);
    std::ranges::copy(id.substr(0, kBytesMax), bytes_.begin());
  }

  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }
  operator std::string_view() const { return view(); }
  operator std::string() const { return std::string(view()); }

  friend bool operator==(const ShortId&, const ShortId&) = default;
  friend bool operator==(const ShortId& id, std::string_view text) { return id.view() == text; }

 private:
  std::array<char, kBytesMax> bytes_{};
  std::uint8_t size_ = 0;
};
static_assert(sizeof(ShortId) == 24);

}  // namespace tidewire
