#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::bench {

/// What every message carries: where it belongs, its place in the order, and when it was due.
/// 36 characters of fixed width that survive JSON, so that a receiver finds it with one search and
/// never parses the message around it.
struct Stamp {
  std::uint32_t room = 0;
  std::uint64_t sequence = 0;
  std::int64_t due_us = 0;  // CLOCK_MONOTONIC, the intended and not the actual moment

  static constexpr std::string_view kMark = "~tw~";
  static constexpr std::size_t kSize = 36;  // mark, 6 hex digits, ':', 10, ':', 14

  [[nodiscard]] std::array<char, kSize> text() const;
};

/// `size` characters of words, different from place to place, so that they compress as text does.
[[nodiscard]] std::string filler(std::size_t size);

/// The next stamp in `text`, which is advanced past it; nullopt when there is none.
std::optional<Stamp> next_stamp(std::string_view& text);

}  // namespace tidewire::bench
