#include "cli/command_line.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace tidewire {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

const std::string kSecret = "0123456789abcdef0123456789abcdef";
const std::string kSecretFlag = "--auth.hmac_secret=" + kSecret;

class CommandLine : public testing::Test {
 protected:
  int run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    CommandContext context{environment_, in_, out_, err_,
                           [this](const Config& config, const auto& on_listening) {
                             config_ = config;
                             on_listening({"http://127.0.0.1:8123", "http://127.0.0.1:9123"});
                             return server_result_;
                           }};
    return run_command_line(arguments, context);
  }

  std::string token(std::vector<std::string> extra = {}) {
    std::vector<std::string> arguments = {"gentoken", kSecretFlag, "--sub", "alice"};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    EXPECT_EQ(run(arguments), 0) << err_.str();
    std::string text = out_.str();
    EXPECT_TRUE(text.ends_with('\n'));
    text.pop_back();
    return text;
  }

  std::vector<std::pair<std::string, std::string>> environment_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Config config_;
  int server_result_ = 0;
};

TEST_F(CommandLine, AWordThatIsNoCommandIsNamed) {
  EXPECT_EQ(run({"srve", "--config", "x"}), kUsageError);
  EXPECT_TRUE(err_.str().contains("there is no command 'srve'")) << err_.str();
  err_.str({});
  EXPECT_EQ(run({"gentoken"}), kUsageError);
  EXPECT_TRUE(err_.str().contains("--sub is required")) << err_.str();
}

TEST_F(CommandLine, UsageErrorsExitWith2) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"srve"},
      {"--nonsense"},
      {"serve", "--shard=2"},
      {"serve", "extra"},
      {"gentoken"},
      {"checktoken"},
      {"serve", "--listen.public"},
      {"genconfig", "--markdwon"},
      {"gentoken", kSecretFlag, "--sub"},
      {"gentoken", kSecretFlag, "--sub", "a", "--ttl", "soon"},
      {"gentoken", kSecretFlag, "--sub", "a", "--ttl", "0"},
      {"gentoken", kSecretFlag, "--sub", "a", "--channel", "chat"},
      {"gentoken", kSecretFlag, "--sub", "a", "--channel", "chat:*=shout"},
      {"gentoken", kSecretFlag, "--sub", "a", "--info", "[1]"},
      {"dev", "--demo", "/no/such/folder"}};
  for (const auto& arguments : cases) {
    EXPECT_EQ(run(arguments), kUsageError) << testing::PrintToString(arguments);
    EXPECT_THAT(err_.str(), StartsWith("tidewire: "));
    EXPECT_EQ(std::ranges::count(err_.str(), '\n'), 1) << err_.str();
    EXPECT_THAT(out_.str(), IsEmpty());
  }
}

TEST_F(CommandLine, AnUnknownFlagNamesTheNearestKey) {
  run({"serve", "--shard=2"});
  EXPECT_THAT(err_.str(), HasSubstr("did you mean --shards?"));
}

