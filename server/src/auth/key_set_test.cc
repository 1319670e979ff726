#include "auth/key_set.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "auth/authenticator.h"
#include "auth/token_minter.h"

namespace tidewire::key_set_test {
namespace {

using ::testing::HasSubstr;

constexpr WallMillis kNow = 1'750'000'000'000;
const std::string kSecret(64, 's');

struct PemPair {
  std::string private_pem, public_pem;
};

PemPair pems_of(EVP_PKEY* raw) {
  const OpensslPtr<EVP_PKEY> key(raw);
  const OpensslPtr<BIO> secret(BIO_new(BIO_s_mem()));
  const OpensslPtr<BIO> open(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_PUBKEY(open.get(), key.get());
  const auto text = [](BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
  };
  return {text(secret.get()), text(open.get())};
}

PemPair rsa_pair(std::size_t bits) {
  return pems_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}
PemPair ec_pair(const char* curve) {
  return pems_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
}
PemPair ed25519_pair() { return pems_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

PemPair pair_for(JwsAlgorithm algorithm) {
  static const PemPair rsa = rsa_pair(2048);
  switch (family_of(algorithm)) {
    case JwsFamily::hmac:
      return {kSecret, kSecret};
    case JwsFamily::rsa_pkcs1:
    case JwsFamily::rsa_pss:
      return rsa;
    case JwsFamily::ecdsa:
      return ec_pair(algorithm == JwsAlgorithm::es256 ? "P-256" : "P-384");
    case JwsFamily::ed25519:
      return ed25519_pair();
  }
  return {};
}

constexpr std::array kAlgorithms{JwsAlgorithm::hs256, JwsAlgorithm::hs384, JwsAlgorithm::hs512,
                                 JwsAlgorithm::rs256, JwsAlgorithm::rs384, JwsAlgorithm::rs512,
                                 JwsAlgorithm::ps256, JwsAlgorithm::ps384, JwsAlgorithm::ps512,
                                 JwsAlgorithm::es256, JwsAlgorithm::es384, JwsAlgorithm::eddsa};

KeyConfig verify_config(JwsAlgorithm algorithm, const PemPair& pair, std::string kid = {}) {
  KeyConfig config{.alg = std::string(to_name(algorithm)), .kid = std::move(kid)};
  (family_of(algorithm) == JwsFamily::hmac ? config.secret : config.pem) = pair.public_pem;
  return config;
}

std::string mint(const std::string& alg, const std::string& kid, const std::string& material) {
  auto minter = TokenMinter::build({.alg = alg, .kid = kid, .material = material});
  EXPECT_TRUE(minter) << minter.error();
  return *minter->mint({.user_id = "ada", .expires_at_s = kNow / 1000 + 60});
}

std::string fault_of(KeyConfig config) {
  auto set = KeySet::build(std::array{std::move(config)});
  return set ? "" : set.error();
}

Authenticator authenticator(std::span<const KeyConfig> configs) {
  auto keys = KeySet::build(configs);
  EXPECT_TRUE(keys) << keys.error();
  return {std::move(*keys), {}};
}

TEST(KeySet, VerifiesATokenOfEveryAlgorithmWithFreshKeys) {
  for (const JwsAlgorithm algorithm : kAlgorithms) {
    const PemPair pair = pair_for(algorithm);
    const auto auth = authenticator(std::array{verify_config(algorithm, pair)});
    for (int i = 0; i < 5; ++i) {
      const auto claims =
          auth.authenticate(mint(std::string(to_name(algorithm)), "", pair.private_pem), kNow);
      ASSERT_TRUE(claims) << to_name(algorithm) << ": " << claims.error().message;
      EXPECT_EQ(claims->user_id, "ada");
    }
  }
}

TEST(KeySet, AKeyVerifiesOnlyTheAlgorithmItIsPinnedTo) {
  for (const JwsAlgorithm pinned : kAlgorithms) {
    const PemPair pair = pair_for(pinned);
    const auto auth = authenticator(std::array{verify_config(pinned, pair)});
    for (const JwsAlgorithm used : kAlgorithms) {
      if (used == pinned || family_of(used) == JwsFamily::ed25519) continue;
      const bool same_material = pair.private_pem == pair_for(used).private_pem;
      const std::string token = mint(std::string(to_name(used)), "",
                                     same_material ? pair.private_pem : pair_for(used).private_pem);
      EXPECT_FALSE(auth.authenticate(token, kNow)) << to_name(pinned) << " took " << to_name(used);
    }
  }
}

TEST(KeySet, OldAndNewKeysServeTogetherWhileTheyRotate) {
  const std::string old_key(32, 'o'), new_key(32, 'n');
  const auto auth =
      authenticator(std::array{KeyConfig{.alg = "HS256", .kid = "2024", .secret = old_key},
                               KeyConfig{.alg = "HS256", .kid = "2025", .secret = new_key}});
  EXPECT_TRUE(auth.authenticate(mint("HS256", "2024", old_key), kNow));
  EXPECT_TRUE(auth.authenticate(mint("HS256", "2025", new_key), kNow));
  EXPECT_TRUE(auth.authenticate(mint("HS256", "", old_key), kNow));
  EXPECT_TRUE(auth.authenticate(mint("HS256", "", new_key), kNow));
  EXPECT_FALSE(auth.authenticate(mint("HS256", "2025", old_key), kNow));
  EXPECT_FALSE(auth.authenticate(mint("HS256", "2026", new_key), kNow));
}

TEST(KeySet, AKeyWithoutKidServesAnyKid) {
  const auto auth = authenticator(std::array{KeyConfig{.alg = "HS256", .secret = kSecret}});
  EXPECT_TRUE(auth.authenticate(mint("HS256", "whatever", kSecret), kNow));
  EXPECT_TRUE(auth.authenticate(mint("HS256", "", kSecret), kNow));
}

TEST(KeySet, SecretsAreAtLeastAsLongAsTheDigest) {
  for (const auto& [alg, least] : {std::pair{"HS256", 32}, {"HS384", 48}, {"HS512", 64}}) {
    EXPECT_EQ(fault_of({.alg = alg, .secret = std::string(static_cast<std::size_t>(least), 'x')}),
              "");
    const auto fault = fault_of(
        {.alg = alg, .kid = "k1", .secret = std::string(static_cast<std::size_t>(least) - 1, 'x')});
    EXPECT_EQ(fault, "key 0 (kid k1) needs a secret of at least " + std::to_string(least) +
                         " bytes, has " + std::to_string(least - 1));
  }
}

TEST(KeySet, RefusesKeysThatDoNotFitTheirAlgorithm) {
  const PemPair rsa = rsa_pair(2048), small = rsa_pair(1024), p256 = ec_pair("P-256"),
                ed = ed25519_pair();
  EXPECT_THAT(fault_of({.alg = "RS256", .pem = small.public_pem}),
              HasSubstr("at least 2048 bits, has 1024"));
  EXPECT_THAT(fault_of({.alg = "RS256", .pem = p256.public_pem}), HasSubstr("needs an RSA key"));
  EXPECT_THAT(fault_of({.alg = "ES256", .pem = rsa.public_pem}), HasSubstr("P-256"));
  EXPECT_THAT(fault_of({.alg = "ES384", .pem = p256.public_pem}), HasSubstr("P-384"));
  EXPECT_THAT(fault_of({.alg = "EdDSA", .pem = p256.public_pem}), HasSubstr("Ed25519"));
  EXPECT_THAT(fault_of({.alg = "ES256", .pem = ed.public_pem}), HasSubstr("P-256"));
  EXPECT_THAT(fault_of({.alg = "HS256", .secret = rsa.public_pem}), HasSubstr("use pem"));
  EXPECT_THAT(fault_of({.alg = "RS256", .pem = rsa.private_pem}), HasSubstr("private key"));
  EXPECT_THAT(fault_of({.alg = "RS256", .pem = rsa.public_pem + rsa.public_pem}),
              HasSubstr("more than one PEM block"));
  EXPECT_THAT(fault_of({.alg = "RS256", .pem = "hello"}),
              HasSubstr("is not a public key in PEM form"));
}

TEST(KeySet, RefusesEd25519KeysOfSmallOrder) {
  for (const unsigned char first : {0x00, 0x01}) {
    std::array<unsigned char, 32> point{first};
    const PemPair pair = [&] {
      const OpensslPtr<EVP_PKEY> key(
          EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.data(), point.size()));
      const OpensslPtr<BIO> open(BIO_new(BIO_s_mem()));
      PEM_write_bio_PUBKEY(open.get(), key.get());
      char* bytes = nullptr;
      const long size = BIO_get_mem_data(open.get(), &bytes);
      return PemPair{{}, std::string(bytes, static_cast<std::size_t>(size))};
    }();
    EXPECT_THAT(fault_of({.alg = "EdDSA", .pem = pair.public_pem}), HasSubstr("small order"));
  }
}

TEST(KeySet, RefusesUnknownAlgorithmsAndUnclearSources) {
  for (const char* alg : {"none", "None", "", "hs256", "ES512", "RSA"})
    EXPECT_THAT(fault_of({.alg = alg, .secret = kSecret}), HasSubstr("needs alg to be one of"));
  EXPECT_THAT(fault_of({.alg = "HS256"}), HasSubstr("needs secret or secret_file"));
  EXPECT_THAT(fault_of({.alg = "RS256"}), HasSubstr("needs pem or pem_file"));
  EXPECT_THAT(fault_of({.alg = "HS256", .secret = kSecret, .pem = "x"}),
              HasSubstr("more than one of"));
  EXPECT_THAT(fault_of({.alg = "HS256", .kid = "../etc", .secret = kSecret}),
              HasSubstr("needs a kid"));
  EXPECT_THAT(fault_of({.alg = "RS256", .pem_file = "/nonexistent/key.pem"}),
              HasSubstr("cannot read file /nonexistent/key.pem"));
}

TEST(KeySet, RefusesTwoKeysOfOneKidAndAlgAndTooMany) {
  const KeyConfig key{.alg = "HS256", .kid = "a", .secret = kSecret};
  EXPECT_EQ(KeySet::build(std::array{key, key}).error(),
            "key 1 (kid a) has the kid and alg of another key");
  std::vector<KeyConfig> many(KeySet::kKeysPerAlgorithmMax, {.alg = "HS256", .secret = kSecret});
  EXPECT_TRUE(KeySet::build(many));
  many.push_back(many.back());
  EXPECT_THAT(KeySet::build(many).error(), HasSubstr("one more than the 8 allowed"));
}

TEST(KeySet, FaultsNeverHoldTheSecret) {
  const std::string secret = "hunter2-hunter2";
  EXPECT_EQ(fault_of({.alg = "HS256", .secret = secret}).find("hunter2"), std::string::npos);
  EXPECT_EQ(fault_of({.alg = "RS256", .pem = secret}).find("hunter2"), std::string::npos);
}

TEST(KeySet, ReadsKeysFromFilesWithoutTheLastLineBreak) {
  const auto path =
      std::filesystem::temp_directory_path() / ("tidewire-key-" + std::to_string(::getpid()));
  std::ofstream(path) << kSecret << '\n';
  const auto auth =
      authenticator(std::array{KeyConfig{.alg = "HS256", .secret_file = path.string()}});
  std::filesystem::remove(path);
  EXPECT_TRUE(auth.authenticate(mint("HS256", "", kSecret), kNow));
}

TEST(KeySet, AFailedVerificationLeavesNoOpensslErrorForTlsToFind) {
  ERR_clear_error();
  for (const JwsAlgorithm algorithm : kAlgorithms) {
    const PemPair pair = pair_for(algorithm);
    const auto auth = authenticator(std::array{verify_config(algorithm, pair)});
    std::string token = mint(std::string(to_name(algorithm)), "", pair.private_pem);
    token[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(auth.authenticate(token, kNow));
    EXPECT_EQ(ERR_peek_error(), 0U) << to_name(algorithm);
  }
}

TEST(KeySet, VerifiesOnSeveralThreadsAtOnce) {
  const PemPair ed = ed25519_pair();
  const auto auth = authenticator(std::array{KeyConfig{.alg = "HS256", .secret = kSecret},
                                             KeyConfig{.alg = "EdDSA", .pem = ed.public_pem}});
  const std::string mac = mint("HS256", "", kSecret), signature = mint("EdDSA", "", ed.private_pem);
  std::array<int, 4> accepted{};
  {
    std::vector<std::jthread> threads;
    for (int& count : accepted)
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i)
          count += auth.authenticate(mac, kNow).has_value() +
                   auth.authenticate(signature, kNow).has_value();
      });
  }
  for (const int count : accepted) EXPECT_EQ(count, 100);
}

}  // namespace
}  // namespace tidewire::key_set_test
