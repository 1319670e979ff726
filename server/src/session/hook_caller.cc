#include "session/hook_caller.h"

#include <algorithm>
#include <utility>

#include "observability/log.h"

namespace tidewire {
namespace {

/// What its breaker or its queue kept from it is no news, and would fill the log.
bool was_asked(const outbound::HttpResult& result) {
  using outbound::HttpFailure;
  return result || (result.error().kind != HttpFailure::breaker_open &&
                    result.error().kind != HttpFailure::overloaded);
}

/// The answer, or a sentence for the operator.
std::expected<HookVerdict, std::string> verdict_of(HookKind kind, outbound::HttpResult result) {
  if (!result) return std::unexpected(std::move(result.error().message));
  if (result->status < 200 || result->status >= 300)
    return std::unexpected("it answered with status " + std::to_string(result->status));
  if (result->body.empty()) return HookVerdict{};
  return parse_verdict(kind, result->body);
}

}  // namespace

bool HookCaller::asks(HookKind kind, std::string_view name_space) const {
  if (!asks(kind)) return false;
  const std::vector<std::string>& names = setup(kind).namespaces;
  return names.empty() || std::ranges::find(names, name_space) != names.end();
}

HookVerdict HookCaller::judge(HookKind kind, const HookSetup& setup, outbound::HttpResult result) {
  const bool asked = was_asked(result);
  auto verdict = verdict_of(kind, std::move(result));
  if (verdict) return std::move(*verdict);
  if (asked)
    log_warn("a hook did not answer", {{"hook", to_name(kind)},
                                       {"reason", verdict.error()},
                                       {"allowed", setup.allow_on_failure}});
  HookVerdict instead{.answered = false};
  if (!setup.allow_on_failure)
    instead.denied =
        Error{.code = ErrorCode::unavailable, .message = "the application could not be asked"};
  return instead;
}

void HookCaller::ask(HookKind kind, ShardIndex home, std::string body,
                     std::move_only_function<void(HookVerdict)> done) const {
  const HookSetup& chosen = setup(kind);
  http_->call({.backend = *chosen.backend,
               .body = std::move(body),
               .timeout_ms = chosen.timeout_ms,
               .idempotent = true,  // asking again does no harm
               .done = [kind, &chosen, home, mesh = mesh_,
                        done = std::move(done)](outbound::HttpResult result) mutable {
                 mesh->post(home, [kind, &chosen, result = std::move(result),
                                   done = std::move(done)]() mutable {
                   done(judge(kind, chosen, std::move(result)));
                 });
               }});
}

}  // namespace tidewire
