#pragma once

#include <string>
#include <string_view>

namespace tidewire {

struct Option;

/// A key taken apart. `option` is of the namespace or the backend when one is named; it is nullptr
/// for `namespace.<name>` (a namespace with defaults only) and for a schema, whose event type is
/// then set.
struct KnownKey {
  const Option* option = nullptr;
  std::string name_space;
  std::string backend;  // of `rpc.<name>.`
  std::string event_type;
};

/// The spelling of a file: the path itself.
[[nodiscard]] inline std::string spell_path(std::string_view path) { return std::string(path); }

/// What the key is, or false and in `fault` what is wrong with it: `unknown key; did you mean
/// listen.public?`. `spell` turns a path into what the source calls it ("--listen.public").
[[nodiscard]] bool parse_key(std::string_view path, std::string (*spell)(std::string_view path),
                             KnownKey& key, std::string& fault);

/// The known path nearest to this one.
[[nodiscard]] std::string nearest_key(std::string_view path);

}  // namespace tidewire
