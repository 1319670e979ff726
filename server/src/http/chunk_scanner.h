#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "http/parse_error.h"

namespace tidewire::http {

/// Walks over a chunked body and refuses what servers are known to read differently: sizes that are
/// not plain hexadecimal, white space beside them, bare LF, long extensions, trailer fields
/// (RFC 9112, 7.1 and 11.2). Decoding is left to Beast.
class ChunkScanner {
 public:
  explicit ChunkScanner(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  /// Takes bytes up to the end of a size line, of a chunk's data or of the body and says how many
  /// it took: Beast must judge each line before the next one is looked at, or the verdict would
  /// depend on the cuts.
  [[nodiscard]] std::expected<std::size_t, ParseError> feed(std::span<const char> bytes);
  /// True when Beast may have what was taken: it ends with a whole size line, with data or with the
  /// body. Beast wants the last size line together with the end of the body: given the line first
  /// and then the end but for its LF, it fails its own assertion.
  [[nodiscard]] bool whole() const {
    return place_ == Place::data || place_ == Place::data_cr || place_ == Place::done;
  }
  [[nodiscard]] bool done() const { return place_ == Place::done; }

 private:
  enum class Place : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    end_cr,
    end_lf,
    done
  };
  using Verdict = std::expected<void, ParseError>;

  Verdict take(char c);
  Verdict take_size(char c);
  Verdict take_extension(char c);
  Verdict expect(char c, char wanted, Place next);
  [[nodiscard]] Verdict end_size_line();

  std::size_t body_bytes_max_;
  std::size_t body_bytes_ = 0;
  std::size_t chunk_bytes_ = 0;
  std::size_t digits_ = 0;
  std::size_t extension_bytes_ = 0;
  Place place_ = Place::size;
};

}  // namespace tidewire::http
