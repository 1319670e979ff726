#include "auth/token_source.h"

#include <algorithm>

namespace tidewire {
namespace {

std::unexpected<Error> refuse(const char* why) { return fail(ErrorCode::unauthorized, why); }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The part of `rest` before `separator`; `rest` moves past it.
std::string_view next_item(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto item = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return item;
}

bool is_bearer(std::string_view scheme) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(scheme, std::string_view("bearer"), {}, lower);
}

std::expected<FoundToken, Error> from_authorization(std::span<const std::string_view> values) {
  if (values.empty()) return FoundToken{};
  if (values.size() > 1) return refuse("more than one Authorization header");
  const auto value = trimmed(values.front());
  const auto space = value.find(' ');
  if (!is_bearer(value.substr(0, space))) return refuse("Authorization is not 'Bearer <token>'");
  const auto token = space == value.npos ? std::string_view{} : trimmed(value.substr(space));
  if (token.empty()) return refuse("Authorization: Bearer without a token");
  if (std::ranges::any_of(token, is_blank)) return refuse("Authorization has text after the token");
  return FoundToken{token, TokenPlace::authorization};
}

std::expected<FoundToken, Error> from_subprotocols(std::span<const std::string_view> values) {
  FoundToken found;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      const auto item = trimmed(next_item(rest, ','));
      if (!item.starts_with(kTokenSubprotocolPrefix)) continue;
      if (found.place != TokenPlace::none)
        return refuse("more than one subprotocol tidewire.token");
      found = {item.substr(kTokenSubprotocolPrefix.size()), TokenPlace::subprotocol};
      if (found.token.empty()) return refuse("subprotocol tidewire.token without a token");
    }
  }
  return found;
}

/// A JWT's characters need no percent escapes, so the value is taken as it stands.
std::expected<FoundToken, Error> from_query(std::string_view rest) {
  constexpr std::string_view kName = "token=";
  FoundToken found;
  while (!rest.empty()) {
    const auto item = next_item(rest, '&');
    if (!item.starts_with(kName)) continue;
    if (found.place != TokenPlace::none) return refuse("more than one token in the query");
    found = {item.substr(kName.size()), TokenPlace::query};
    if (found.token.empty()) return refuse("the query's token is empty");
  }
  return found;
}

}  // namespace

std::expected<FoundToken, Error> find_token(const TokenRequest& request) {
  auto found = from_authorization(request.authorization);
  if (found && found->place == TokenPlace::none) found = from_subprotocols(request.subprotocols);
  if (found && found->place == TokenPlace::none && request.allow_query_token)
    found = from_query(request.query);
  return found;
}

}  // namespace tidewire
