#include "config/loader.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/reference.h"

namespace tidewire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Loader : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "tidewire_loader";
    std::filesystem::create_directories(folder_);
    sources_.file = folder_ + "/tidewire.toml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }

  Config load() {
    if (!std::filesystem::exists(sources_.file)) write("tidewire.toml", "");
    LoadedConfig loaded = load_config(sources_);
    EXPECT_THAT(loaded.faults, IsEmpty());
    return std::move(loaded.config);
  }

  std::string folder_;
  ConfigSources sources_;
};

TEST_F(Loader, FlagsOverrideTheEnvironmentOverridesTheFileOverridesTheDefaults) {
  write("tidewire.toml",
        "shards = 1\n[limits]\nmessage_bytes = '1KiB'\nheaders = 100\n[auth]\ntimeout = '1s'");
  sources_.environment = {
      {"TIDEWIRE_SHARDS", "2"}, {"TIDEWIRE_LIMITS_MESSAGE_BYTES", "2KiB"}, {"PATH", "/bin"}};
  sources_.flags = {{"shards", "3"}};
  const Config config = load();
  EXPECT_EQ(config.shards, 3U);
  EXPECT_EQ(config.limits.message_bytes, 2048U);
  EXPECT_EQ(config.limits.headers, 100U);
  EXPECT_EQ(config.auth.timeout, Milliseconds(1000));
  EXPECT_EQ(config.auth.grace, Milliseconds(25'000));
}

TEST_F(Loader, NumbersMayBePlain) {
  write("tidewire.toml", "[auth]\ntimeout = 1500\n[limits]\nmessage_bytes = 4096");
  sources_.flags = {{"auth.leeway", "250"}, {"heartbeat.interval", "2m"}, {"auth.grace", "0"}};
  const Config config = load();
  EXPECT_EQ(config.auth.timeout, Milliseconds(1500));
  EXPECT_EQ(config.auth.leeway, Milliseconds(250));
  EXPECT_EQ(config.auth.grace, Milliseconds(0));
  EXPECT_EQ(config.heartbeat.interval, Milliseconds(120'000));
  EXPECT_EQ(config.limits.message_bytes, 4096U);
}

TEST_F(Loader, AddressesMayBeIpv4Ipv6AndNames) {
  for (const char* address :
       {"127.0.0.1:0", "[::1]:0", "[::]:65535", "localhost:8000", "a-b.example:1"}) {
    sources_.flags = {{"listen.public", address}};
    EXPECT_EQ(load().listen.public_address, address);
  }
}

TEST_F(Loader, NamespacesComeFromEverySource) {
  write("tidewire.toml",
        "[namespace.trip-planner]\nclass = 'latest'\n[namespace.empty]\n"
        "[namespace.chat]\npublish = true\nhistory_ttl = '1h'\n[namespace.chat.schema]\norder = "
        "'{\"type\":\"object\"}'");
  sources_.environment = {{"TIDEWIRE_NAMESPACE_CHAT_HISTORY_SIZE", "7"},
                          {"TIDEWIRE_NAMESPACE_CHAT_HISTORY", "true"},
                          {"TIDEWIRE_NAMESPACE_TRIP_PLANNER_PRESENCE", "true"},
                          {"TIDEWIRE_NAMESPACE_NEW_ONE_SUBSCRIBE", "true"},
                          {"TIDEWIRE_NAMESPACE_CHAT_SCHEMA_ORDER_PLACED", "{}"}};
  sources_.flags = {{"namespace.chat.presence", "true"}, {"namespace.Chat.class", "ephemeral"}};
  const Config config = load();
  std::vector<std::string> names;
  for (const auto& [name, options] : config.namespaces) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("Chat", "chat", "empty", "new_one", "trip-planner"));
  const NamespaceConfig& chat = config.namespaces.at("chat");
  EXPECT_TRUE(chat.publish && chat.history && chat.presence && !chat.subscribe);
  EXPECT_EQ(chat.history_size, 7U);
  EXPECT_EQ(chat.history_ttl, Milliseconds(3'600'000));
  EXPECT_EQ(chat.schemas.at("order"), R"({"type":"object"})");
  EXPECT_EQ(chat.schemas.at("order_placed"), "{}");
  EXPECT_EQ(config.namespaces.at("trip-planner").delivery_class, DeliveryClass::latest);
  EXPECT_TRUE(config.namespaces.at("trip-planner").presence);
}

TEST_F(Loader, ANamespaceThatIsNotConfiguredFallsBackToDefaultIfThatIs) {
  sources_.flags = {{"namespace.chat.publish", "true"}};
  EXPECT_EQ(load().find_namespace("other"), nullptr);
  sources_.flags.push_back({"namespace.default.subscribe", "true"});
  const Config config = load();
  EXPECT_TRUE(config.find_namespace("other")->subscribe);
  EXPECT_TRUE(config.find_namespace("chat")->publish);
  EXPECT_FALSE(config.find_namespace("chat")->subscribe);
}

TEST_F(Loader, SecretsAndSchemasComeFromFilesBesideTheConfiguration) {
  write("hmac", std::string(40, 'h') + "\r\n");
  write("key", std::string(20, 'k') + "\n");
  write("order.json", R"({"type": "object"})");
  write("tidewire.toml",
        "[auth]\nhmac_secret_file = 'hmac'\nkeys = [{alg = 'HS256', kid = 'k1', secret_file = "
        "'hmac'}]\n[api]\nkey_file = 'key'\n"
        "[namespace.shop.schema]\norder = 'order.json'");
  const Config config = load();
  EXPECT_EQ(config.auth.hmac_secret, std::string(40, 'h'));
  EXPECT_EQ(config.auth.keys.at(0).secret, std::string(40, 'h'));
  EXPECT_EQ(config.api.key, std::string(20, 'k'));
  EXPECT_EQ(config.namespaces.at("shop").schemas.at("order"), R"({"type": "object"})");
}

TEST_F(Loader, OfASecretAndItsFileTheLaterSourceCounts) {
  write("hmac", std::string(40, 'h'));
  write("tidewire.toml", "[auth]\nhmac_secret_file = 'hmac'");
  sources_.environment = {{"TIDEWIRE_AUTH_HMAC_SECRET", std::string(33, 'e')}};
  EXPECT_EQ(load().auth.hmac_secret, std::string(33, 'e'));
  sources_.flags = {{"auth.hmac_secret_file", folder_ + "/hmac"}};
  EXPECT_EQ(load().auth.hmac_secret, std::string(40, 'h'));
}

TEST_F(Loader, ListsInTheEnvironmentAreCommasOrJson) {
  sources_.environment = {{"TIDEWIRE_ORIGINS_ALLOWED", "https://a.example,http://localhost:5173"}};
  EXPECT_THAT(load().origins.allowed, ElementsAre("https://a.example", "http://localhost:5173"));
  sources_.flags = {{"origins.allowed", R"(["https://b.example"])"}};
  EXPECT_THAT(load().origins.allowed, ElementsAre("https://b.example"));
  sources_.environment = {{"TIDEWIRE_AUTH_KEYS", R"([{"alg":"HS256","kid":"a","secret":")" +
                                                     std::string(32, 's') + "\"}]"}};
  EXPECT_EQ(load().auth.keys.at(0).kid, "a");
}

TEST_F(Loader, WhatTheEnvironmentHoldsForOthersIsNoFault) {
  sources_.environment = {{"TIDEWIRE_SHARDS", ""},
                          {"TIDEWIRE_CONFIG", "x"},
                          {"TIDEWIRE_TOKEN", "x"},
                          {"TIDEWIRE_SERVICE_HOST", "10.0.0.1"},
                          {"TIDEWIRE_SERVICE_PORT_WS", "8000"},
                          {"TIDEWIRE_PORT", "tcp://10.0.0.1:8000"},
                          {"TIDEWIRE_PORT_8000_TCP_ADDR", "10.0.0.1"}};
  EXPECT_EQ(load().shards, 0U);
}

TEST_F(Loader, ALimitThatNobodySetGivesWayToOneThatSomebodyDid) {
  sources_.flags = {{"limits.message_bytes", "16MiB"}, {"shutdown.deadline", "1s"}};
  const Config config = load();
  EXPECT_EQ(config.limits.queue_bytes, 32U << 20);
  EXPECT_EQ(config.limits.bytes_burst, 16U << 20);
  EXPECT_EQ(config.limits.body_bytes, 32U << 20);
  EXPECT_EQ(config.shutdown.pace, Milliseconds(1000));
}

TEST_F(Loader, WarnsOfWhatWorksButIsProbablyNotMeant) {
  write("tidewire.toml", "");
  sources_.flags = {{"debug.echo", "true"}, {"api.key", "key"}};
  EXPECT_THAT(load_config(sources_).warnings,
              ElementsAre(HasSubstr("auth.hmac_secret"), HasSubstr("namespace"),
                          HasSubstr("api.key"), HasSubstr("debug.echo")));
}

TEST_F(Loader, TheTemplateLoadsAndEveryCommentedKeyIsItsDefault) {
  std::string text = config_file_template(std::string(40, 's'), std::string(40, 'k'));
  write("tidewire.toml", text);
  EXPECT_TRUE(load().find_namespace("chat")->publish);
  // With the comments of the keys removed it must still load, to the same values.
  for (std::size_t at = 0; (at = text.find("\n# ", at)) != std::string::npos; ++at) {
    const std::size_t end = text.find_first_of(" \n", at + 3);
    const bool is_key = text.compare(end, 3, " = ") == 0 &&
                        !text.substr(at + 3, end - at - 3).ends_with("_file") &&
                        !text.substr(at + 3).starts_with("schema.");
    if (is_key) text.erase(at + 1, 2);
  }
  write("tidewire.toml", text);
  EXPECT_THAT(describe_config(load()),
              HasSubstr("auth.hmac_secret = \"(set)\"\napi.key = \"(set)\"\nnamespace.chat."));
}

TEST_F(Loader, TheDescriptionHidesSecrets) {
  sources_.flags = {{"auth.hmac_secret", std::string(32, 's')},
                    {"auth.keys", R"([{"alg":"HS256","secret":")" + std::string(32, 's') + "\"}]"}};
  const std::string text = describe_config(load());
  EXPECT_THAT(text, HasSubstr("auth.hmac_secret = \"(set)\"\n"));
  EXPECT_THAT(text, HasSubstr("secret = \"(set)\""));
  EXPECT_THAT(text, testing::Not(HasSubstr("ssss")));
}

TEST(Reference, TheCommittedPageIsCurrent) {
  std::ifstream file(TIDEWIRE_SOURCE_DIR "/docs/reference/configuration.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, reference_markdown())
      << "run: tidewire genconfig --markdown > docs/reference/configuration.md";
}

}  // namespace
}  // namespace tidewire
