#include "auth/token_source.h"

#include <vector>

#include <gtest/gtest.h>

namespace tidewire {
namespace {

using Values = std::vector<std::string_view>;

struct Request {
  Values authorization, subprotocols;
  std::string_view query;
  bool allow_query_token = false;
};

std::expected<FoundToken, Error> find(const Request& r) {
  return find_token({r.authorization, r.subprotocols, r.query, r.allow_query_token});
}

void expect_found(const Request& request, std::string_view token, TokenPlace place) {
  const auto found = find(request);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->token, token);
  EXPECT_EQ(found->place, place);
}

TEST(TokenSource, NoTokenIsNotAnError) {
  expect_found({}, "", TokenPlace::none);
  expect_found({.subprotocols = {"tidewire.v1.json"}}, "", TokenPlace::none);
}

TEST(TokenSource, ReadsBearerInAnyCaseAndSpacing) {
  for (const char* value : {"Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c ", " Bearer a.b.c"})
    expect_found({.authorization = {value}}, "a.b.c", TokenPlace::authorization);
}

TEST(TokenSource, ReadsTheOfferedSubprotocol) {
  expect_found({.subprotocols = {"tidewire.v1.json, tidewire.token.a.b.c"}}, "a.b.c",
               TokenPlace::subprotocol);
  expect_found({.subprotocols = {"tidewire.v1.json", "x,\ttidewire.token.a.b.c ,y"}}, "a.b.c",
               TokenPlace::subprotocol);
}

TEST(TokenSource, ReadsTheQueryOnlyWhenAllowed) {
  expect_found({.query = "x=1&token=a.b.c&y"}, "", TokenPlace::none);
  expect_found({.query = "x=1&token=a.b.c&y", .allow_query_token = true}, "a.b.c",
               TokenPlace::query);
  expect_found({.query = "xtoken=a.b.c&TOKEN=d", .allow_query_token = true}, "", TokenPlace::none);
}

TEST(TokenSource, TakesTheFirstPlaceThatHasOne) {
  Request all{{"Bearer one"}, {"tidewire.token.two"}, "token=three", true};
  expect_found(all, "one", TokenPlace::authorization);
  all.authorization.clear();
  expect_found(all, "two", TokenPlace::subprotocol);
  all.subprotocols.clear();
  expect_found(all, "three", TokenPlace::query);
}

TEST(TokenSource, RefusesAmbiguousAndMalformedCredentials) {
  const std::vector<Request> refused{
      {.authorization = {"Bearer a", "Bearer a"}},
      {.authorization = {"Basic dXNlcjpwYXNz"}},
      {.authorization = {""}},
      {.authorization = {"Bearer"}},
      {.authorization = {"Bearer "}},
      {.authorization = {"Bearera.b.c"}},
      {.authorization = {"Bearer a b"}},
      {.authorization = {"Bearer\ta"}},
      {.authorization = {"a.b.c"}},
      {.subprotocols = {"tidewire.token."}},
      {.subprotocols = {"tidewire.token.a, tidewire.token.b"}},
      {.subprotocols = {"tidewire.token.a", "tidewire.token.a"}},
      {.query = "token=", .allow_query_token = true},
      {.query = "token=a&token=b", .allow_query_token = true},
  };
  for (const Request& request : refused) {
    const auto found = find(request);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::unauthorized);
  }
}

TEST(TokenSource, AMalformedHeaderIsNotPassedOverForTheNextPlace) {
  EXPECT_FALSE(find({.authorization = {"Basic x"}, .subprotocols = {"tidewire.token.good"}}));
}

}  // namespace
}  // namespace tidewire
