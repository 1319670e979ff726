#pragma once

#include <string>
#include <utility>
#include <vector>

#include "outbound/http_caller.h"

namespace tidewire {

/// HTTP calls without a network, for tests: they wait until the test answers them.
class FakeHttp final : public outbound::HttpCaller {
 public:
  CallId call(outbound::HttpCall call) override {
    calls.push_back(std::move(call));
    return calls.size();
  }
  void cancel(CallId id) override { cancelled.push_back(id); }

  /// Answers call `index`, which still may not have an answer.
  void answer(std::size_t index, std::string body, int status = 200) {
    calls.at(index).done(outbound::HttpAnswer{status, std::move(body)});
  }
  void fail(std::size_t index, outbound::HttpFailure kind) {
    calls.at(index).done(
        std::unexpected(outbound::HttpFault{.kind = kind, .message = "it failed"}));
  }

  std::vector<outbound::HttpCall> calls;
  std::vector<CallId> cancelled;
};

}  // namespace tidewire
