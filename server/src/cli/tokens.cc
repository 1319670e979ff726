#include <istream>
#include <limits>
#include <ostream>

#include <nlohmann/json.hpp>

#include "auth/token_minter.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "config/text_file.h"
#include "config/units.h"
#include "server/auth_setup.h"

namespace tidewire {
namespace {

using nlohmann::ordered_json;

int report(CommandContext& context, ExitCode code, const std::string& problem) {
  context.err << "tidewire: " << problem << "\n";
  return code;
}

/// "chat:*=subscribe,publish": the last equals sign parts the channels from the permissions.
std::expected<ChannelRule, std::string> parse_rule(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0)
    return std::unexpected("--channel takes match=permission,permission, not " + text);
  ChannelRule rule{.match = text.substr(0, equals)};
  rule.prefix = rule.match.ends_with('*');
  if (rule.prefix) rule.match.pop_back();
  for (std::size_t begin = equals + 1; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    const auto permission = from_name<Permission>(name);
    if (!permission)
      return std::unexpected(
          "--channel knows subscribe, publish, presence, history, state, rpc, serve and cancel, "
          "not \"" +
          name + '"');
    rule.allow.add(*permission);
    begin = end + 1;
  }
  return rule;
}

/// hmac_secret first, as the server does; then the first key that can sign.
std::expected<SigningKeyConfig, std::string> choose_key(const AuthConfig& auth,
                                                        const std::string& private_key_file) {
  if (!private_key_file.empty()) {
    auto pem = read_text_file(private_key_file);
    if (!pem) return std::unexpected(private_key_file + " " + pem.error());
    for (const AuthKeyConfig& key : auth.keys)
      if (!key.public_key.empty()) return SigningKeyConfig{key.alg, key.kid, std::move(*pem)};
    return std::unexpected("--private-key needs a public key in auth.keys to go with");
  }
  if (!auth.hmac_secret.empty()) return SigningKeyConfig{.material = auth.hmac_secret};
  for (const AuthKeyConfig& key : auth.keys)
    if (!key.secret.empty()) return SigningKeyConfig{key.alg, key.kid, key.secret};
  return std::unexpected(
      "no key to sign with is configured: set auth.hmac_secret, or give --private-key");
}

std::expected<TokenSpec, std::string> make_spec(const GentokenArguments& arguments,
                                                const AuthConfig& auth) {
  const auto ttl_s = parse_ttl_seconds(arguments.ttl);
  if (!ttl_s)
    return std::unexpected("--ttl takes seconds, or 90s, 15m, 1h, 30d, not \"" + arguments.ttl +
                           '"');
  const std::int64_t now_s = SystemClock().wall_ms() / 1000;
  TokenSpec spec{.user_id = arguments.user_id,
                 .expires_at_s = now_s + *ttl_s,
                 .issued_at_s = now_s,
                 .session_id = arguments.session_id,
                 .issuer = auth.issuer,
                 .audience = auth.audience,
                 .info_json = arguments.info};
  for (const std::string& text : arguments.channels) {
    auto rule = parse_rule(text);
    if (!rule) return std::unexpected(rule.error());
    spec.rules.push_back(std::move(*rule));
  }
  if (!spec.info_json.empty() && !ordered_json::parse(spec.info_json, nullptr, false).is_object())
    return std::unexpected("--info takes a JSON object");
  return spec;
}

ordered_json rules_json(const std::vector<ChannelRule>& rules) {
  ordered_json out = ordered_json::array();
  for (const ChannelRule& rule : rules) {
    ordered_json allow = ordered_json::array();
    for (const Permission permission :
         {Permission::subscribe, Permission::publish, Permission::presence, Permission::history,
          Permission::state, Permission::rpc, Permission::serve, Permission::cancel})
      if (rule.allow.contains(permission)) allow.push_back(to_name(permission));
    out.push_back({{"match", rule.match + (rule.prefix ? "*" : "")}, {"allow", allow}});
  }
  return out;
}

std::string claims_json(const Claims& claims) {
  ordered_json out = {{"sub", claims.user_id}, {"exp", claims.expires_at_ms / 1000}};
  if (claims.issued_at_ms != 0) out["iat"] = claims.issued_at_ms / 1000;
  if (!claims.session_id.empty()) out["sid"] = claims.session_id;
  out["info"] = ordered_json::parse(claims.info_json, nullptr, false);
  out["meta"] = ordered_json::parse(claims.meta_json, nullptr, false);
  out["channels"] = rules_json(claims.rules);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::optional<std::int64_t> parse_ttl_seconds(const std::string& text) {
  constexpr std::int64_t kMax = std::int64_t{100} * 365 * 86'400;
  const auto plain = parse_integer(text);
  const auto time = parse_duration(text);
  if (!time) return std::nullopt;
  const std::int64_t seconds = plain ? static_cast<std::int64_t>(*plain) : time->count() / 1000;
  return seconds >= 1 && seconds <= kMax ? std::optional(seconds) : std::nullopt;
}

int run_gentoken(const ConfigSources& sources, const GentokenArguments& arguments,
                 CommandContext& context) {
  LoadedConfig loaded;
  if (!load_or_report(sources, {}, context, loaded)) return kConfigFault;
  const auto spec = make_spec(arguments, loaded.config.auth);
  if (!spec) return report(context, kUsageError, spec.error());
  auto key = choose_key(loaded.config.auth, arguments.private_key_file);
  if (!key) return report(context, kConfigFault, key.error());
  const auto minter = TokenMinter::build(std::move(*key));
  if (!minter) return report(context, kConfigFault, minter.error());
  const auto token = minter->mint(*spec);
  if (!token) return report(context, kUsageError, token.error());
  context.out << *token << "\n";
  return kSuccess;
}

int run_checktoken(const ConfigSources& sources, std::string token, CommandContext& context) {
  LoadedConfig loaded;
  if (!load_or_report(sources, {}, context, loaded)) return kConfigFault;
  if (token == "-") context.in >> token;
  const auto authenticator = make_authenticator(loaded.config.auth);
  if (!authenticator) return report(context, kConfigFault, authenticator.error());
  const auto claims = authenticator->authenticate(token, SystemClock().wall_ms());
  if (!claims)
    return report(context, kFailure,
                  std::string(to_name(claims.error().code)) + ": " + claims.error().message);
  context.out << claims_json(*claims) << "\n";
  return kSuccess;
}

}  // namespace tidewire
