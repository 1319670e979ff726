#include "http/request.h"

#include <algorithm>

namespace tidewire::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool same_token(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const Header& header : headers)
    if (same_token(header.name, name)) return header.value;
  return std::nullopt;
}

std::size_t Request::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [name](const Header& header) { return same_token(header.name, name); }));
}

std::string Request::joined(std::string_view name) const {
  std::string all;
  for (const Header& header : headers) {
    if (!same_token(header.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += header.value;
  }
  return all;
}

}  // namespace tidewire::http