TEST_F(CommandLine, HelpAndVersionExitWith0) {
  EXPECT_EQ(run({"--help"}), 0);
  for (const char* command :
       {"serve", "dev", "gentoken", "checktoken", "checkconfig", "genconfig", "health", "version"})
    EXPECT_THAT(out_.str(), HasSubstr(command));
  EXPECT_EQ(run({"serve", "--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("--listen.public=\"0.0.0.0:8000\""));
  EXPECT_EQ(run({"version"}), 0);
  EXPECT_THAT(out_.str(), MatchesRegex("tidewire [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(CommandLine, BadConfigurationExitsWith78AndOneLineAFault) {
  for (const char* command : {"serve", "dev", "checkconfig", "health"}) {
    EXPECT_EQ(run({command, "--lisen.public=a:1", "--shards=many"}), kConfigFault) << command;
    EXPECT_EQ(err_.str(),
              "--lisen.public: unknown key; did you mean --listen.public?\n"
              "--shards: expected an integer from 0 to 1024, got \"many\"\n");
    EXPECT_THAT(out_.str(), IsEmpty());
  }
}

TEST_F(CommandLine, KeysOriginsAndCertificatesAreCheckedBeforeTheStart) {
  EXPECT_EQ(run({"serve", "--origins.allowed=not an origin"}), kConfigFault);
  EXPECT_THAT(err_.str(), StartsWith("origins.allowed: "));
  EXPECT_EQ(run({"serve", R"(--auth.keys=[{"alg":"RS256","public_key":"x"}])"}), kConfigFault);
  EXPECT_THAT(err_.str(), StartsWith("auth.keys: "));
  EXPECT_EQ(run({"serve", "--tls.cert_file=/etc/passwd", "--tls.key_file=/etc/passwd"}),
            kConfigFault);
  EXPECT_THAT(err_.str(), StartsWith("tls.cert_file: "));
}

TEST_F(CommandLine, ServeRunsTheServerAndPrintsNoSecret) {
  EXPECT_EQ(run({"serve", kSecretFlag, "--shards", "3", "--namespace.chat.publish"}), 0);
  EXPECT_EQ(config_.shards, 3U);
  EXPECT_EQ(config_.auth.hmac_secret, kSecret);
  EXPECT_TRUE(config_.namespaces.at("chat").publish);
  EXPECT_THAT(out_.str() + err_.str(), Not(HasSubstr(kSecret)));
  server_result_ = 1;
  EXPECT_EQ(run({"serve", kSecretFlag}), kFailure);
}

TEST_F(CommandLine, TheEnvironmentNamesTheFileAndOverridesIt) {
  const std::string path = testing::TempDir() + "tidewire_cli.toml";
  std::ofstream(path) << "shards = 4\n[limits]\nheaders = 99\n";
  environment_ = {{"TIDEWIRE_CONFIG", path}, {"TIDEWIRE_SHARDS", "5"}};
  EXPECT_EQ(run({"serve"}), 0);
  EXPECT_EQ(config_.shards, 5U);
  EXPECT_EQ(config_.limits.headers, 99U);
  EXPECT_EQ(run({"serve", "--config", "/no/such.toml"}), kConfigFault);
  std::filesystem::remove(path);
}

TEST_F(CommandLine, DevNeedsNothingAndPrintsATokenThatWorksAndACurlLine) {
  const std::string env_file = testing::TempDir() + "tidewire_dev.env";
  EXPECT_EQ(run({"dev", "--listen.public=127.0.0.1:0", "--env-file", env_file}), 0);
  EXPECT_EQ(config_.listen.public_address, "127.0.0.1:0");
  EXPECT_TRUE(config_.namespaces.at("chat").publish && config_.namespaces.at("trip").presence);
  EXPECT_GE(config_.auth.hmac_secret.size(), 32U);
  const std::string banner = out_.str();
  EXPECT_THAT(banner, HasSubstr("curl -H 'Authorization: Bearer " + config_.api.key));
  EXPECT_THAT(banner, HasSubstr("http://127.0.0.1:9123/api/v1/publish"));
  EXPECT_THAT(banner, HasSubstr("ws://127.0.0.1:8123/ws/chat/demo"));
  EXPECT_THAT(banner, Not(HasSubstr(config_.auth.hmac_secret)));
  const std::size_t at = banner.find("token  ") + 7;
  const std::string token = banner.substr(at, banner.find('\n', at) - at);
  EXPECT_EQ(run({"checktoken", "--auth.hmac_secret=" + config_.auth.hmac_secret, token}), 0)
      << err_.str();
  std::ifstream file(env_file);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text, HasSubstr("TIDEWIRE_URL=ws://127.0.0.1:8123\n"));
  EXPECT_THAT(text, HasSubstr("TIDEWIRE_TOKEN=" + token + "\n"));
  struct stat status{};
  ASSERT_EQ(stat(env_file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  std::filesystem::remove(env_file);
}

TEST_F(CommandLine, DevMakesNewSecretsEveryTimeUnlessTheyAreGiven) {
  run({"dev"});
  const std::string first = config_.auth.hmac_secret;
  run({"dev"});
  EXPECT_NE(config_.auth.hmac_secret, first);
  run({"dev", kSecretFlag});
  EXPECT_EQ(config_.auth.hmac_secret, kSecret);
}

TEST_F(CommandLine, ATokenCarriesWhatItWasAskedTo) {
  const std::string made =
      token({"--ttl", "15m", "--sid", "s1", "--info", R"({"name":"Alice"})", "--channel",
             "chat:*=subscribe,publish", "--channel", "trip:1=history"});
  EXPECT_EQ(run({"checktoken", kSecretFlag, made}), 0) << err_.str();
  const std::string claims = out_.str();
  for (const char* part : {R"("sub": "alice")", R"("sid": "s1")", R"("name": "Alice")",
                           R"("match": "chat:*")", R"("match": "trip:1")", R"("history")"})
    EXPECT_THAT(claims, HasSubstr(part));
  in_.str(made + "\n");
  EXPECT_EQ(run({"checktoken", kSecretFlag, "-"}), 0);
}

TEST_F(CommandLine, ATokenThatIsNotValidExitsWith1AndSaysWhy) {
  std::string made = token();
  EXPECT_EQ(run({"checktoken", "--auth.hmac_secret=" + std::string(32, 'x'), made}), kFailure);
  EXPECT_THAT(err_.str(), StartsWith("tidewire: token_invalid: "));
  EXPECT_THAT(err_.str(), Not(HasSubstr(made)));
  EXPECT_EQ(run({"checktoken", kSecretFlag, "--auth.issuer=me", made}), kFailure);
  EXPECT_EQ(run({"checktoken", kSecretFlag, "nonsense"}), kFailure);
}

TEST_F(CommandLine, ATokenNeedsAKey) {
  EXPECT_EQ(run({"gentoken", "--sub", "alice"}), kConfigFault);
  EXPECT_THAT(err_.str(), HasSubstr("set auth.hmac_secret"));
  const std::string keys =
      R"(--auth.keys=[{"alg":"HS384","kid":"k2","secret":")" + std::string(48, 'k') + "\"}]";
  EXPECT_EQ(run({"gentoken", keys, "--sub", "alice"}), 0);
  std::string made = out_.str();
  made.pop_back();
  EXPECT_EQ(run({"checktoken", keys, made}), 0);
}

TEST_F(CommandLine, TheGeneratedFileIsValidAndHasNewSecrets) {
  EXPECT_EQ(run({"genconfig"}), 0);
  const std::string first = out_.str();
  EXPECT_EQ(run({"genconfig"}), 0);
  EXPECT_NE(out_.str(), first);
  const std::string path = testing::TempDir() + "tidewire_generated.toml";
  std::ofstream(path) << first;
  EXPECT_EQ(run({"checkconfig", "--config", path}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("auth.hmac_secret = \"(set)\"\n"));
  EXPECT_THAT(err_.str(), HasSubstr("the configuration is valid\n"));
  std::filesystem::remove(path);
  EXPECT_EQ(run({"genconfig", "--markdown"}), 0);
  EXPECT_THAT(out_.str(), StartsWith("# Configuration\n"));
}

/// Answers one request with a fixed text.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : thread_([this, answer = std::move(answer)] {
          auto socket = acceptor_.accept();
          boost::asio::streambuf request;
          boost::asio::read_until(socket, request, "\r\n\r\n");
          boost::asio::write(socket, boost::asio::buffer(answer));
        }) {}
  [[nodiscard]] std::string flag() const {
    return "--listen.internal=127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

 private:
  using Tcp = boost::asio::ip::tcp;
  boost::asio::io_context context_;
  Tcp::acceptor acceptor_{context_, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  std::jthread thread_;
};

TEST_F(CommandLine, HealthIsTheAnswerOfReadyz) {
  {
    OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(run({"health", server.flag()}), 0) << err_.str();
  }
  {
    OneAnswer server("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 8\r\n\r\ndraining");
    EXPECT_EQ(run({"health", server.flag()}), kFailure);
    EXPECT_THAT(err_.str(), HasSubstr("is not ready: draining"));
  }
  EXPECT_EQ(run({"health", "--listen.internal=127.0.0.1:1"}), kFailure);
  EXPECT_THAT(err_.str(), HasSubstr("127.0.0.1:1 is not ready: "));
}

}  // namespace
}  // namespace tidewire
