#include "http/etag.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "http/characters.h"

namespace tidewire::http {
namespace {

/// FNV-1a; an entity tag needs no secrecy, only that different bytes rarely share one.
std::uint64_t fnv(std::string_view text, std::uint64_t hash) {
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  return hash;
}

void append_hex(std::string& text, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(value >> shift) & 15U];
}

/// Cuts the next tag off a list, with its W/ prefix; a comma may stand inside the quotes. Empty at
/// the end, and from the first byte on that is no tag.
std::string_view next_tag(std::string_view& list) {
  while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
  const std::size_t open = list.starts_with("W/") ? 2 : 0;
  if (open >= list.size() || list[open] != '"') return {};
  const std::size_t end = list.find('"', open + 1);
  if (end == std::string_view::npos) return {};
  const std::string_view tag = list.substr(0, end + 1);
  list.remove_prefix(end + 1);
  return tag;
}

std::string_view opaque(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

std::string make_etag(std::string_view identity) {
  std::string etag = "\"";
  append_hex(etag, fnv(identity, 14695981039346656037U));
  return etag += '"';
}

bool lists_etag_weakly(std::string_view list, std::string_view etag) {
  if (trimmed(list) == "*") return true;
  for (std::string_view tag = next_tag(list); !tag.empty(); tag = next_tag(list))
    if (opaque(tag) == opaque(etag)) return true;
  return false;
}

bool lists_etag_strongly(std::string_view list, std::string_view etag) {
  if (trimmed(list) == "*") return true;
  for (std::string_view tag = next_tag(list); !tag.empty(); tag = next_tag(list))
    if (tag == etag && !tag.starts_with("W/")) return true;
  return false;
}

}  // namespace tidewire::http
