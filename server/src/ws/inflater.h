#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <zlib.h>

namespace tidewire::ws {

enum class InflateStatus : std::uint8_t { ok, too_big, invalid };

/// Inflates permessage-deflate payloads (RFC 7692 section 7.2.2).
///
/// Owner:  one connection whose client keeps its context, or a DeflateScratch. Never moved.
/// Limits: stops as soon as the output exceeds its limit, so a bomb costs no more than the limit.
/// Errors: after anything but `ok` the stream is of no use until reset().
class Inflater {
 public:
  explicit Inflater(std::uint8_t window_bits);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Forgets the messages before: what "no context takeover" means.
  void reset();

  /// Replaces `out` by the inflated message, of at most `output_bytes_max` bytes. An empty payload
  /// is an empty message, and a final block needs no empty block after it: both are more than the
  /// RFC asks for, and cost nothing.
  [[nodiscard]] InflateStatus inflate(std::string_view payload, std::size_t output_bytes_max,
                                      std::string& out);

 private:
  enum class Step : std::uint8_t { consumed, final_block, too_big, invalid };
  struct Output;

  void give(std::string_view input);
  [[nodiscard]] InflateStatus inflate_into(Output& output, std::string_view payload);
  [[nodiscard]] Step run(Output& output);

  z_stream stream_{};
};

}  // namespace tidewire::ws
