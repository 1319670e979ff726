#include "rpc/rpc_registry.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/ids.h"

namespace tidewire {

void RpcRegistry::serve(const RpcAddress& worker, std::vector<std::string> methods) {
  auto& kept = workers_[worker.connection_id];
  if (!kept) kept = std::make_unique<Worker>(Worker{.address = worker});
  withdraw(*kept);
  std::ranges::sort(methods);
  const auto repeats = std::ranges::unique(methods);
  methods.erase(repeats.begin(), repeats.end());
  kept->methods = std::move(methods);
  for (const std::string& method : kept->methods) methods_[method].push_back(kept.get());
  drop_idle(*kept);
}

void RpcRegistry::withdraw(Worker& worker) {
  for (const std::string& method : worker.methods) {
    const auto found = methods_.find(method);
    std::erase(found->second, &worker);
    if (found->second.empty()) methods_.erase(found);
  }
  worker.methods.clear();
}

void RpcRegistry::drop_idle(Worker& worker) {
  if (worker.methods.empty() && worker.requests.empty())
    workers_.erase(std::string(worker.address.connection_id));
}

std::optional<Error> RpcRegistry::refusal(const RpcCall& call) const {
  if (!methods_.contains(call.method))
    return Error{.code = ErrorCode::method_not_found,
                 .message = "nobody serves this method",
                 .path = "/payload/method"};
  const auto mine = calls_of_.find(call.caller.connection_id);
  if (mine != calls_of_.end() && mine->second >= limits_.calls_per_connection)
    return Error{.code = ErrorCode::limit_exceeded,
                 .message = "a connection has at most " +
                            std::to_string(limits_.calls_per_connection) + " open calls"};
  if (open_.size() >= limits_.calls_max)
    return Error{.code = ErrorCode::overloaded, .message = "too many calls are open"};
  return std::nullopt;
}

RpcRegistry::Worker* RpcRegistry::choose(const std::string& method) const {
  return *std::ranges::min_element(methods_.at(method), {}, [](const Worker* worker) {
    return std::tuple(worker->requests.size(), worker->asked_at);
  });
}

std::expected<RpcAssignment, Error> RpcRegistry::begin(RpcCall call, MonoMillis now) {
  if (auto refused = refusal(call)) return std::unexpected(std::move(*refused));
  Worker* worker = choose(call.method);
  worker->asked_at = ++calls_;
  ++calls_of_[call.caller.connection_id];
  std::string request_id = random_id();
  worker->requests.insert(request_id);
  open_.push_back({request_id, std::move(call), worker, now + limits_.timeout_ms});
  by_request_.emplace(request_id, std::prev(open_.end()));
  return RpcAssignment{std::move(request_id), worker->address};
}

std::optional<RpcCall> RpcRegistry::finish(std::string_view worker, std::string_view request_id) {
  const auto found = by_request_.find(std::string(request_id));
  if (found == by_request_.end() || found->second->worker->address.connection_id != worker)
    return std::nullopt;
  Worker& answering = *found->second->worker;
  RpcCall call = close(found->second);
  drop_idle(answering);
  return call;
}

RpcCall RpcRegistry::close(OpenList::iterator open) {
  const auto calls = calls_of_.find(open->call.caller.connection_id);
  if (--calls->second == 0) calls_of_.erase(calls);
  open->worker->requests.erase(open->request_id);
  by_request_.erase(open->request_id);
  RpcCall call = std::move(open->call);
  open_.erase(open);
  return call;
}

std::vector<RpcCall> RpcRegistry::leave(std::string_view worker) {
  std::vector<RpcCall> lost;
  const auto found = workers_.find(std::string(worker));
  if (found == workers_.end()) return lost;
  Worker& gone = *found->second;
  while (!gone.requests.empty()) lost.push_back(close(by_request_.at(*gone.requests.begin())));
  withdraw(gone);
  workers_.erase(found);
  return lost;
}

std::vector<RpcCall> RpcRegistry::expire(MonoMillis now) {
  std::vector<RpcCall> late;
  while (!open_.empty() && open_.front().due <= now) {
    Worker& silent = *open_.front().worker;
    late.push_back(close(open_.begin()));
    drop_idle(silent);
  }
  return late;
}

std::optional<MonoMillis> RpcRegistry::next_due() const {
  return open_.empty() ? std::nullopt : std::optional(open_.front().due);
}

}  // namespace tidewire
