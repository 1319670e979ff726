#include "rpc/backend_methods.h"

#include <limits>

namespace tidewire {
namespace {

/// How much of `method` the entry says: all of it for an exact name; nullopt when it does not fit.
std::optional<std::size_t> fit_of(std::string_view entry, std::string_view method) {
  if (entry == method) return std::numeric_limits<std::size_t>::max();
  if (!entry.ends_with('*')) return std::nullopt;
  entry.remove_suffix(1);
  if (!method.starts_with(entry)) return std::nullopt;
  return entry.size();
}

}  // namespace

std::optional<std::size_t> find_backend(const std::vector<BackendMethods>& backends,
                                        std::string_view method) {
  std::optional<std::size_t> best;
  std::size_t best_fit = 0;
  for (std::size_t i = 0; i < backends.size(); ++i) {
    for (const std::string& entry : backends[i].methods) {
      const auto fit = fit_of(entry, method);
      if (!fit || (best && *fit <= best_fit)) continue;
      best = i;
      best_fit = *fit;
    }
  }
  return best;
}

bool declared_idempotent(const std::vector<BackendMethods>& backends, std::string_view method) {
  const auto found = find_backend(backends, method);
  return found && backends[*found].idempotent;
}

}  // namespace tidewire
