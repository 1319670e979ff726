// Inflates arbitrary payloads under a limit: the output may never exceed it, and an inflater that
// others used before must, once reset, behave as a fresh one. The same bytes, compressed, must come
// back. The first two bytes choose the limit and how the rest is cut into messages.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ws/deflater.h"
#include "ws/inflater.h"

namespace {

using namespace tidewire::ws;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_limit(InflateStatus status, const std::string& out, std::size_t limit) {
  require(out.size() <= limit + (status == InflateStatus::too_big ? 1 : 0));
  require(status != InflateStatus::too_big || out.size() == limit + 1);
}

/// Messages that share a window, until one is refused.
void inflate_messages(std::string_view bytes, std::size_t message_bytes, std::size_t limit) {
  static Inflater used(15);
  used.reset();
  Inflater fresh(15);
  std::string out;
  std::string expected;
  while (!bytes.empty()) {
    const std::string_view message = bytes.substr(0, message_bytes);
    bytes.remove_prefix(message.size());
    const InflateStatus status = used.inflate(message, limit, out);
    check_limit(status, out, limit);
    require(fresh.inflate(message, limit, expected) == status && out == expected);
    if (status != InflateStatus::ok) return;
  }
}

void come_back(std::string_view message) {
  static Deflater deflater(15, 3, 8);
  static Inflater inflater(15);
  std::string packed;
  std::string out;
  deflater.deflate(message, packed);
  require(inflater.inflate(packed, message.size(), out) == InflateStatus::ok && out == message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t limit = std::size_t{data[0]} * 64;
  const std::size_t message_bytes = data[1] == 0 ? bytes.size() : data[1];
  if (!bytes.empty()) inflate_messages(bytes, message_bytes, limit);
  come_back(bytes);
  return 0;
}
