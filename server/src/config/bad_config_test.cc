#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"

namespace tidewire {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Lines = std::vector<std::string>;

/// A configuration and the exact faults it must give. `FILE` stands for the path of the TOML file
/// and `DIR` for its folder.
struct BadCase {
  std::string toml;
  Pairs environment;
  Pairs flags;
  Lines faults;
};

BadCase toml(std::string text, Lines faults) {
  return {std::move(text), {}, {}, std::move(faults)};
}
BadCase flag(std::string path, std::string value, std::string fault) {
  const std::string prefix = "--" + path + ": ";
  return {"", {}, {{std::move(path), std::move(value)}}, {prefix + fault}};
}
BadCase env(std::string name, std::string value, std::string fault) {
  const std::string prefix = name + ": ";
  return {"", {{std::move(name), std::move(value)}}, {}, {prefix + fault}};
}

const std::string kAddress =
    R"(expected host:port, such as "127.0.0.1:8000" or "[::1]:8000", got )";
const std::string kSuch = R"(, such as "64KiB", got )";
const std::string kSuch5s = R"(, such as "5s", got )";
const std::string kMake = "; make one with: openssl rand -base64 48";

std::vector<BadCase> address_cases() {
  std::vector<BadCase> cases;
  for (const char* value :
       {"8000", ":8000", "localhost", "localhost:", "localhost:65536", "localhost:-1",
        "localhost: 80", "256.0.0.1:80", "1.2.3:80", "::1:80", "[::1]", "[::g]:80", "[1.2.3.4]:80",
        "http://a:80", "a b:80", "a_b:80", "localhost:80x", "localhost:+80"})
    cases.push_back(flag("listen.public", value, kAddress + '"' + value + '"'));
  cases.push_back(
      env("TIDEWIRE_LISTEN_INTERNAL", "nowhere", "listen.internal: " + kAddress + "\"nowhere\""));
  cases.push_back(toml("[listen]\npublic = 8000", {"FILE:2: listen.public: " + kAddress + "8000"}));
  cases.push_back(
      toml("listen.internal = ['a:1']", {"FILE:1: listen.internal: " + kAddress + "a list"}));
  cases.push_back(toml("[listen]\npublic = 'localhost:9000'\ninternal = 'localhost:9000'",
                       {"FILE:3: listen.internal: listen.public and listen.internal must differ, "
                        "both are localhost:9000"}));
  return cases;
}

std::vector<BadCase> number_cases() {
  const std::string message = "expected a size from 1KiB to 64MiB" + kSuch;
  const std::string timeout = "expected a duration from 10ms to 1h" + kSuch5s;
  const std::string shards = "expected an integer from 0 to 1024, got ";
  std::vector<BadCase> cases;
  for (const char* value : {"lots", "-1", "64kb", "64 KiB", "1.5MiB", "0x400", "1023", "65MiB", "",
                            "KiB", "9223372036854775808", "9007199254740993GiB", "1KiB1", "+2048"})
    cases.push_back(flag("limits.message_bytes", value, message + '"' + value + '"'));
  for (const char* value :
       {"soon", "-5s", "5 s", "1.5s", "5S", "9", "2h", "5sec", "s", "106751991168d"})
    cases.push_back(flag("auth.timeout", value, timeout + '"' + value + '"'));
  for (const char* value : {"two", "-1", "1025", "1e3", "0x2", "2 ", " 2", "2.0"})
    cases.push_back(flag("shards", value, shards + '"' + value + '"'));
  cases.push_back(env("TIDEWIRE_SHARDS", "many", "shards: " + shards + "\"many\""));
  cases.push_back(toml("shards = true", {"FILE:1: shards: " + shards + "true"}));
  cases.push_back(toml("shards = 2.5", {"FILE:1: shards: " + shards + "2.5"}));
  cases.push_back(toml("shards = -1", {"FILE:1: shards: " + shards + "-1"}));
  cases.push_back(toml("shards = [1]", {"FILE:1: shards: " + shards + "a list"}));
  cases.push_back(toml("shards = 2020-01-01", {"FILE:1: shards: " + shards + "a date"}));
  cases.push_back(toml("[auth]\ntimeout = 5.0", {"FILE:2: auth.timeout: " + timeout + "5.0"}));
  cases.push_back(
      toml("[limits]\nmessage_bytes = 512", {"FILE:2: limits.message_bytes: " + message + "512"}));
  cases.push_back(flag("limits.connections", "10000001",
                       "expected an integer from 0 to 10000000 (0: no limit), got \"10000001\""));
  cases.push_back(
      flag("limits.bad_messages", "0", "expected an integer from 1 to 1000, got \"0\""));
  cases.push_back(flag("limits.headers", "7", "expected an integer from 8 to 1000, got \"7\""));
  cases.push_back(flag("compression.level", "10", "expected an integer from 1 to 9, got \"10\""));
  cases.push_back(
      flag("heartbeat.interval", "0", "expected a duration from 100ms to 1h" + kSuch5s + "\"0\""));
  return cases;
}

std::vector<BadCase> word_cases() {
  std::vector<BadCase> cases;
  for (const char* value : {"yes", "TRUE", "on", "2", "maybe", "tru"})
    cases.push_back(
        flag("debug.echo", value, std::string("expected true or false, got \"") + value + '"'));
  cases.push_back(toml("[debug]\necho = 1", {"FILE:2: debug.echo: expected true or false, got 1"}));
  cases.push_back(
      toml("[debug]\necho = 'off'", {"FILE:2: debug.echo: expected true or false, got \"off\""}));
  cases.push_back(flag("log.level", "verbose",
                       R"(expected "debug", "info", "warn" or "error", got "verbose")"));
  cases.push_back(flag("log.format", "xml", R"(expected "auto", "text" or "json", got "xml")"));
  cases.push_back(flag("history.url",
                       "postgres:", R"(expected "memory:" or "sqlite:<path>", got "postgres:")"));
  cases.push_back(
      flag("history.url", "sqlite:", R"(expected "memory:" or "sqlite:<path>", got "sqlite:")"));
  cases.push_back(flag("history.sync", "now", R"(expected "always", "batch" or "off", got "now")"));
  cases.push_back(
      env("TIDEWIRE_BROKER_URL", "memory", R"(broker.url: expected "memory:", got "memory")"));
  cases.push_back(flag("static.dir", "/no/such/folder",
                       R"(expected the path of a folder, got "/no/such/folder")"));
  cases.push_back(
      flag("static.dir", "/etc/passwd", R"(expected the path of a folder, got "/etc/passwd")"));
  cases.push_back(
      toml("[origins]\nallowed = 'https://a.example'",
           {"FILE:2: origins.allowed: expected a list of texts, got \"https://a.example\""}));
  cases.push_back(toml("[origins]\nallowed = ['https://a.example', 5]",
                       {"FILE:2: origins.allowed: expected a list of texts, got a list"}));
  cases.push_back(flag("origins.allowed", "[\"a\"", R"(expected a list of texts, got "["a"")"));
  cases.push_back(toml("[auth]\nissuer = 5", {"FILE:2: auth.issuer: expected a text, got 5"}));
  cases.push_back(flag("log.level", std::string("in\nfo\x1b") + std::string(80, 'x'),
                       R"(expected "debug", "info", "warn" or "error", got "in?fo?)" +
                           std::string(54, 'x') + "...\""));
  return cases;
}

std::vector<BadCase> unknown_key_cases() {
  const auto unknown = [](const std::string& nearest) {
    return "unknown key; did you mean " + nearest + "?";
  };
  return {
      flag("lisen.public", "a:1", unknown("--listen.public")),
      flag("listen.publik", "a:1", unknown("--listen.public")),
      flag("listen_public", "a:1", unknown("--listen.public")),
      flag("shard", "2", unknown("--shards")),
      flag("auth.hmac_secert", "x", unknown("--auth.hmac_secret")),
      flag("limits.mesage_bytes", "1", unknown("--limits.message_bytes")),
      flag("namespace.chat.histroy_size", "1", unknown("--namespace.chat.history_size")),
      flag("namespaces.chat.class", "durable", unknown("--namespace.chat.class")),
      flag("namespace.chat.schemas.order", "x", unknown("--namespace.chat.schema.order")),
      flag("namespace", "chat", unknown("--namespace.<name>.class")),
      env("TIDEWIRE_LISEN_PUBLIC", "a:1", unknown("TIDEWIRE_LISTEN_PUBLIC")),
      env("TIDEWIRE_SHARD", "2", unknown("TIDEWIRE_SHARDS")),
      env("TIDEWIRE_NAMESPACE_CHAT_HISTROY_SIZE", "2",
          unknown("TIDEWIRE_NAMESPACE_CHAT_HISTORY_SIZE")),
      env("TIDEWIRE_NAMESPACE_PUBLISH", "true", unknown("TIDEWIRE_NAMESPACE_<NAME>_PUBLISH")),
      env("TIDEWIRE_DEBUG", "true", unknown("TIDEWIRE_DEBUG_ECHO")),
      toml("[lisen]\npublic = 'a:1'", {"FILE:2: lisen.public: " + unknown("listen.public")}),
      toml("shard = 2", {"FILE:1: shard: " + unknown("shards")}),
      toml("[auth]\nalow_query_token = true",
           {"FILE:2: auth.alow_query_token: " + unknown("auth.allow_query_token")}),
      toml("[auth.hmac]\nsecret = 'x'",
           {"FILE:2: auth.hmac.secret: " + unknown("auth.hmac_secret")}),
      toml("[namespace.chat]\npublsih = true",
           {"FILE:2: namespace.chat.publsih: " + unknown("namespace.chat.publish")}),
      toml("[namespaces.chat]\npublish = true",
           {"FILE:2: namespaces.chat.publish: " + unknown("namespace.chat.publish")}),
      toml("namespace = 'chat'", {"FILE:1: namespace: " + unknown("namespace.<name>.class")}),
  };
}

std::vector<BadCase> namespace_cases() {
  const std::string name = "a namespace is named by 1 to 64 of A-Z a-z 0-9 _ -, not ";
  const std::string type = "an event type is snake_case, at most 64 bytes, not ";
  return {
      toml("[namespace.'a b']\npublish = true",
           {"FILE:2: namespace.a b.publish: " + name + "\"a b\""}),
      flag("namespace..publish", "true", name + "\"\""),
      flag("namespace." + std::string(65, 'n') + ".publish", "true",
           name + '"' + std::string(60, 'n') + "...\""),
      flag("namespace.*.publish", "true", name + "\"*\""),
      flag("namespace.chat.class", "fast",
           R"(expected "durable", "stream", "latest" or "ephemeral", got "fast")"),
      flag("namespace.chat.history_size", "1000001",
           "expected an integer from 0 to 1000000, got \"1000001\""),
      flag("namespace.chat.history_ttl", "0s",
           "expected a duration from 100ms to 365d" + kSuch5s + "\"0s\""),
      env("TIDEWIRE_NAMESPACE_CHAT_PRESENCE", "on",
          "namespace.chat.presence: expected true or false, got \"on\""),
      toml("namespace.chat = 1", {"FILE:1: namespace.chat: expected the options of the namespace, "
                                  "as in namespace.chat.class"}),
      flag("namespace.chat.join_leave", "true",
           "namespace.chat.join_leave needs namespace.chat.presence = true"),
      flag("namespace.chat.schema.OrderPlaced", "{}", type + "\"OrderPlaced\""),
      flag("namespace.chat.schema.", "{}", type + "\"\""),
      flag("namespace.chat.schema.order", "{\"type\": ", "the schema is not JSON"),
      flag("namespace.chat.schema.order", "/no/such.json",
           "schema file \"/no/such.json\" cannot be read"),
      flag("namespace.chat.schema.order", "/etc/passwd", "\"/etc/passwd\" is not JSON"),
      toml("[namespace.chat.schema]\norder = 'list.json'",
           {"FILE:2: namespace.chat.schema.order: \"list.json\" is not a JSON object"}),
      toml("[namespace.chat.schema]\norder = 5",
           {"FILE:2: namespace.chat.schema.order: expected the path of a JSON Schema file, or the "
            "schema as a text"}),
  };
}

std::vector<BadCase> secret_cases() {
  const std::string both = "set either auth.hmac_secret or auth.hmac_secret_file, not both";
  const std::string hs_sources = "HS256 takes exactly one of secret and secret_file";
  const std::string file = "expected the path of a readable file, got ";
  const auto keys = [](const std::string& value, const std::string& fault) {
    return toml("[auth]\nkeys = [" + value + "]", {"FILE:2: auth.keys: " + fault});
  };
  return {
      flag("auth.hmac_secret", "short", "needs at least 32 bytes, has 5" + kMake),
      env("TIDEWIRE_AUTH_HMAC_SECRET", std::string(31, 's'),
          "auth.hmac_secret: needs at least 32 bytes, has 31" + kMake),
      toml("[auth]\nhmac_secret = 12345", {"FILE:2: auth.hmac_secret: expected a text"}),
      flag("auth.hmac_secret_file", "/no/such/secret", file + "\"/no/such/secret\""),
      flag("auth.hmac_secret_file", "/etc", file + "\"/etc\""),
      toml("[auth]\nhmac_secret_file = 'short.txt'",
           {"FILE:2: auth.hmac_secret_file: needs at least 32 bytes, has 5" + kMake}),
      toml("[auth]\nhmac_secret_file = 'empty.txt'",
           {"FILE:2: auth.hmac_secret_file: \"DIR/empty.txt\" is empty"}),
      toml("[auth]\nhmac_secret_file = 'good.txt'\nhmac_secret = '" + std::string(32, 's') + "'",
           {"FILE:2: auth.hmac_secret_file: " + both}),
      toml("[api]\nkey_file = 'empty.txt'", {"FILE:2: api.key_file: \"DIR/empty.txt\" is empty"}),
      toml("[tls]\ncert_file = 'good.txt'",
           {"FILE:2: tls.cert_file: tls.cert_file and tls.key_file must be set together"}),
      toml("[tls]\nkey_file = 'good.txt'",
           {"FILE:2: tls.key_file: tls.cert_file and tls.key_file must be set together"}),
      toml("[tls]\ncert_file = 'no.pem'\nkey_file = 'good.txt'",
           {"FILE:2: tls.cert_file: " + file + "\"no.pem\""}),
      flag("auth.keys", "HS256", "expected a list of tables with alg and a key"),
      flag("auth.keys", "[{]", "expected a list of tables with alg and a key"),
      flag("auth.keys", "[1]", "key 1: expected a table with alg and a key"),
      keys("{kid = 'a'}", "key 1: alg is missing"),
      keys("{alg = 5}", "key 1: alg must be a text"),
      keys("{alg = 'none'}",
           "key 1: alg must be HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, "
           "ES256, ES384 or EdDSA, got \"none\""),
      keys("{alg = 'HS256', secrets = 'x'}",
           "key 1: unknown key \"secrets\"; did you mean secret?"),
      keys("{alg = 'HS256'}", "key 1: " + hs_sources),
      keys("{alg = 'HS256', public_key = 'x'}", "key 1: " + hs_sources),
      keys("{alg = 'HS256', secret = 'x', secret_file = 'good.txt'}", "key 1: " + hs_sources),
      keys("{alg = 'RS256', secret = 'x'}",
           "key 1: RS256 takes exactly one of public_key and public_key_file"),
      keys("{alg = 'EdDSA'}", "key 1: EdDSA takes exactly one of public_key and public_key_file"),
      keys("{alg = 'HS512', secret = '" + std::string(63, 's') + "'}",
           "key 1: secret needs at least 64 bytes, has 63" + kMake),
      keys("{alg = 'HS256', secret_file = 'good.txt'}, {alg = 'HS256', secret_file = 'no.txt'}",
           "key 2: secret_file \"no.txt\" cannot be read"),
      keys("{alg = 'ES256', public_key_file = 'empty.txt'}",
           "key 1: public_key_file \"empty.txt\" is empty"),
  };
}

std::vector<BadCase> contradiction_cases() {
  const std::string below = ") must be at least limits.message_bytes (64KiB)";
  return {
      flag("limits.queue_bytes", "32KiB", "limits.queue_bytes (32KiB" + below),
      flag("limits.bytes_burst", "16KiB", "limits.bytes_burst (16KiB" + below),
      env("TIDEWIRE_LIMITS_BODY_BYTES", "1500",
          "limits.body_bytes: limits.body_bytes (1500" + below),
      flag("shutdown.pace", "31s", "shutdown.pace (31s) must be at most shutdown.deadline (30s)"),
      toml("[shutdown]\ndeadline = '1s'\npace = '2s'",
           {"FILE:3: shutdown.pace: shutdown.pace (2s) must be at most shutdown.deadline (1s)"}),
  };
}

std::vector<BadCase> file_cases() {
  return {
      toml("shards = ",
           {"FILE:1: not TOML: Error while parsing key-value pair: encountered end-of-file"}),
      toml("shards = 1\nshards = 2", {"FILE:2: not TOML: Error while parsing key-value pair: "
                                      "cannot redefine existing integer 'shards'"}),
      // Every fault of every source is collected, in the order of the sources.
      {"shards = 'x'\nfoo = 1",
       {{"TIDEWIRE_LOG_LEVEL", "loud"}, {"TIDEWIRE_BAR", "1"}},
       {{"debug.echo", "perhaps"}, {"auth.hmac_secret", "short"}},
       {"FILE:2: foo: unknown key; did you mean shards?",
        "TIDEWIRE_BAR: unknown key; did you mean TIDEWIRE_SHARDS?",
        "FILE:1: shards: expected an integer from 0 to 1024, got \"x\"",
        R"(TIDEWIRE_LOG_LEVEL: log.level: expected "debug", "info", "warn" or "error", got "loud")",
        "--debug.echo: expected true or false, got \"perhaps\"",
        "--auth.hmac_secret: needs at least 32 bytes, has 5" + kMake}},
  };
}

class BadConfig : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "tidewire_bad_config";
    std::filesystem::create_directories(folder_);
    write("good.txt", std::string(64, 'g') + "\n");
    write("short.txt", "short\n");
    write("empty.txt", "\n");
    write("list.json", "[1]");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }

  static void replace_all(std::string& text, std::string_view from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  }

  void check(const std::vector<BadCase>& cases) {
    for (const BadCase& bad : cases) {
      const std::string file = folder_ + "/bad.toml";
      write("bad.toml", bad.toml);
      Lines expected = bad.faults;
      for (std::string& line : expected) {
        replace_all(line, "FILE", file);
        replace_all(line, "DIR", folder_);
      }
      const LoadedConfig loaded = load_config({file, bad.environment, bad.flags});
      EXPECT_THAT(loaded.faults, testing::ElementsAreArray(expected)) << bad.toml;
      for (const std::string& line : loaded.faults)
        EXPECT_EQ(line.find_first_of("\n\r\x1b"), std::string::npos) << line;
    }
    count_ += cases.size();
  }

  std::string folder_;
  std::size_t count_ = 0;
};

