#include "cli/command_line.h"

#include <algorithm>
#include <istream>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/config_flags.h"
#include "config/known_keys.h"
#include "config/reference.h"

namespace tidewire {
namespace {

/// The parser's tables and what they fill in.
struct Parser {
  CLI::App app{
      "Tidewire: real-time messaging for applications in which people and AI agents talk."};
  ConfigSources sources;
  DevArguments dev;
  GentokenArguments gentoken;
  GenconfigArguments genconfig;
  std::string token;
  std::function<int(CommandContext&)> chosen;

  Parser() {
    app.name("tidewire");
    app.require_subcommand(1);
    app.failure_message(CLI::FailureMessage::simple);
    add_servers();
    add_token_commands();
    add_config_commands();
    add_others();
  }

  CLI::App* add(const std::string& name, const std::string& help,
                std::function<int(CommandContext&)> run) {
    CLI::App* command = app.add_subcommand(name, help);
    command->callback([this, run = std::move(run)] { chosen = run; });
    return command;
  }

  CLI::App* add_configured(const std::string& name, const std::string& help,
                           std::function<int(CommandContext&)> run) {
    CLI::App* command = add(name, help, std::move(run));
    command->add_option("-c,--config", sources.file, "TOML file with the configuration");
    command->footer("Every configuration key is also a flag: see tidewire serve --help.");
    return command;
  }

  void add_servers() {
    add_configured("serve", "Run the server", [this](CommandContext& context) {
      return run_serve(sources, context);
    })->footer(flags_help());
    CLI::App* command = add_configured(
        "dev", "Run the server for development: no files needed, prints a token and a curl line",
        [this](CommandContext& context) { return run_dev(sources, dev, context); });
    command->add_option("--demo", dev.demo_dir, "Folder to serve at / instead of the trip planner");
    command->add_option(
        "--env-file", dev.env_file,
        "Write TIDEWIRE_URL, TIDEWIRE_API_URL, TIDEWIRE_API_KEY and TIDEWIRE_TOKEN to this file");
  }

  void add_token_commands() {
    CLI::App* command = add_configured(
        "gentoken", "Make a token with the configuration's key",
        [this](CommandContext& context) { return run_gentoken(sources, gentoken, context); });
    command->add_option("--sub", gentoken.user_id, "The user")->required();
    command->add_option("--ttl", gentoken.ttl, "How long it is valid: seconds, or 15m, 1h, 30d")
        ->capture_default_str();
    command
        ->add_option("--channel", gentoken.channels,
                     "A rule, such as 'chat:*=subscribe,publish'; repeat for more")
        ->allow_extra_args(false);
    command->add_option("--sid", gentoken.session_id, "The session it is bound to");
    command->add_option("--info", gentoken.info,
                        "Public information about the user, a JSON object");
    command->add_option("--private-key", gentoken.private_key_file,
                        "PEM file to sign with, when auth.keys holds public keys only");
    add_configured(
        "checktoken", "Verify a token and print its claims",
        [this](CommandContext& context) { return run_checktoken(sources, token, context); })
        ->add_option("token", token, "The token; - reads it from standard input")
        ->required();
  }

  void add_config_commands() {
    add_configured("checkconfig",
                   "Check the configuration and print what differs from the defaults",
                   [this](CommandContext& context) { return run_checkconfig(sources, context); });
    add("genconfig", "Print a configuration file with every key and new secrets",
        [this](CommandContext& context) { return run_genconfig(genconfig, context); })
        ->add_flag("--markdown", genconfig.markdown, "Print the reference page instead");
  }

  void add_others() {
    add_configured("health", "Ask a running server whether it is ready; exit code 0 or 1",
                   [this](CommandContext& context) { return run_health(sources, context); });
    add("version", "Print the version",
        [](CommandContext& context) { return run_version(context); });
  }
};

int report_usage(CommandContext& context, const std::string& problem) {
  context.err << "tidewire: " << problem << "\n";
  return kUsageError;
}

/// The parser does not know the configuration keys, so it cannot suggest one itself.
std::string suggestion(std::span<const std::string> arguments, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return {};
  for (const std::string& argument : arguments) {
    if (!argument.starts_with("--") || argument.size() == 2) continue;
    const std::string name = argument.substr(2, argument.find('=') - 2);
    if (std::string(error.what()).find("--" + name) != std::string::npos)
      return "; did you mean --" + nearest_key(name) + "?";
  }
  return {};
}

/// Of a word that is no command the parser says only that there is none.
std::string problem(const CLI::App& app, std::span<const std::string> arguments,
                    const CLI::ParseError& error) {
  const bool unknown =
      app.get_subcommands().empty() && !arguments.empty() && !arguments.front().starts_with('-');
  if (unknown) return "there is no command '" + arguments.front() + "'";
  return error.what() + suggestion(arguments, error);
}

std::string environment_value(const CommandContext& context, std::string_view name) {
  for (const auto& [key, value] : context.environment)
    if (key == name) return value;
  return {};
}

}  // namespace

int run_command_line(std::span<const std::string> arguments, CommandContext& context) {
  auto split = split_arguments(arguments);
  if (!split) return report_usage(context, split.error());
  Parser parser;
  // The parser takes its arguments last first.
  std::vector<std::string> reversed(split->rest.rbegin(), split->rest.rend());
  try {
    parser.app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return parser.app.exit(error, context.out, context.err);
    return report_usage(context,
                        problem(parser.app, split->rest, error) + " (see tidewire --help)");
  }
  parser.sources.flags = std::move(split->config);
  parser.sources.environment = context.environment;
  if (parser.sources.file.empty())
    parser.sources.file = environment_value(context, "TIDEWIRE_CONFIG");
  return parser.chosen(context);
}

}  // namespace tidewire
