#include "session/rpc_backend.h"

#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

using outbound::HttpAnswer;
using outbound::HttpFailure;
using outbound::HttpFault;

RpcOutcome outcome(std::string body, int status = 200, std::string channel = {}) {
  return outcome_of({.channel = std::move(channel)}, HttpAnswer{status, std::move(body)});
}

TEST(RpcBackendTest, TakesAResultAnErrorOrAStream) {
  EXPECT_EQ(outcome(R"({"result":{"a":[1,2]}})")->result_json, R"({"a":[1,2]})");
  const auto failed = outcome(R"({"error":{"name":"no_route","message":"none"}})");
  EXPECT_EQ(failed.error().code, ErrorCode::rpc_failed);
  EXPECT_EQ(failed.error().details, R"("error":{"name":"no_route","message":"none"})");
  EXPECT_EQ(outcome(R"({"messageId":"m1"})", 200, "chat:1")->message_id, "m1");
  EXPECT_EQ(outcome(R"({"messageId":"m1"})").error().code, ErrorCode::rpc_failed);
}

TEST(RpcBackendTest, TakesAnErrorWithA4xxToo) {
  EXPECT_EQ(outcome(R"({"error":{"name":"n","message":"m"}})", 422).error().code,
            ErrorCode::rpc_failed);
  EXPECT_EQ(outcome(R"({"result":1})", 404).error().code, ErrorCode::unavailable);
  EXPECT_EQ(outcome(R"({"error":{"name":"n","message":"m"}})", 500).error().code,
            ErrorCode::unavailable);
  EXPECT_EQ(outcome("", 302).error().code, ErrorCode::unavailable);
}

TEST(RpcBackendTest, CallsAnythingElseABadResponse) {
  for (const char* body :
       {"", "null", "[]", "{}", "<html>", R"({"result":1)", R"({"result":01})",
        R"({"result":1,"error":{"name":"n","message":"m"}})", "{\"result\":\"\xff\"}"}) {
    const auto bad = outcome(body);
    ASSERT_FALSE(bad) << body;
    EXPECT_EQ(bad.error().code, ErrorCode::rpc_failed) << body;
    EXPECT_NE(bad.error().details.find("bad_response"), std::string::npos) << body;
  }
}

TEST(RpcBackendTest, SaysWhyThereIsNoAnswer) {
  const auto code = [](HttpFailure kind) {
    return outcome_of({}, std::unexpected(HttpFault{.kind = kind, .message = "x"})).error().code;
  };
  EXPECT_EQ(code(HttpFailure::unreachable), ErrorCode::unavailable);
  EXPECT_EQ(code(HttpFailure::breaker_open), ErrorCode::unavailable);
  EXPECT_EQ(code(HttpFailure::refused), ErrorCode::unavailable);
  EXPECT_EQ(code(HttpFailure::timeout), ErrorCode::rpc_timeout);
  EXPECT_EQ(code(HttpFailure::overloaded), ErrorCode::overloaded);
  EXPECT_EQ(code(HttpFailure::too_large), ErrorCode::rpc_failed);
}

class RpcSessionTest : public ::testing::Test, public SessionWorld {
 protected:
  static json rpc(std::string_view method, json more = json::object()) {
    more["method"] = method;
    return {{"type", "rpc"}, {"id", "r"}, {"payload", std::move(more)}};
  }
  std::unique_ptr<Client> caller(std::vector<Permission> extra = {}) {
    PermissionSet allow{Permission::rpc};
    for (const Permission each : extra) allow.add(each);
    return connect_as("ann", {{.match = "", .prefix = true, .allow = allow}});
  }
};

TEST_F(RpcSessionTest, ABackendAnswersWhatNoWorkerServes) {
  auto ann = caller();
  json call = rpc("backend.sum", {{"params", {1, 2}}});
  call["channel"] = "chat:1";
  ann->send(call);
  domain.mesh.run();
  ASSERT_EQ(http.calls.size(), 1U);
  EXPECT_EQ(http.calls[0].backend, 0U);
  EXPECT_EQ(http.calls[0].timeout_ms, 500);
  EXPECT_FALSE(http.calls[0].idempotent);
  const json body = json::parse(http.calls[0].body);
  EXPECT_EQ(body["method"], "backend.sum");
  EXPECT_EQ(body["params"], json::array({1, 2}));
  EXPECT_EQ(body["channel"], "chat:1");
  EXPECT_EQ(body["caller"]["userId"], "ann");
  EXPECT_EQ(body["caller"]["sessionId"], ann->session->session_id());
  http.answer(0, R"({"result":3})");
  domain.mesh.run();
  const auto messages = ann->wire.read();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0]["type"], "rpc_result");
  EXPECT_EQ(messages[0]["payload"]["result"], 3);
}

TEST_F(RpcSessionTest, AConnectedWorkerComesBeforeABackend) {
  auto worker = caller({Permission::serve});
  worker->send(json{{"type", "rpc_serve"}, {"payload", {{"methods", {"backend.sum"}}}}});
  auto ann = caller();
  ann->send(rpc("backend.sum"));
  domain.mesh.run();
  EXPECT_TRUE(http.calls.empty());
  EXPECT_EQ(worker->wire.read().at(0)["type"], "rpc_request");
  worker.reset();
  domain.mesh.run();
  ann->send(rpc("backend.sum"));
  domain.mesh.run();
  EXPECT_EQ(http.calls.size(), 1U);
}

TEST_F(RpcSessionTest, ACancelledCallEndsItsHttpCall) {
  auto ann = caller();
  ann->send(rpc("backend.safe"));
  domain.mesh.run();
  ASSERT_EQ(http.calls.size(), 1U);
  EXPECT_TRUE(http.calls[0].idempotent);
  ann->send(json{{"type", "rpc_cancel"}, {"id", "x"}, {"payload", {{"id", "r"}}}});
  domain.mesh.run();
  EXPECT_EQ(http.cancelled, std::vector<FakeHttp::CallId>{1});
  http.fail(0, HttpFailure::cancelled);
  domain.mesh.run();
  const auto messages = ann->wire.read();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["payload"]["name"], "rpc_cancelled");
  EXPECT_EQ(messages[1]["type"], "ack");
}

TEST_F(RpcSessionTest, ATimeThatIsOverEndsTheHttpCall) {
  auto ann = caller();
  ann->send(rpc("backend.slow", {{"timeoutMs", 100}}));
  domain.mesh.run();
  EXPECT_EQ(http.calls.at(0).timeout_ms, 100);
  advance(130);
  domain.mesh.run();
  EXPECT_EQ(http.cancelled.size(), 1U);
  EXPECT_EQ(ann->wire.read().at(0)["payload"]["name"], "rpc_timeout");
}

}  // namespace
}  // namespace tidewire