TEST_F(BadConfig, EveryFaultNamesItsSourceItsKeyAndWhatIsExpected) {
  check(address_cases());
  check(number_cases());
  check(word_cases());
  check(unknown_key_cases());
  check(namespace_cases());
  check(secret_cases());
  check(contradiction_cases());
  check(file_cases());
  EXPECT_GE(count_, 100U);
}

TEST_F(BadConfig, AFileThatIsNotThereIsAFault) {
  EXPECT_THAT(load_config({"/no/such.toml", {}, {}}).faults,
              testing::ElementsAre("/no/such.toml: the configuration file cannot be read"));
  EXPECT_THAT(load_config({"/etc", {}, {}}).faults,
              testing::ElementsAre("/etc: the configuration file cannot be read"));
}

TEST_F(BadConfig, AFaultNeverQuotesASecret) {
  write("bad.toml",
        "[auth]\nhmac_secret = 'hush-hush'\nkeys = [{alg = 'HS256', secret = "
        "'hush-hush'}]\n[api]\nkey = 'hush-hush'");
  const LoadedConfig loaded =
      load_config({folder_ + "/bad.toml", {{"TIDEWIRE_AUTH_KEYS", "hush-hush"}}, {}});
  EXPECT_EQ(loaded.faults.size(), 3U);
  for (const std::string& line : loaded.faults)
    EXPECT_EQ(line.find("hush"), std::string::npos) << line;
}

}  // namespace
}  // namespace tidewire
