#include "ws/deflate_offer.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tidewire::ws {
namespace {

const DeflateConfig kPlain{.server_no_context_takeover = false,
                           .client_no_context_takeover = false};

/// The response to one header; "none" when nothing was agreed, "malformed" for broken grammar.
std::string answer(std::string_view header, const DeflateConfig& config = kPlain) {
  const auto result = negotiate_deflate(std::span(&header, 1), config);
  if (!result) return "malformed";
  EXPECT_EQ(result->params.has_value(), !result->response.empty());
  return result->response.empty() ? "none" : result->response;
}

TEST(DeflateOffer, APlainOfferIsAccepted) {
  EXPECT_EQ(answer("permessage-deflate"), "permessage-deflate");
}

TEST(DeflateOffer, WhatTheServerPrefersIsAddedToTheResponse) {
  EXPECT_EQ(answer("permessage-deflate", {}),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(answer("permessage-deflate", {.enabled = false}), "none");
}

TEST(DeflateOffer, NoContextTakeoverIsEchoedWhenOffered) {
  EXPECT_EQ(answer("permessage-deflate; server_no_context_takeover"),
            "permessage-deflate; server_no_context_takeover");
  EXPECT_EQ(answer("permessage-deflate; client_no_context_takeover"),
            "permessage-deflate; client_no_context_takeover");
}

TEST(DeflateOffer, OurWindowIsAtMostTheOffered) {
  for (int bits = 9; bits <= 15; ++bits) {
    const std::string parameter = "; server_max_window_bits=" + std::to_string(bits);
    EXPECT_EQ(answer("permessage-deflate" + parameter), "permessage-deflate" + parameter);
  }
  DeflateConfig small = kPlain;
  small.server_max_window_bits = 11;
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=14", small),
            "permessage-deflate; server_max_window_bits=11");
  EXPECT_EQ(answer("permessage-deflate", small), "permessage-deflate; server_max_window_bits=11");
}

TEST(DeflateOffer, AWindowOfEightBitsFromUsIsDeclinedBecauseZlibCannotWriteIt) {
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=8"), "none");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=8, permessage-deflate"),
            "permessage-deflate");
}

TEST(DeflateOffer, TheClientsWindowIsLimitedOnlyIfItOfferedTheParameter) {
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits"), "permessage-deflate");
  for (int bits = 8; bits <= 15; ++bits) {
    const std::string parameter = "; client_max_window_bits=" + std::to_string(bits);
    EXPECT_EQ(answer("permessage-deflate" + parameter), "permessage-deflate" + parameter);
  }
  DeflateConfig small = kPlain;
  small.client_max_window_bits = 10;
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits", small),
            "permessage-deflate; client_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits=9", small),
            "permessage-deflate; client_max_window_bits=9");
  const std::string_view silent = "permessage-deflate";
  const auto result = negotiate_deflate(std::span(&silent, 1), small);
  EXPECT_EQ(result->params->client_max_window_bits, 15) << "it may use all of it";
}

TEST(DeflateOffer, InvalidUnknownAndRepeatedParametersDeclineTheirOfferOnly) {
  for (const std::string_view parameter : {"unknown",
                                           "unknown=1",
                                           "server_no_context_takeover=1",
                                           "client_no_context_takeover=true",
                                           "server_max_window_bits",
                                           "server_max_window_bits=7",
                                           "server_max_window_bits=16",
                                           "server_max_window_bits=09",
                                           "server_max_window_bits=015",
                                           "server_max_window_bits=+9",
                                           "server_max_window_bits=1e1",
                                           "server_max_window_bits=99999999999999999999",
                                           "client_max_window_bits=7",
                                           "client_max_window_bits=16",
                                           "client_max_window_bits=08",
                                           "client_max_window_bits=x",
                                           "Server_No_Context_Takeover",
                                           "server_no_context_takeover; server_no_context_takeover",
                                           "server_max_window_bits=10; server_max_window_bits=10",
                                           "client_max_window_bits; client_max_window_bits"}) {
    const std::string offer = "permessage-deflate; " + std::string(parameter);
    EXPECT_EQ(answer(offer), "none") << offer;
    EXPECT_EQ(answer(offer + ", permessage-deflate; server_no_context_takeover"),
              "permessage-deflate; server_no_context_takeover")
        << offer;
  }
}

TEST(DeflateOffer, OtherExtensionsAreIgnored) {
  EXPECT_EQ(answer("x-webkit-deflate-frame, foo; bar=\"baz\""), "none");
  EXPECT_EQ(answer("foo, permessage-deflate, bar"), "permessage-deflate");
  EXPECT_EQ(answer("permessage-bzip2; level=9"), "none");
}

TEST(DeflateOffer, TheFirstAcceptableOfSeveralHeadersWins) {
  const std::vector<std::string_view> headers{"permessage-deflate; nonsense",
                                              "permessage-deflate; server_max_window_bits=10",
                                              "permessage-deflate"};
  EXPECT_EQ(negotiate_deflate(headers, kPlain)->response,
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_FALSE(negotiate_deflate({}, kPlain)->params) << "nothing offered, nothing agreed";
}

TEST(DeflateOffer, QuotedValuesAndSpaceAreRead) {
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=\"10\""),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=\"\\1\\0\""),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer(" , permessage-deflate ;\tserver_max_window_bits = 10 ,, "),
            "permessage-deflate; server_max_window_bits=10");
}

TEST(DeflateOffer, BrokenGrammarIsAnError) {
  for (const std::string_view header : {"",
                                        " ",
                                        ",",
                                        ";",
                                        "permessage-deflate;",
                                        "permessage-deflate; ;",
                                        "permessage-deflate; =",
                                        "permessage-deflate; a=",
                                        "permessage-deflate; a=\"",
                                        "permessage-deflate; a=\"\"",
                                        "permessage-deflate; a=\"x",
                                        "permessage-deflate; a=\"x\\",
                                        "permessage-deflate; a=\"x y\"",
                                        "permessage-deflate; a=\"x\"y",
                                        "permessage-deflate permessage-deflate",
                                        "a/b",
                                        "\"a\"",
                                        "permessage-deflate, \x01",
                                        "permessage-deflate; a=b=c",
                                        "f\xC3\xBC"})
    EXPECT_EQ(answer(header), "malformed") << header;
  EXPECT_EQ(answer("permessage-deflate, a b"), "malformed") << "even after an acceptable offer";
}

TEST(DeflateOffer, AMillionParametersAreReadOnce) {
  std::string header = "permessage-deflate";
  for (int i = 0; i < 1'000'000; ++i) header += ";a";
  EXPECT_EQ(answer(header), "none");
  EXPECT_EQ(answer(std::string(1'000'000, ',') + "permessage-deflate"), "permessage-deflate");
}

}  // namespace
}  // namespace tidewire::ws
