#include "auth/key_set.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <utility>

#include "auth/jwt.h"

namespace tidewire {
namespace {

constexpr std::size_t kKeyFileBytesMax = 64UZ * 1024;

std::string describe(const KeyConfig& config, std::size_t position) {
  std::string text = "key " + std::to_string(position);
  if (!config.kid.empty() && is_kid(config.kid)) text += " (kid " + config.kid + ")";
  return text;
}

std::expected<std::string, std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected("cannot read file " + path);
  std::string text(kKeyFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::unexpected("cannot read file " + path);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.empty()) return std::unexpected("finds file " + path + " empty");
  if (text.size() > kKeyFileBytesMax)
    return std::unexpected("finds file " + path + " above 64 KiB");
  return text;
}

void drop_line_break(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

/// The bytes of the one source that fits the family.
std::expected<std::string, std::string> material_of(const KeyConfig& config, JwsFamily family) {
  const std::array<const std::string*, 4> sources{&config.secret, &config.secret_file, &config.pem,
                                                  &config.pem_file};
  const auto set = std::ranges::count_if(sources, [](auto* source) { return !source->empty(); });
  const bool hmac = family == JwsFamily::hmac;
  if (set > 1) return std::unexpected("has more than one of secret, secret_file, pem, pem_file");
  if (hmac && config.secret.empty() && config.secret_file.empty())
    return std::unexpected("needs secret or secret_file for " + config.alg);
  if (!hmac && config.pem.empty() && config.pem_file.empty())
    return std::unexpected("needs pem or pem_file for " + config.alg);
  if (!config.secret.empty()) return config.secret;
  if (!config.pem.empty()) return config.pem;
  auto text = read_file(hmac ? config.secret_file : config.pem_file);
  if (text && hmac) drop_line_break(*text);
  return text;
}

std::expected<VerifyKey, std::string> make_key(const KeyConfig& config) {
  const auto algorithm = jws_algorithm_from_name(config.alg);
  if (!algorithm)
    return std::unexpected(
        "needs alg to be one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, "
        "ES256, ES384, EdDSA");
  if (!config.kid.empty() && !is_kid(config.kid))
    return std::unexpected("needs a kid of at most 128 of [A-Za-z0-9._-]");
  const auto material = material_of(config, family_of(*algorithm));
  if (!material) return std::unexpected(material.error());
  return VerifyKey::make(*algorithm, config.kid, *material);
}

bool serves(const VerifyKey& key, JwsAlgorithm algorithm, std::string_view kid) {
  return key.algorithm() == algorithm && (kid.empty() || key.kid().empty() || key.kid() == kid);
}

}  // namespace

std::expected<KeySet, std::string> KeySet::build(std::span<const KeyConfig> configs) {
  if (configs.size() > kKeysMax) return std::unexpected("more than 64 keys");
  KeySet set;
  set.keys_.reserve(configs.size());
  for (std::size_t i = 0; i < configs.size(); ++i) {
    const auto refuse = [&](const std::string& fault) {
      return std::unexpected(describe(configs[i], i) + " " + fault);
    };
    auto key = make_key(configs[i]);
    if (!key) return refuse(key.error());
    const auto of_alg = [&](const VerifyKey& other) {
      return other.algorithm() == key->algorithm();
    };
    if (std::ranges::count_if(set.keys_, of_alg) == static_cast<int>(kKeysPerAlgorithmMax))
      return refuse("is one more than the 8 allowed for " + configs[i].alg);
    const auto same = [&](const VerifyKey& other) {
      return of_alg(other) && !other.kid().empty() && other.kid() == key->kid();
    };
    if (std::ranges::any_of(set.keys_, same)) return refuse("has the kid and alg of another key");
    set.keys_.push_back(std::move(*key));
  }
  return set;
}

bool KeySet::verify(JwsAlgorithm algorithm, std::string_view kid, std::string_view input,
                    std::string_view signature) const {
  return std::ranges::any_of(keys_, [&](const VerifyKey& key) {
    return serves(key, algorithm, kid) && key.verify(input, signature);
  });
}

bool KeySet::has_key(JwsAlgorithm algorithm, std::string_view kid) const {
  return std::ranges::any_of(keys_,
                             [&](const VerifyKey& key) { return serves(key, algorithm, kid); });
}

}  // namespace tidewire
