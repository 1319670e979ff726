#include "config/auth_keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/assign.h"
#include "config/config.h"
#include "config/nearest.h"
#include "config/text_file.h"

namespace tidewire {
namespace {

using nlohmann::json;

constexpr auto kAlgorithms =
    std::to_array<std::string_view>({"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
                                     "PS384", "PS512", "ES256", "ES384", "EdDSA"});

using Field = std::pair<std::string_view, std::string AuthKeyConfig::*>;
constexpr auto kFields =
    std::to_array<Field>({{"alg", &AuthKeyConfig::alg},
                          {"kid", &AuthKeyConfig::kid},
                          {"secret", &AuthKeyConfig::secret},
                          {"secret_file", &AuthKeyConfig::secret_file},
                          {"public_key", &AuthKeyConfig::public_key},
                          {"public_key_file", &AuthKeyConfig::public_key_file}});

std::string set_field(const std::string& name, const json& value, AuthKeyConfig& key) {
  const auto field = std::ranges::find(kFields, name, &Field::first);
  if (field == kFields.end()) {
    std::vector<std::string> names;
    for (const Field& known : kFields) names.emplace_back(known.first);
    return "unknown key " + quote_for_fault(name) + "; did you mean " +
           std::string(nearest(name, names)) + "?";
  }
  if (!value.is_string()) return name + " must be a text";
  key.*field->second = value.get<std::string>();
  return {};
}

std::string read_into(const std::string& path, std::string_view name, const Setting& setting,
                      std::string& target) {
  auto text = read_secret_file(resolve_path(path, setting));
  if (!text) return std::string(name) + " " + quote_for_fault(path) + " " + text.error();
  target = std::move(*text);
  return {};
}

std::string check_sources(const AuthKeyConfig& key) {
  const bool hmac = hmac_bytes_min(key.alg) != 0;
  const int secrets = !key.secret.empty() + !key.secret_file.empty();
  const int publics = !key.public_key.empty() + !key.public_key_file.empty();
  if (hmac && (secrets != 1 || publics != 0))
    return key.alg + " takes exactly one of secret and secret_file";
  if (!hmac && (publics != 1 || secrets != 0))
    return key.alg + " takes exactly one of public_key and public_key_file";
  return {};
}

std::string load_material(const Setting& setting, AuthKeyConfig& key) {
  std::string fault;
  if (!key.secret_file.empty())
    fault = read_into(key.secret_file, "secret_file", setting, key.secret);
  if (!key.public_key_file.empty())
    fault = read_into(key.public_key_file, "public_key_file", setting, key.public_key);
  if (!fault.empty()) return fault;
  const std::size_t bytes_min = hmac_bytes_min(key.alg);
  if (key.secret.size() < bytes_min)
    return "secret " + short_secret_fault(bytes_min, key.secret.size());
  return {};
}

}  // namespace

std::string parse_auth_key(const json& table, const Setting& setting, AuthKeyConfig& key) {
  if (!table.is_object()) return "expected a table with alg and a key";
  for (const auto& [name, value] : table.items())
    if (std::string fault = set_field(name, value, key); !fault.empty()) return fault;
  if (key.alg.empty()) return "alg is missing";
  if (std::ranges::find(kAlgorithms, key.alg) == kAlgorithms.end())
    return "alg must be HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, "
           "ES384 "
           "or EdDSA, got " +
           quote_for_fault(key.alg);
  if (std::string fault = check_sources(key); !fault.empty()) return fault;
  return load_material(setting, key);
}

std::size_t hmac_bytes_min(std::string_view alg) {
  if (alg == "HS256") return 32;
  if (alg == "HS384") return 48;
  if (alg == "HS512") return 64;
  return 0;
}

std::string short_secret_fault(std::size_t bytes_min, std::size_t bytes) {
  return "needs at least " + std::to_string(bytes_min) + " bytes, has " + std::to_string(bytes) +
         "; make one with: openssl rand -base64 48";
}

}  // namespace tidewire
