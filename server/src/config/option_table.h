#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace tidewire {

/// What kind of value an option takes: how its text is read, checked and written.
enum class OptionKind : std::uint8_t {
  text,
  boolean,
  integer,
  bytes,     // 65536 or "64KiB"
  duration,  // 5000 (milliseconds) or "5s"
  address,   // host:port
  url,       // one of `choices`; `sqlite:<path>` is any that goes on behind the colon
  file,      // path of a readable file
  directory,
  choice,  // one of `choices`
  list,    // of texts
  keys     // auth.keys: a list of tables
};

/// The member of a Config (or NamespaceConfig) that an option sets.
using OptionTarget =
    std::variant<std::string*, bool*, std::uint64_t*, Milliseconds*, DeliveryClass*,
                 OverflowPolicy*, std::vector<std::string>*, std::vector<AuthKeyConfig>*>;

/// One configuration key. The flag, the environment name, the help, `genconfig` and the reference
/// page all come from here; the default comes from the member initialisers of config.h.
struct Option {
  std::string_view path;  // "listen.public"; of a namespace's options the part after its name
  OptionKind kind;
  std::string_view help;  // one sentence
  OptionTarget (*target)(Config&) = nullptr;
  OptionTarget (*namespace_target)(NamespaceConfig&) = nullptr;
  OptionTarget (*backend_target)(RpcBackendConfig&) = nullptr;
  std::uint64_t min = 0;  // of integer, bytes and duration (ms)
  std::uint64_t max = 0;
  std::span<const std::string_view> choices = {};
  bool secret = false;      // never printed
  bool reloadable = false;  // SIGHUP applies it; the others need a restart
  bool zero_is_unlimited = false;
};

/// Every option, in the order of the reference page.
[[nodiscard]] std::span<const Option> option_table();
/// Every option of `namespace.<name>.`, without `schema.<event_type>`.
[[nodiscard]] std::span<const Option> namespace_option_table();
/// Every option of `rpc.<name>.`.
[[nodiscard]] std::span<const Option> backend_option_table();

/// nullptr when there is no such key.
[[nodiscard]] const Option* find_option(std::string_view path);
[[nodiscard]] const Option* find_namespace_option(std::string_view name);
[[nodiscard]] const Option* find_backend_option(std::string_view name);

/// "listen.public" -> "TIDEWIRE_LISTEN_PUBLIC".
[[nodiscard]] std::string environment_name(std::string_view path);

}  // namespace tidewire
