#pragma once

#include <string>
#include <string_view>

#include <zlib.h>

#include "ws/deflate_params.h"

namespace tidewire::ws {

/// Compresses messages into permessage-deflate payloads (RFC 7692 section 7.2.1).
///
/// Owner: one connection with context takeover, or a DeflateScratch. Never moved (zlib points
/// back). Errors: only out of memory, which throws std::bad_alloc as any allocation does.
class Deflater {
 public:
  Deflater(std::uint8_t window_bits, int level, int memory_level);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Forgets the messages before: what "no context takeover" means.
  void reset();

  /// Replaces `out` by the compressed message, without the trailing 00 00 FF FF.
  void deflate(std::string_view message, std::string& out);

 private:
  z_stream stream_{};
};

}  // namespace tidewire::ws
