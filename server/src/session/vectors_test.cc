// Runs the refusals of protocol/vectors/ through a session: what a client is told when its bytes
// are wrong. The good vectors run in protocol/vectors_test.cc, the same files in every client.
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "protocol/test_support.h"
#include "session/session_fixture.h"

namespace tidewire {
namespace {

json load(const std::string& name) {
  std::ifstream file(std::string(TIDEWIRE_SOURCE_DIR) + "/protocol/vectors/" + name);
  return json::parse(file).at("vectors");
}

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

/// The vectors' channels are all in this namespace.
Config open_config() {
  Config config = test_config();
  config.namespaces["a"] = NamespaceConfig{.presence = true};
  return config;
}

struct Answers {
  json errors = json::array();
  int others = 0;
};

/// What alice, who may do everything, is told about these bytes.
Answers answers_to(const json& vector) {
  SessionWorld world(open_config());
  const auto alice = world.connect_as(
      "alice", {{.match = "*",
                 .allow = {Permission::subscribe, Permission::publish, Permission::presence,
                           Permission::history, Permission::state, Permission::rpc,
                           Permission::serve, Permission::cancel}}});
  if (vector.contains("json"))
    alice->send(std::string_view(vector["json"].get_ref<const std::string&>()));
  else
    decode_padded(world.domain.proto, unhex(vector["proto"]), *alice->session);
  Answers answers;
  for (const json& message : alice->wire.read()) {
    if (message["type"] != "error") {
      ++answers.others;
      continue;
    }
    const json& payload = message["payload"];
    EXPECT_FALSE(payload.value("message", "").empty());
    json error = {{"code", payload["name"]}, {"path", payload.value("path", "")}};
    if (message.contains("id")) error["id"] = message["id"];
    answers.errors.push_back(std::move(error));
  }
  return answers;
}

TEST(Vectors, BadBytesEarnTheirErrorsAndTheRestOfABatchItsAnswers) {
  const json vectors = load("bad.json");
  EXPECT_GE(vectors.size(), 120U);
  for (const json& vector : vectors) {
    SCOPED_TRACE(vector.at("name").get<std::string>());
    const Answers answers = answers_to(vector);
    EXPECT_EQ(answers.errors, vector.at("errors"));
    EXPECT_EQ(answers.others, vector.at("delivered").get<int>());
  }
}

}  // namespace
}  // namespace tidewire
