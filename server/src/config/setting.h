#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tidewire {

enum class SourceKind : std::uint8_t { defaults, file, environment, flag };

/// One key with one value as a source gave it, not yet checked.
struct Setting {
  SourceKind source = SourceKind::defaults;
  std::string where;  // "tidewire.toml:3", "TIDEWIRE_SHARDS" or "--shards"
  std::string path;   // "namespace.chat.history_size"
  nlohmann::json value;
  std::filesystem::path base;  // relative paths in the value start here

  /// How a fault about it begins. A flag names its key already.
  [[nodiscard]] std::string prefix() const {
    return source == SourceKind::flag ? where : where + ": " + path;
  }
};

/// One fault, one line. Control characters cannot split it.
using Faults = std::vector<std::string>;

/// Namespace names are 1 to 64 of [A-Za-z0-9_-].
[[nodiscard]] bool is_namespace_name(std::string_view name);

/// A value for a message: in quotes, one line, cut to 60 bytes.
[[nodiscard]] std::string quote_for_fault(std::string_view text);

/// The sources, lowest first. Each appends what it found and the faults of reading it; keys that
/// nobody knows are faults here, with the nearest known one.
void read_file_settings(const std::string& path, std::vector<Setting>& settings, Faults& faults);
void read_environment_settings(std::span<const std::pair<std::string, std::string>> environment,
                               std::vector<Setting>& settings, Faults& faults);
void read_flag_settings(std::span<const std::pair<std::string, std::string>> flags,
                        std::vector<Setting>& settings, Faults& faults);

}  // namespace tidewire
