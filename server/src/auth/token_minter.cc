#include "auth/token_minter.h"

#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/err.h>
#include <openssl/hmac.h>

#include "auth/jwt.h"
#include "auth/key_rules.h"
#include "base/base64.h"

namespace tidewire {
namespace {

using Json = nlohmann::ordered_json;

std::string mac_of(JwsAlgorithm algorithm, std::string_view secret, std::string_view input) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, digest_name(algorithm), nullptr, secret.data(),
                secret.size(), bytes_of(input), input.size(),
                reinterpret_cast<unsigned char*>(mac.data()), mac.size(), &size) == nullptr)
    return {};
  mac.resize(size);
  return mac;
}

/// DER to r||s of `width` bytes each (RFC 7518 section 3.4).
std::string raw_from_der(std::string_view der, std::size_t width) {
  const unsigned char* in = bytes_of(der);
  const OpensslPtr<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  if (!signature) return {};
  std::string raw(2 * width, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  const int half = static_cast<int>(width);
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, half);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + width, half);
  return raw;
}

std::string signature_of(JwsAlgorithm algorithm, EVP_PKEY* key, std::string_view input) {
  const OpensslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context || !init_signature(context.get(), algorithm, key, SignatureUse::sign) ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(input), input.size()) != 1)
    return {};
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(input), input.size()) != 1)
    return {};
  signature.resize(size);
  return family_of(algorithm) == JwsFamily::ecdsa ? raw_from_der(signature, digest_bytes(algorithm))
                                                  : signature;
}

Json rules_json(const std::vector<ChannelRule>& rules) {
  Json list = Json::array();
  for (const ChannelRule& rule : rules) {
    Json allow = Json::array();
    for (std::size_t i = 0; i < kPermissionCount; ++i)
      if (const auto permission = static_cast<Permission>(i); rule.allow.contains(permission))
        allow.push_back(to_name(permission));
    list.push_back({{"match", rule.match + (rule.prefix ? "*" : "")}, {"allow", std::move(allow)}});
  }
  return list;
}

std::expected<Json, std::string> object_of(const std::string& text, const char* name) {
  auto value = Json::parse(text, nullptr, false);
  if (!value.is_object()) return std::unexpected(std::string(name) + " is not a JSON object");
  return value;
}

}  // namespace

std::expected<TokenMinter, std::string> TokenMinter::build(SigningKeyConfig config) {
  const auto algorithm = jws_algorithm_from_name(config.alg);
  if (!algorithm) return std::unexpected("the signing key has an unknown alg");
  if (!config.kid.empty() && !is_kid(config.kid))
    return std::unexpected("the signing key needs a kid of at most 128 of [A-Za-z0-9._-]");
  TokenMinter minter;
  minter.algorithm_ = *algorithm;
  minter.kid_ = std::move(config.kid);
  if (family_of(*algorithm) == JwsFamily::hmac) {
    if (auto fault = secret_fault(*algorithm, config.material); !fault.empty())
      return std::unexpected("the signing key " + fault);
    minter.secret_ = std::move(config.material);
    return minter;
  }
  auto key = read_private_key(*algorithm, config.material);
  if (!key) return std::unexpected("the signing key " + key.error());
  minter.key_ = std::move(*key);
  return minter;
}

std::expected<std::string, std::string> TokenMinter::mint(const TokenSpec& spec) const {
  Json header{{"alg", to_name(algorithm_)}, {"typ", "JWT"}};
  if (!kid_.empty()) header["kid"] = kid_;
  Json claims{{"sub", spec.user_id}, {"exp", spec.expires_at_s}};
  if (spec.issued_at_s != 0) claims["iat"] = spec.issued_at_s;
  if (!spec.session_id.empty()) claims["sid"] = spec.session_id;
  if (!spec.issuer.empty()) claims["iss"] = spec.issuer;
  if (!spec.audience.empty()) claims["aud"] = spec.audience;
  for (const auto& [name, text] : {std::pair{"info", &spec.info_json}, {"meta", &spec.meta_json}}) {
    if (text->empty()) continue;
    auto value = object_of(*text, name);
    if (!value) return std::unexpected(std::move(value.error()));
    claims[name] = std::move(*value);
  }
  if (!spec.rules.empty()) claims["channels"] = rules_json(spec.rules);
  // Text that is not UTF-8 becomes U+FFFD instead of an exception.
  return sign(header.dump(), claims.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string TokenMinter::sign(std::string_view header_json, std::string_view payload_json) const {
  const std::string input = base64url_encode(header_json) + "." + base64url_encode(payload_json);
  const std::string signature =
      key_ ? signature_of(algorithm_, key_.get(), input) : mac_of(algorithm_, secret_, input);
  ERR_clear_error();
  return input + "." + base64url_encode(signature);
}

}  // namespace tidewire
