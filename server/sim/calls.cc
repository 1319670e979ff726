#include "calls.h"

#include <utility>

namespace tidewire::sim {

using nlohmann::json;

void Calls::serve() {
  if (!parts_.works_for_others) return;
  wire_.ask({{"type", "rpc_serve"},
             {"payload", {{"methods", {"once", "safe"}}, {"idempotent", {"safe"}}}}},
            [this](const json& reply) {
              if (reply.at("type") != "ack")
                throw Violation(name_.device + " may not serve: " + reply.dump());
            });
}

void Calls::call() {
  const bool idempotent = parts_.random.percent(50);
  const std::uint64_t call = parts_.oracle.rpc().begin(idempotent);
  const std::int64_t timeout_ms = parts_.random.between(200, 2'500);
  const MonoMillis began = parts_.schedule.now();
  const std::string id = wire_.ask(
      {{"type", "rpc"},
       {"payload",
        {{"method", idempotent ? "safe" : "once"},
         {"params", {{"call", call}}},
         {"timeoutMs", timeout_ms}}}},
      [this, call, timeout_ms, began](const json& reply) {
        const json& payload = reply.at("payload");
        if (reply.at("type") == "rpc_result") {
          parts_.oracle.reach(Reached::call_answered);
          const json& result = payload.at("result");
          if (result.at("call") != call)
            throw Violation(name_.device + " gets the answer to another call: " + reply.dump());
          return parts_.oracle.rpc().check_result(call, result.at("by"));
        }
        const std::string name = payload.at("name");
        if (name == "unavailable") parts_.oracle.reach(Reached::worker_lost);
        if (name == "rpc_timeout") parts_.oracle.reach(Reached::call_timed_out);
        if (name == "rpc_cancelled") parts_.oracle.reach(Reached::call_cancelled);
        parts_.oracle.rpc().check_error(call, name, parts_.schedule.now() - began, timeout_ms);
      });
  if (parts_.random.percent(10)) give_up(id, call);
}

void Calls::give_up(const std::string& id, std::uint64_t call) {
  wire_.later(parts_.random.between(1, 300), [this, id, call] {
    parts_.oracle.rpc().cancelled(call);
    wire_.ask({{"type", "rpc_cancel"}, {"payload", {{"id", id}}}}, [this](const json& reply) {
      if (reply.at("type") != "ack" && reply.at("payload").at("name") != "not_found")
        throw Violation(name_.device + " may not cancel its call: " + reply.dump());
    });
  });
}

void Calls::on_request(const json& payload, bool calm) {
  const std::uint64_t call = payload.at("params").at("call");
  const std::uint64_t attempt = payload.value("attempt", 1U);
  parts_.oracle.rpc().asked(call, attempt);
  if (attempt == 2) parts_.oracle.reach(Reached::call_asked_again);
  const std::uint64_t dice = calm ? 0 : parts_.random.below(100);
  if (dice >= 85) return wire_.cut();
  if (dice >= 70) return;  // and says nothing
  wire_.later(parts_.random.between(1, 400),
              [this, call, request = payload.at("requestId").get<std::string>()] {
                answer(request, call);
              });
}

void Calls::answer(const std::string& request, std::uint64_t call) {
  json payload{{"requestId", request}};
  if (parts_.random.percent(15)) {
    parts_.oracle.rpc().failed(call);
    payload["error"] = {{"name", "oops"}, {"message", "it did not work"}};
  } else {
    parts_.oracle.rpc().answered(call, name_.device);
    payload["result"] = {{"call", call}, {"by", name_.device}};
  }
  wire_.send({{"type", "rpc_response"}, {"payload", std::move(payload)}});
}

void Calls::on_stop(const json& payload) {
  if (!payload.contains("requestId") || !payload.contains("reason"))
    throw Violation(name_.device + " is told to stop something: " + payload.dump());
  parts_.oracle.reach(Reached::worker_told_to_stop);
}

}  // namespace tidewire::sim
