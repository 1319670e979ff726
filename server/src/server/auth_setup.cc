#include "server/auth_setup.h"

#include "net/tls_context.h"
#include "protocol/schema_registry.h"

namespace tidewire {
namespace {

std::vector<KeyConfig> key_configs(const AuthConfig& config) {
  std::vector<KeyConfig> keys;
  if (!config.hmac_secret.empty()) keys.push_back({.alg = "HS256", .secret = config.hmac_secret});
  for (const AuthKeyConfig& key : config.keys)
    keys.push_back({.alg = key.alg, .kid = key.kid, .secret = key.secret, .pem = key.public_key});
  return keys;
}

}  // namespace

std::expected<Authenticator, std::string> make_authenticator(const AuthConfig& config) {
  auto keys = KeySet::build(key_configs(config));
  if (!keys) return std::unexpected("auth.keys: " + keys.error());
  return Authenticator(
      std::move(*keys),
      {.issuer = config.issuer, .audience = config.audience, .leeway_ms = config.leeway.count()});
}

std::expected<OriginPolicy, std::string> make_origin_policy(const OriginsConfig& config) {
  auto policy = OriginPolicy::build(config.allowed);
  if (!policy) return std::unexpected("origins.allowed: " + policy.error());
  return policy;
}

std::vector<std::string> find_setup_faults(const Config& config) {
  std::vector<std::string> faults;
  if (auto made = make_authenticator(config.auth); !made) faults.push_back(std::move(made.error()));
  if (auto made = make_origin_policy(config.origins); !made)
    faults.push_back(std::move(made.error()));
  if (config.tls.enabled()) {
    auto made = net::TlsContext::load({config.tls.cert_file, config.tls.key_file});
    if (!made) faults.push_back("tls.cert_file: " + made.error());
  }
  SchemaRegistry schemas;
  for (const auto& [name, options] : config.namespaces)
    for (const auto& [type, schema] : options.schemas)
      if (auto added = schemas.add(name, type, schema); !added)
        faults.push_back("namespace." + name + ".schema." + type + ": " + added.error());
  return faults;
}

}  // namespace tidewire
