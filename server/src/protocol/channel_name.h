#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "protocol/error.h"

namespace tidewire {

/// A channel's checked name: `namespace:rest`, at most 255 bytes of [A-Za-z0-9_.:@-]. The namespace
/// ends at the first colon; neither part is empty; the rest may hold further colons.
///
/// A view: it lives as long as the text it was parsed from. Whoever keeps a name keeps its str().
class ChannelName {
 public:
  static constexpr std::size_t kBytesMax = 255;

  /// Error: invalid_channel with path `/channel`.
  [[nodiscard]] static std::expected<ChannelName, Error> parse(std::string_view text);

  [[nodiscard]] std::string_view str() const { return text_; }
  [[nodiscard]] std::string_view name_space() const { return text_.substr(0, colon_); }
  [[nodiscard]] std::string_view rest() const { return text_.substr(colon_ + 1); }

  friend bool operator==(const ChannelName& a, const ChannelName& b) { return a.text_ == b.text_; }

 private:
  ChannelName(std::string_view text, std::size_t colon) : text_(text), colon_(colon) {}

  std::string_view text_;
  std::size_t colon_;
};

}  // namespace tidewire
