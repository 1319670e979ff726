#include "rpc/rpc_registry.h"

#include <algorithm>
#include <tuple>

#include "base/ids.h"

namespace tidewire {

void RpcRegistry::serve(const RpcAddress& worker, std::vector<RpcMethod> methods) {
  auto& kept = workers_[worker.connection_id];
  if (!kept) kept = std::make_unique<Worker>(Worker{.address = worker});
  withdraw(*kept);
  for (RpcMethod& method : methods)  // of a repeated one, the first counts
    if (std::ranges::find(kept->methods, method.name, &RpcMethod::name) == kept->methods.end())
      kept->methods.push_back(std::move(method));
  for (const RpcMethod& method : kept->methods)
    methods_[method.name].push_back({kept.get(), method.idempotent});
  drop_idle(*kept);
}

void RpcRegistry::withdraw(Worker& worker) {
  for (const RpcMethod& method : worker.methods) {
    const auto found = methods_.find(method.name);
    std::erase_if(found->second, [&](const Serving& each) { return each.worker == &worker; });
    if (found->second.empty()) methods_.erase(found);
  }
  worker.methods.clear();
}

void RpcRegistry::drop_idle(Worker& worker) {
  if (worker.methods.empty() && worker.requests.empty())
    workers_.erase(std::string(worker.address.connection_id));
}

std::optional<Error> RpcRegistry::refusal(const RpcCall& call) const {
  if (!methods_.contains(call.method) && !find_backend(backends_, call.method))
    return Error{.code = ErrorCode::method_not_found,
                 .message = "nobody serves this method",
                 .path = "/payload/method"};
  const auto mine = calls_of_.find(call.caller.connection_id);
  const bool is_api = call.caller.connection_id.empty();
  if (!is_api && mine != calls_of_.end() && mine->second.size() >= limits_.calls_per_connection)
    return Error{.code = ErrorCode::limit_exceeded,
                 .message = "a connection has at most " +
                            std::to_string(limits_.calls_per_connection) + " open calls"};
  if (open_.size() >= limits_.calls_max)
    return Error{.code = ErrorCode::overloaded, .message = "too many calls are open"};
  return std::nullopt;
}

const RpcRegistry::Serving* RpcRegistry::choose(const std::string& method) const {
  const auto found = methods_.find(method);
  if (found == methods_.end()) return nullptr;
  return &*std::ranges::min_element(found->second, {}, [](const Serving& each) {
    return std::tuple(each.worker->requests.size(), each.worker->asked_at);
  });
}

std::int64_t RpcRegistry::time_for(const RpcCall& call, std::optional<std::size_t> backend) const {
  std::int64_t time_ms = limits_.timeout_ms;
  if (call.timeout_ms > 0) time_ms = std::min(time_ms, call.timeout_ms);
  if (backend && backends_[*backend].timeout_ms > 0)
    time_ms = std::min(time_ms, backends_[*backend].timeout_ms);
  return time_ms;
}

std::expected<RpcAssignment, Error> RpcRegistry::begin(RpcCall&& call, MonoMillis now) {
  if (auto refused = refusal(call)) return std::unexpected(std::move(*refused));
  const Serving* chosen = choose(call.method);
  std::optional<std::size_t> backend;
  if (chosen == nullptr) backend = find_backend(backends_, call.method);
  const MonoMillis due = now + time_for(call, backend);
  const bool may_retry =
      chosen != nullptr && (chosen->idempotent || declared_idempotent(backends_, call.method));
  return assign({.call = std::move(call),
                 .worker = nullptr,
                 .backend = backend.value_or(0),
                 .due = due,
                 .attempt = 1,
                 .may_retry = may_retry},
                chosen, now);
}

RpcAssignment RpcRegistry::assign(Open open, const Serving* chosen, MonoMillis now) {
  RpcAssignment assignment{
      .request_id = random_id(), .timeout_ms = open.due - now, .attempt = open.attempt};
  if (chosen != nullptr) {
    open.worker = chosen->worker;
    open.worker->asked_at = ++calls_;
    open.worker->requests.insert(assignment.request_id);
    assignment.worker = open.worker->address;
  } else {
    assignment.backend = open.backend;
  }
  if (open.may_retry)
    assignment.params_json = open.call.params_json;
  else
    assignment.params_json = std::move(open.call.params_json);
  calls_of_[open.call.caller.connection_id].insert(assignment.request_id);
  due_.emplace(open.due, assignment.request_id);
  open_.emplace(assignment.request_id, std::move(open));
  return assignment;
}

const RpcCall* RpcRegistry::find(std::string_view request_id) const {
  const auto found = open_.find(std::string(request_id));
  return found == open_.end() ? nullptr : &found->second.call;
}

std::optional<RpcCall> RpcRegistry::finish(std::string_view worker, std::string_view request_id) {
  const auto found = open_.find(std::string(request_id));
  if (found == open_.end() || found->second.worker == nullptr ||
      found->second.worker->address.connection_id != worker)
    return std::nullopt;
  Open answered = close(found);
  drop_idle(*answered.worker);
  return std::move(answered.call);
}

std::optional<RpcCall> RpcRegistry::finish_backend(std::string_view request_id) {
  const auto found = open_.find(std::string(request_id));
  if (found == open_.end() || found->second.worker != nullptr) return std::nullopt;
  return close(found).call;
}

RpcRegistry::Open RpcRegistry::close(OpenMap::iterator open) {
  const auto calls = calls_of_.find(open->second.call.caller.connection_id);
  calls->second.erase(open->first);
  if (calls->second.empty()) calls_of_.erase(calls);
  if (open->second.worker != nullptr) open->second.worker->requests.erase(open->first);
  due_.erase({open->second.due, open->first});
  Open closed = std::move(open->second);
  open_.erase(open);
  return closed;
}

RpcEnded RpcRegistry::end(OpenMap::iterator open) {
  RpcAssignment assignment{.request_id = open->first};
  Open ended = close(open);
  if (ended.worker == nullptr) {
    assignment.backend = ended.backend;
  } else {
    assignment.worker = ended.worker->address;
    drop_idle(*ended.worker);
  }
  return {std::move(ended.call), std::move(assignment)};
}

std::optional<RpcEnded> RpcRegistry::cancel(std::string_view caller, std::string_view reply_id) {
  const auto calls = calls_of_.find(std::string(caller));
  if (calls == calls_of_.end()) return std::nullopt;
  for (const std::string& request_id : calls->second) {
    const auto open = open_.find(request_id);
    if (open->second.call.reply_id == reply_id) return end(open);
  }
  return std::nullopt;
}

std::vector<RpcEnded> RpcRegistry::abandon(std::string_view caller) {
  std::vector<RpcEnded> ended;
  const auto calls = calls_of_.find(std::string(caller));
  if (calls == calls_of_.end()) return ended;
  const std::vector<std::string> open(calls->second.begin(), calls->second.end());
  for (const std::string& request_id : open) {
    const auto found = open_.find(request_id);
    if (!found->second.call.reply_id.empty()) ended.push_back(end(found));
  }
  return ended;
}

RpcLeft RpcRegistry::leave(std::string_view worker, MonoMillis now) {
  RpcLeft left;
  const auto found = workers_.find(std::string(worker));
  if (found == workers_.end()) return left;
  Worker& gone = *found->second;
  withdraw(gone);
  while (!gone.requests.empty()) {
    Open open = close(open_.find(*gone.requests.begin()));
    const Serving* other = open.may_retry ? choose(open.call.method) : nullptr;
    const auto backend = find_backend(backends_, open.call.method);
    if (!open.may_retry || open.due <= now || (other == nullptr && !backend)) {
      left.lost.push_back(std::move(open.call));
      continue;
    }
    open.may_retry = false;
    open.worker = nullptr;
    open.backend = backend.value_or(0);
    ++open.attempt;
    left.moved.push_back(assign(std::move(open), other, now));
  }
  workers_.erase(found);
  return left;
}

std::vector<RpcEnded> RpcRegistry::expire(MonoMillis now) {
  std::vector<RpcEnded> late;
  while (!due_.empty() && due_.begin()->first <= now)
    late.push_back(end(open_.find(due_.begin()->second)));
  return late;
}

std::optional<MonoMillis> RpcRegistry::next_due() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

}  // namespace tidewire
