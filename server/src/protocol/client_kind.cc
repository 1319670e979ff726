#include "protocol/client_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tidewire {
namespace {

struct Hint {
  std::string_view word;  // lower case
  ClientKind kind;
};

constexpr std::array kNameWords = {
    Hint{"web", ClientKind::web},        Hint{"browser", ClientKind::web},
    Hint{"mobile", ClientKind::mobile},  Hint{"ios", ClientKind::mobile},
    Hint{"android", ClientKind::mobile}, Hint{"server", ClientKind::server},
    Hint{"backend", ClientKind::server}, Hint{"agent", ClientKind::agent},
    Hint{"cli", ClientKind::cli},
};

/// In order: the first that occurs decides. A phone's browser also says Mozilla.
constexpr std::array kUserAgentParts = {
    Hint{"iphone", ClientKind::mobile},  Hint{"ipad", ClientKind::mobile},
    Hint{"android", ClientKind::mobile}, Hint{"mobile", ClientKind::mobile},
    Hint{"okhttp", ClientKind::mobile},  Hint{"cfnetwork", ClientKind::mobile},
    Hint{"dart", ClientKind::mobile},    Hint{"mozilla", ClientKind::web},
    Hint{"curl", ClientKind::cli},       Hint{"wget", ClientKind::cli},
    Hint{"websocat", ClientKind::cli},   Hint{"wscat", ClientKind::cli},
    Hint{"httpie", ClientKind::cli},     Hint{"python", ClientKind::server},
    Hint{"aiohttp", ClientKind::server}, Hint{"node", ClientKind::server},
    Hint{"undici", ClientKind::server},  Hint{"bun/", ClientKind::server},
    Hint{"deno", ClientKind::server},    Hint{"go-http", ClientKind::server},
    Hint{"java", ClientKind::server},    Hint{"reqwest", ClientKind::server},
    Hint{"ruby", ClientKind::server},    Hint{"php", ClientKind::server},
    Hint{"dotnet", ClientKind::server},
};

/// How a browser's User-Agent names it; the more special first, since each claims to be the others.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kBrowsers = {{
    {"Edg/", "edge"},
    {"Firefox/", "firefox"},
    {"Chrome/", "chrome"},
    {"Version/", "safari"},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string sanitised(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool allowed =
        byte < 0x80 && (std::isalnum(byte) != 0 || c == '.' || c == '_' || c == '+' || c == '-');
    if (allowed && out.size() < bytes_max) out += c;
  }
  return out;
}

/// Splits "name/version rest" and cleans both.
void read_product(std::string_view product, ClientInfo& info) {
  product = product.substr(0, product.find(' '));
  const auto slash = product.find('/');
  info.name = sanitised(product.substr(0, slash), kClientNameMax);
  if (slash != std::string_view::npos)
    info.version = sanitised(product.substr(slash + 1), kClientVersionMax);
}

ClientKind kind_of_name(std::string_view name) {
  const std::string text = lower(name);
  std::size_t start = 0;
  while (start <= text.size()) {
    const auto end = std::min(text.find_first_of("-_.+", start), text.size());
    const auto word = std::string_view(text).substr(start, end - start);
    const auto hint = std::ranges::find(kNameWords, word, &Hint::word);
    if (hint != kNameWords.end()) return hint->kind;
    start = end + 1;
  }
  return ClientKind::unknown;
}

ClientKind kind_of_user_agent(std::string_view user_agent) {
  const std::string text = lower(user_agent.substr(0, 512));
  for (const Hint& hint : kUserAgentParts)
    if (text.find(hint.word) != std::string::npos) return hint.kind;
  return ClientKind::unknown;
}

void read_user_agent(std::string_view user_agent, ClientInfo& info) {
  if (!user_agent.starts_with("Mozilla/")) return read_product(user_agent, info);
  for (const auto& [mark, name] : kBrowsers) {
    const auto found = user_agent.find(mark);
    if (found == std::string_view::npos) continue;
    read_product(user_agent.substr(found), info);
    info.name = name;
    return;
  }
}

}  // namespace

std::string ClientInfo::label() const {
  if (name.empty()) return std::string(to_name(kind));
  return version.empty() ? name : name + "/" + version;
}

ClientInfo detect_client(std::string_view declared, std::string_view user_agent) {
  ClientInfo info;
  read_product(declared, info);
  info.kind = kind_of_name(info.name);
  if (info.kind == ClientKind::unknown) info.kind = kind_of_user_agent(user_agent);
  if (info.name.empty()) read_user_agent(user_agent, info);
  return info;
}

}  // namespace tidewire
