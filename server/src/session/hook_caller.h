#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/shard_mesh.h"
#include "outbound/http_caller.h"
#include "session/hook_verdict.h"

namespace tidewire {

/// One hook of the configuration.
struct HookSetup {
  std::optional<std::size_t> backend;  // its place in HttpCaller; nullopt: not configured
  std::int64_t timeout_ms = 0;
  bool allow_on_failure = false;
  std::vector<std::string> namespaces;  // empty: all
};

/// Asks the application over HTTP.
///
/// Owner:  the Server; one instance. Thread: any; it does not change.
/// Errors: no valid answer in time counts as the hook's `on_failure` says: as allowed, or as denied
///         with `unavailable`.
class HookCaller {
 public:
  /// Nobody is asked about anything.
  HookCaller() = default;
  [[nodiscard]] static const HookCaller& none() {
    static const HookCaller nobody;
    return nobody;
  }
  HookCaller(outbound::HttpCaller& http, ShardMesh& mesh, std::array<HookSetup, 3> setups)
      : http_(&http), mesh_(&mesh), setups_(std::move(setups)) {}

  [[nodiscard]] bool asks(HookKind kind) const { return setup(kind).backend.has_value(); }
  [[nodiscard]] bool asks(HookKind kind, std::string_view name_space) const;
  [[nodiscard]] std::int64_t timeout_ms(HookKind kind) const { return setup(kind).timeout_ms; }

  /// `done` runs on shard `home`, once, and never within ask(). Precondition: asks(kind).
  void ask(HookKind kind, ShardIndex home, std::string body,
           std::move_only_function<void(HookVerdict)> done) const;

 private:
  [[nodiscard]] const HookSetup& setup(HookKind kind) const {
    return setups_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] static HookVerdict judge(HookKind kind, const HookSetup& setup,
                                         outbound::HttpResult result);

  outbound::HttpCaller* http_ = nullptr;
  ShardMesh* mesh_ = nullptr;
  std::array<HookSetup, 3> setups_;
};

}  // namespace tidewire
