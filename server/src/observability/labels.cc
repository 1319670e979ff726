#include "observability/labels.h"

#include <algorithm>
#include <charconv>

namespace tidewire {
namespace {

/// The label whose text is `text`, else the last of the set.
template <typename Label>
Label find_label(std::string_view text) {
  constexpr auto& values = LabelValues<Label>::text;
  const auto found = std::find(values.begin(), values.end() - 1, text);
  return static_cast<Label>(found - values.begin());
}

}  // namespace

TypeLabel type_label(std::string_view type) {
  if (type.starts_with("rpc")) return TypeLabel::rpc;
  if (type.starts_with("state_")) return TypeLabel::state;
  return find_label<TypeLabel>(type);
}

CloseLabel close_label(std::uint16_t code) {
  if (code == 0 || code == 1005 || code == 1006) return find_label<CloseLabel>("none");
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), code).ptr;
  const auto label = find_label<CloseLabel>({digits.begin(), end});
  const bool known = label != find_label<CloseLabel>("other");
  if (known || code < 3000 || code > 4999) return label;
  return find_label<CloseLabel>("application");
}

EndpointLabel endpoint_label(std::string_view name) {
  return find_label<EndpointLabel>(name.substr(0, name.find('/')));
}

StatusLabel status_label(unsigned http_status) {
  if (http_status < 300) return StatusLabel::success;
  if (http_status < 400) return StatusLabel::redirect;
  return http_status < 500 ? StatusLabel::client_error : StatusLabel::server_error;
}

}  // namespace tidewire
