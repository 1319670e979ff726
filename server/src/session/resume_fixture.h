#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/memory_session_store.h"
#include "session/session_fixture.h"

/// For tests only: sessions that are left and come back.
namespace tidewire::resume_test {

using Client = SessionWorld::Client;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// People with sessions, on three shards.
class ResumeTest : public ::testing::Test {
 protected:
  std::unique_ptr<Client> connect(ShardIndex shard = 0) { return world.connect({}, shard); }

  json auth(Client& client, const json& payload) {
    return client.ask({{"type", "auth"}, {"payload", payload}});
  }
  /// A client of `user` in a session of its own, subscribed to `channels`.
  std::unique_ptr<Client> open(std::string_view user, std::vector<std::string> channels,
                               ShardIndex shard = 0) {
    auto client = connect(shard);
    id = auth(*client, {{"token", world.token(user)}})["payload"]["sessionId"];
    for (const std::string& channel : channels)
      EXPECT_EQ(client->ask({{"type", "subscribe"}, {"channel", channel}})["type"], "subscribed");
    return client;
  }
  /// Everything that a resume brings, `welcome` first.
  std::vector<json> resume(Client& client, std::string_view user, json extra = json::object()) {
    extra["token"] = world.token(user);
    extra["sessionId"] = id;
    client.send(json{{"type", "auth"}, {"id", "r"}, {"payload", extra}});
    world.domain.mesh.run();
    return client.wire.read();
  }
  void publish(std::string_view text, std::string_view channel = "chat:1") {
    if (!publisher) publisher = open_publisher();
    publisher->send(SessionWorld::chat(text, channel));
    world.domain.mesh.run();
  }
  std::unique_ptr<Client> open_publisher() {
    auto client = connect(1);
    auth(*client, {{"token", world.token("pub")}});
    return client;
  }
  void lose(std::unique_ptr<Client>& client, std::uint16_t code = 0) {
    client->session->closed(code);
    client.reset();
    world.domain.mesh.run();
  }
  std::uint64_t count(SessionLabel label) {
    std::uint64_t sum = 0;
    for (const auto& metrics : world.domain.metrics) sum += metrics->sessions[label].value();
    return sum;
  }
  static std::vector<std::string> texts(const json& subscribed) {
    std::vector<std::string> list;
    for (const json& each : subscribed["payload"]["publications"])
      list.push_back(each["payload"]["content"]);
    return list;
  }
  static const json* of_channel(const std::vector<json>& messages, std::string_view channel) {
    const auto found = std::ranges::find_if(
        messages, [&](const json& each) { return each.value("channel", "") == channel; });
    return found == messages.end() ? nullptr : &*found;
  }

  SessionWorld world{3};
  std::string id;
  std::unique_ptr<Client> publisher;
};

/// A store of which a test says when it reads and whether it can write and erase.
class WilfulStore final : public SessionStore {
 public:
  void put(SessionRecord record, Done done) override {
    if (!works) return done(fail(ErrorCode::unavailable, "the disk is full"));
    rows.put(std::move(record), std::move(done));
  }
  void get(std::string id, WallMillis now, Found found) override {
    reads.emplace_back([this, id = std::move(id), now, found = std::move(found)]() mutable {
      rows.get(std::move(id), now, std::move(found));
    });
  }
  void erase(std::string id, Done done) override {
    if (!erases) return done(fail(ErrorCode::unavailable, "the disk is full"));
    rows.erase(std::move(id), std::move(done));
  }
  void expire(WallMillis now) override { rows.expire(now); }
  void read() {
    for (Task& each : std::exchange(reads, {})) each();
  }

  MemorySessionStore rows;
  std::vector<Task> reads;
  bool works = true;  // takes what is put
  bool erases = true;
};

}  // namespace tidewire::resume_test
