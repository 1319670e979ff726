#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>

#include <sys/stat.h>

#include "auth/token_minter.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "observability/log.h"

namespace tidewire {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kTokenSeconds = 7 * 86'400;
constexpr const char* kDemo = "examples/trip-planner/dist";

/// The demo's built page: below the working directory, or below a folder above the program, which
/// is where it is in a build tree.
std::string find_demo() {
  std::error_code error;
  if (fs::is_directory(kDemo, error)) return kDemo;
  for (fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
       folder.has_relative_path(); folder = folder.parent_path())
    if (fs::is_directory(folder / kDemo, error)) return (folder / kDemo).string();
  return {};
}

NamespaceConfig demo_namespace() {
  NamespaceConfig options;
  options.publish = options.subscribe = options.history = options.cancel = true;
  options.state = options.receipts = true;
  options.presence = options.join_leave = true;
  // Long enough for a page that is reloaded the next morning.
  options.history_size = 500;
  options.history_ttl = std::chrono::hours(24);
  return options;
}

Config dev_defaults(const DevArguments& arguments) {
  Config config;
  config.listen.public_address = "127.0.0.1:8000";
  config.auth.hmac_secret = random_secret();
  config.api.key = random_secret();
  config.debug.dev_tokens = true;
  // Tokens are the guard here, and a page elsewhere has none: no cookie could lend it one.
  config.origins.allowed = {"*"};
  for (const char* name : {"chat", "trip", "agent", "room", "demo"})
    config.namespaces.emplace(name, demo_namespace());
  config.namespaces.emplace("user", NamespaceConfig{.history = true});
  config.debug.dev_tokens = true;
  config.static_files.dir = arguments.demo_dir.empty() ? find_demo() : arguments.demo_dir;
  config.shutdown.pace = Milliseconds(0);
  config.shutdown.deadline = Milliseconds(2'000);
  return config;
}

std::string mint_dev_token(const Config& config) {
  SigningKeyConfig key{.material = config.auth.hmac_secret};
  auto minter = TokenMinter::build(std::move(key));
  if (!minter) return {};
  const std::int64_t now_s = SystemClock().wall_ms() / 1000;
  const TokenSpec spec{.user_id = "dev",
                       .expires_at_s = now_s + kTokenSeconds,
                       .issued_at_s = now_s,
                       .issuer = config.auth.issuer,
                       .audience = config.auth.audience,
                       .info_json = R"({"name":"Dev"})",
                       .rules = {{.match = "", .prefix = true, .allow = PermissionSet::all()}}};
  return minter->mint(spec).value_or("");
}

void print_banner(std::ostream& out, const RunningServer& server, const Config& config,
                  const std::string& token) {
  const bool keeps = config.history.url != "memory:";
  out << "tidewire " << TIDEWIRE_VERSION << " for development; "
      << (keeps ? "history and state are kept in " + config.history.url.substr(7)
                : "everything is gone when it stops")
      << ".\n\n";
  if (!config.static_files.dir.empty()) out << "  open   " << server.public_url << "/\n";
  out << "  ws     ws" << server.public_url.substr(4) << "/ws/chat/demo\n"
      << "  api    " << server.internal_url << "/api/v1/publish\n"
      << "  token  " << token << "\n\n"
      << "Publish with:\n\n"
      << "  curl -H 'Authorization: Bearer " << config.api.key
      << "' -H 'Content-Type: application/json' \\\n"
      << R"(    -d '{"channel":"chat:demo","type":"chat_message","payload":{"content":"Hello","role":"user"}}' \)"
      << "\n    " << server.internal_url << "/api/v1/publish\n\n"
      << std::flush;
}

/// For the programs that `make run` starts next to the server. Only the owner may read it.
bool write_env_file(const std::string& path, const RunningServer& server, const Config& config,
                    const std::string& token) {
  const mode_t mask = umask(0077);
  std::ofstream file(path, std::ios::trunc);
  umask(mask);
  file << "TIDEWIRE_URL=ws" << server.public_url.substr(4) << "\n"
       << "TIDEWIRE_API_URL=" << server.internal_url << "\n"
       << "TIDEWIRE_API_KEY=" << config.api.key << "\n"
       << "TIDEWIRE_TOKEN=" << token << "\n";
  return static_cast<bool>(file.flush());
}

}  // namespace

int run_dev(const ConfigSources& sources, const DevArguments& arguments, CommandContext& context) {
  std::error_code error;
  if (!arguments.demo_dir.empty() && !fs::is_directory(arguments.demo_dir, error)) {
    context.err << "tidewire: --demo takes a folder, not " << arguments.demo_dir << "\n";
    return kUsageError;
  }
  LoadedConfig loaded;
  if (!load_or_report(sources, dev_defaults(arguments), context, loaded)) return kConfigFault;
  const Config& config = loaded.config;
  start_logging(config.log.level, config.log.format);
  const std::string token = mint_dev_token(config);
  return context.run_server(config, [&](const RunningServer& server) {
    print_banner(context.out, server, config, token);
    if (!arguments.env_file.empty() && !write_env_file(arguments.env_file, server, config, token))
      log_error("the file of --env-file cannot be written", {{"path", arguments.env_file}});
  });
}

}  // namespace tidewire
