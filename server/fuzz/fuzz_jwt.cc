// Attacks the authenticator with an oracle that knows every token it may accept. The first byte
// says what the rest is: a token; edits to a valid token; a payload or a header, which the target
// signs, since no fuzzer would guess the MAC and most of the code lies behind it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <openssl/pem.h>

#include "auth/authenticator.h"
#include "auth/token_minter.h"
#include "protocol/channel_name.h"

namespace {

using tidewire::Authenticator;
using tidewire::Claims;
using tidewire::ErrorCode;
using tidewire::OpensslPtr;
using tidewire::TokenMinter;

constexpr tidewire::WallMillis kNow = 1'750'000'000'000;
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view kPayload = R"({"sub":"ada","exp":1750003600})";

void require(bool holds) {
  if (!holds) std::abort();
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

/// One fixed Ed25519 pair, so that a finding can be replayed.
struct Pair {
  std::string private_pem, public_pem;
};
Pair ed25519_pair() {
  std::array<unsigned char, 32> seed{};
  seed.fill(7);
  const OpensslPtr<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  const OpensslPtr<BIO> secret(BIO_new(BIO_s_mem()));
  const OpensslPtr<BIO> open(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_PUBKEY(open.get(), key.get());
  return {text_of(secret.get()), text_of(open.get())};
}

struct World {
  TokenMinter minter;
  Authenticator authenticator;
  std::vector<std::string> valid;  // the only tokens that may be accepted without our signature
};

World make_world() {
  const std::string secret(32, 's');
  const Pair pair = ed25519_pair();
  auto minter = TokenMinter::build({.alg = "HS256", .material = secret});
  auto signer = TokenMinter::build({.alg = "EdDSA", .material = pair.private_pem});
  const std::array<tidewire::KeyConfig, 2> configs{
      {{.alg = "HS256", .secret = secret}, {.alg = "EdDSA", .pem = pair.public_pem}}};
  auto keys = tidewire::KeySet::build(configs);
  require(minter && signer && keys);
  std::vector<std::string> valid{minter->sign(kHeader, kPayload),
                                 signer->sign(R"({"alg":"EdDSA"})", kPayload)};
  return {std::move(*minter), Authenticator(std::move(*keys), {}), std::move(valid)};
}

const World& world() {
  static const World value = make_world();
  return value;
}

void check_claims(const Claims& claims) {
  require(!claims.user_id.empty() && claims.user_id.size() <= tidewire::kUserIdBytesMax);
  require(claims.user_id.find('\n') == std::string::npos);
  require(claims.user_id.find('\0') == std::string::npos);
  require(claims.expires_at_ms + 30'000 > kNow);
  require(nlohmann::json::parse(claims.info_json, nullptr, false).is_object());
  require(nlohmann::json::parse(claims.meta_json, nullptr, false).is_object());
  require(claims.rules.size() <= tidewire::kChannelRulesMax);
  for (const auto& rule : claims.rules) {
    require(rule.match.find('*') == std::string::npos);
    require(rule.prefix || tidewire::ChannelName::parse(rule.match).has_value());
  }
}

bool accepts(std::string_view token) {
  const auto claims = world().authenticator.authenticate(token, kNow);
  if (claims) {
    check_claims(*claims);
    return true;
  }
  const ErrorCode code = claims.error().code;
  require(code == ErrorCode::token_invalid || code == ErrorCode::token_expired);
  require(!claims.error().message.empty() && claims.error().message.size() < 200);
  return false;
}

bool is_valid(std::string_view token) {
  for (const std::string& valid : world().valid)
    if (token == valid) return true;
  return false;
}

/// Pairs of bytes: where to change one of the valid tokens, and by what.
std::string edited(std::string_view edits) {
  std::string token = world().valid[edits.size() % world().valid.size()];
  for (std::size_t i = 0; i + 1 < edits.size(); i += 2) {
    char& at = token[static_cast<unsigned char>(edits[i]) % token.size()];
    at = static_cast<char>(at ^ edits[i + 1]);
  }
  return token;
}

/// A second opinion on a header, by a parser that keeps the last of two names.
bool header_may_pass(std::string_view text) {
  const auto header = nlohmann::json::parse(text, nullptr, false);
  if (!header.is_object() || header.value("alg", nlohmann::json()) != "HS256") return false;
  for (const char* field : {"crit", "b64", "jwk", "jku", "x5u", "x5c", "zip"})
    if (header.contains(field)) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      require(accepts(text) == is_valid(text));
      break;
    case 1: {
      const std::string token = edited(text);
      require(accepts(token) == is_valid(token));
      break;
    }
    case 2:
      (void)accepts(world().minter.sign(kHeader, text));
      break;
    default:
      require(!accepts(world().minter.sign(text, kPayload)) || header_may_pass(text));
      break;
  }
  return 0;
}
