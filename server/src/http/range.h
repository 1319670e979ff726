#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace tidewire::http {

/// Send everything: no Range, one that cannot be read, another unit, or several ranges.
struct WholeBody {};
/// Send these bytes as 206.
struct ByteRange {
  std::uint64_t offset;
  std::uint64_t size;
};
/// The range lies outside: 416.
struct NoSuchRange {};

using RangeChoice = std::variant<WholeBody, ByteRange, NoSuchRange>;

/// What a Range header asks of a body of `size` bytes (RFC 9110, 14.1.2 and 14.2). A server may
/// ignore Range, which is what happens to lists: they are mostly attacks (RFC 9110, 17.15).
[[nodiscard]] RangeChoice choose_range(std::string_view range, std::uint64_t size);

}  // namespace tidewire::http
