#include "protocol/channel_name.h"

#include <algorithm>

namespace tidewire {
namespace {

bool is_channel_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == ':' || c == '@' || c == '-';
}

}  // namespace

std::expected<ChannelName, Error> ChannelName::parse(std::string_view text) {
  const auto refuse = [](const char* why) {
    return fail(ErrorCode::invalid_channel, why, "/channel");
  };
  if (text.empty()) return refuse("a channel is needed");
  if (text.size() > kBytesMax) return refuse("a channel has at most 255 bytes");
  if (!std::ranges::all_of(text, is_channel_byte))
    return refuse("a channel consists of letters, digits and _ . : @ -");
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return refuse("a channel is namespace:rest");
  if (colon == 0) return refuse("a channel's namespace is not empty");
  if (colon + 1 == text.size()) return refuse("a channel's name after the namespace is not empty");
  return ChannelName(text, colon);
}

}  // namespace tidewire
