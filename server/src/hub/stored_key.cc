#include "hub/stored_key.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace tidewire {
namespace {

constexpr std::string_view kStream = "stream ";
constexpr std::string_view kNumber = "seq ";
constexpr std::string_view kKey = "key ";

/// What a client chose must not look like what the server writes beside it.
std::string client_key(std::string_view key) {
  const bool looks_like_one =
      key.starts_with(kStream) || key.starts_with(kNumber) || key.starts_with(kKey);
  return std::string(looks_like_one ? kKey : "").append(key);
}

/// Takes a word and the space behind it off the front of `text`.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string key_of(const PublishRequest& request) {
  if (!request.message_id.empty())
    return std::string(kStream) + std::to_string(request.generation) + ' ' +
           std::to_string(request.index) + ' ' +
           std::string(to_name(request.complete ? StreamEnd::complete : StreamEnd::interrupted)) +
           ' ' + std::string(request.message_id);
  if (!request.key.empty() || request.seq == 0) return client_key(request.key);
  return std::string(kNumber) + std::to_string(request.seq) + ' ' + std::string(request.session_id);
}

std::optional<EndedStream> ended_stream(const StoredKey& stored) {
  std::string_view rest = stored.key;
  if (!rest.starts_with(kStream)) return std::nullopt;
  rest.remove_prefix(kStream.size());
  const auto generation = number(take_word(rest));
  const auto pieces = number(take_word(rest));
  const std::string_view end = take_word(rest);
  if (!generation || !pieces || rest.empty()) return std::nullopt;
  return EndedStream{
      .message_id = std::string(rest),
      .producer = stored.user_id,
      .generation = *generation,
      .pieces = *pieces,
      .end = end == to_name(StreamEnd::interrupted) ? StreamEnd::interrupted : StreamEnd::complete};
}

}  // namespace tidewire
