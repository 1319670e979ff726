// Feeds messages to the session of a user who may do everything, while another user listens, and
// checks that whatever they are answered is JSON with a type. Messages are separated by 0x1E; time
// passes between them. What is not JSON is fed as tidewire.v1.proto when the first byte is `p`.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "session/session_fixture.h"

namespace {

using namespace tidewire;

constexpr char kSeparator = '\x1e';

Config config() {
  Config config = test_config();
  config.namespaces["default"] =
      NamespaceConfig{.publish = true, .subscribe = true, .presence = true, .join_leave = true};
  config.limits.bad_messages = 1'000;
  return config;
}

std::vector<ChannelRule> everything() {
  return {{.match = "*",
           .allow = {Permission::subscribe, Permission::publish, Permission::presence,
                     Permission::history, Permission::state, Permission::rpc, Permission::serve,
                     Permission::cancel}}};
}

/// read() throws, which ends the fuzzer, when what was sent is not JSON.
void check_sent(SessionWorld::Client& client) {
  for (const json& message : client.wire.read())
    if (!message.is_object() || !message["type"].is_string()) std::abort();
}

void feed(SessionWorld& world, SessionWorld::Client& client, bool proto, std::string_view text) {
  if (!proto) return client.send(text);
  std::string padded(text);
  padded.append(64, '\0');
  world.domain.proto.decode(std::string_view(padded).substr(0, text.size()), *client.session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  SessionWorld world(config());
  const auto alice = world.connect_as("alice", everything());
  const auto bob = world.connect_as("bob", everything());
  bob->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(kSeparator), rest.size());
    feed(world, *alice, data[0] == 'p', rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    world.domain.mesh.run();
    world.advance(20);
    check_sent(*alice);
    check_sent(*bob);
  }
  return 0;
}
