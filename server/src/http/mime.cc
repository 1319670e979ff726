#include "http/mime.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/characters.h"
#include "http/request.h"

namespace tidewire::http {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;
constexpr std::array kTypes = {
    Entry{"html", "text/html; charset=utf-8"},
    Entry{"htm", "text/html; charset=utf-8"},
    Entry{"js", "text/javascript; charset=utf-8"},
    Entry{"mjs", "text/javascript; charset=utf-8"},
    Entry{"css", "text/css; charset=utf-8"},
    Entry{"json", "application/json"},
    Entry{"map", "application/json"},
    Entry{"webmanifest", "application/manifest+json"},
    Entry{"txt", "text/plain; charset=utf-8"},
    Entry{"md", "text/markdown; charset=utf-8"},
    Entry{"xml", "application/xml"},
    Entry{"csv", "text/csv; charset=utf-8"},
    Entry{"svg", "image/svg+xml"},
    Entry{"png", "image/png"},
    Entry{"jpg", "image/jpeg"},
    Entry{"jpeg", "image/jpeg"},
    Entry{"gif", "image/gif"},
    Entry{"webp", "image/webp"},
    Entry{"avif", "image/avif"},
    Entry{"ico", "image/x-icon"},
    Entry{"woff", "font/woff"},
    Entry{"woff2", "font/woff2"},
    Entry{"ttf", "font/ttf"},
    Entry{"otf", "font/otf"},
    Entry{"wasm", "application/wasm"},
    Entry{"pdf", "application/pdf"},
    Entry{"mp3", "audio/mpeg"},
    Entry{"ogg", "audio/ogg"},
    Entry{"wav", "audio/wav"},
    Entry{"mp4", "video/mp4"},
    Entry{"webm", "video/webm"},
};

constexpr std::size_t kHashBytesMin = 8;

bool is_hash(std::string_view text) {
  const auto part_of_hash = [](char c) {
    return is_digit(c) || is_alpha(c) || c == '_' || c == '-';
  };
  const auto telling = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); };
  return text.size() >= kHashBytesMin && std::ranges::all_of(text, part_of_hash) &&
         std::ranges::any_of(text, telling);
}

}  // namespace

std::string_view mime_type(std::string_view file_name) {
  const std::size_t dot = file_name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [extension, type] : kTypes)
      if (same_token(file_name.substr(dot + 1), extension)) return type;
  }
  return "application/octet-stream";
}

bool has_content_hash(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  // `app-B3xY90ab.js.map` belongs to a hashed name just as well.
  if (name.ends_with(".map")) name.remove_suffix(4);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  name = name.substr(0, dot);
  if (const std::size_t last_dot = name.rfind('.'); last_dot != std::string_view::npos)
    return is_hash(name.substr(last_dot + 1));
  // Vite's hashes are eight characters that may hold a dash themselves.
  if (name.size() > kHashBytesMin && name[name.size() - kHashBytesMin - 1] == '-')
    return is_hash(name.substr(name.size() - kHashBytesMin));
  const std::size_t dash = name.rfind('-');
  return dash != std::string_view::npos && dash > 0 && is_hash(name.substr(dash + 1));
}

}  // namespace tidewire::http
