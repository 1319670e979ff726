#pragma once

#include <cstddef>

namespace tidewire::http {

/// What one request may cost before it is understood.
struct RequestLimits {
  std::size_t head_bytes_max = 8UL * 1024;   // request line and headers; past it 431
  std::size_t headers_max = 64;              // past it 431
  std::size_t uri_bytes_max = 2UL * 1024;    // past it 414
  std::size_t body_bytes_max = 64UL * 1024;  // past it 413, by the declared length already
};

}  // namespace tidewire::http
