#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire {

/// What one HTTP backend of the configuration serves.
struct BackendMethods {
  std::vector<std::string> methods;  // exact names, or prefixes that end in `*`
  bool idempotent = false;
  std::int64_t timeout_ms = 0;  // the longest call; 0: the server's own limit
};

/// The backend whose list fits `method` best: an exact name before a prefix, a longer prefix before
/// a shorter one, the earlier backend of equals. nullopt: none serves it.
[[nodiscard]] std::optional<std::size_t> find_backend(const std::vector<BackendMethods>& backends,
                                                      std::string_view method);

/// Whether the backend that find_backend() names says that asking twice does no harm. It counts for
/// the workers of the method too.
[[nodiscard]] bool declared_idempotent(const std::vector<BackendMethods>& backends,
                                       std::string_view method);

}  // namespace tidewire
