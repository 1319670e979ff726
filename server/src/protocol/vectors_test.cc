// Runs protocol/vectors/good.json: the same file that every other implementation runs. The refusals
// of bad.json are a session's (session/vectors_test.cc).
#include <cctype>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "protocol/json_codec.h"
#include "protocol/proto_codec.h"
#include "protocol/test_support.h"

namespace tidewire {
namespace {

using Json = nlohmann::json;

Json load(const std::string& name) {
  std::ifstream file(std::string(TIDEWIRE_SOURCE_DIR) + "/protocol/vectors/" + name);
  return Json::parse(file).at("vectors");
}

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

/// The decoded envelope in the vectors' own notation.
Json as_json(const Collected& message) {
  Json out = {{"type", message.type}};
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("id", message.id);
  put("channel", message.channel);
  put("key", message.key);
  put("epoch", message.epoch);
  put("trace", message.trace);
  put("nonce", message.nonce);
  put("sig", message.sig);
  put("enc", message.enc);
  if (message.payload != "{}") out["payload"] = message.payload;
  if (message.priority) out["priority"] = to_name(*message.priority);
  if (message.offset) out["offset"] = *message.offset;
  if (!message.echo) out["echo"] = false;
  if (message.seq) out["seq"] = *message.seq;
  if (message.receipt) {
    out["receipt"] = {{"kind", to_name(message.receipt->kind)}, {"count", "all"}};
    if (message.receipt->count != 0) out["receipt"]["count"] = message.receipt->count;
  }
  return out;
}

/// Drops what has its default, so that a vector may spell it out.
Json without_defaults(Json message) {
  if (message.value("echo", true)) message.erase("echo");
  if (message.value("payload", "{}") == "{}") message.erase("payload");
  return message;
}

void expect_decodes(Codec& codec, const std::string& bytes, const Json& messages) {
  CollectingSink sink;
  decode_padded(codec, bytes, sink);
  EXPECT_TRUE(sink.errors.empty()) << sink.errors.front().error.message;
  ASSERT_EQ(sink.messages.size(), messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i)
    EXPECT_EQ(as_json(sink.messages[i]), without_defaults(messages[i]));
}

std::string encode_one(const Codec& codec, const Json& message) {
  const auto text = [&](const char* name) { return message.value(name, std::string()); };
  const std::string type = text("type"), id = text("id"), channel = text("channel"),
                    payload = text("payload"), epoch = text("epoch"), key = text("key"),
                    trace = text("trace"), nonce = text("nonce"), sig = text("sig"),
                    enc = text("enc");
  const Json from_json = message.value("from", Json::object());
  const std::string user = from_json.value("userId", ""),
                    connection = from_json.value("connectionId", ""),
                    client = from_json.value("client", "");
  const Sender from{user, connection, client};
  OutgoingMessage out{.type = type,
                      .id = id,
                      .channel = channel,
                      .payload = payload,
                      .epoch = epoch,
                      .key = key,
                      .trace = trace,
                      .nonce = nonce,
                      .sig = sig,
                      .enc = enc};
  if (message.contains("offset")) out.offset = message["offset"].get<std::uint64_t>();
  if (message.contains("ts")) out.ts = message["ts"].get<std::int64_t>();
  if (message.contains("redelivered")) out.redelivered = message["redelivered"];
  if (message.contains("from")) out.from = &from;
  if (message.contains("priority")) out.priority = from_name<Priority>(text("priority"));
  return codec.encode(out);
}

void expect_encodes(const Codec& codec, const std::string& bytes, const Json& messages) {
  std::vector<std::string> encoded;
  for (const Json& message : messages) encoded.push_back(encode_one(codec, message));
  const std::vector<std::string_view> views(encoded.begin(), encoded.end());
  EXPECT_EQ(views.size() == 1 ? encoded.front() : codec.encode_batch(views), bytes);
}

TEST(Vectors, GoodBytesMeanTheirMessages) {
  JsonCodec json;
  ProtoCodec proto;
  const Json vectors = load("good.json");
  EXPECT_GE(vectors.size(), 60u);
  for (const Json& vector : vectors) {
    SCOPED_TRACE(vector.at("name").get<std::string>());
    const bool encode = vector.at("direction") == "server";
    const Json& messages = vector.at("messages");
    if (vector.contains("json")) {
      const auto text = vector["json"].get<std::string>();
      encode ? expect_encodes(json, text, messages) : expect_decodes(json, text, messages);
    }
    if (vector.contains("proto")) {
      const auto bytes = unhex(vector["proto"]);
      encode ? expect_encodes(proto, bytes, messages) : expect_decodes(proto, bytes, messages);
    }
  }
}

}  // namespace
}  // namespace tidewire
