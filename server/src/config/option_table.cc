#include "config/option_table.h"

#include <algorithm>

#include "config/option_rows.h"

namespace tidewire {
namespace {

/// `shards`, which is in no section, comes first: TOML wants it so.
std::vector<Option> all_options() {
  std::vector<Option> all;
  for (const std::span<const Option> part :
       {network_options(), auth_options(), limits_options(), rates_options(), lanes_options(),
        storage_options(), outbound_options(), hook_options(), process_options()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<Option> all_namespace_options() {
  std::vector<Option> all;
  for (const std::span<const Option> part : {namespace_options(), namespace_rates_options()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

std::span<const Option> option_table() {
  static const std::vector<Option> all = all_options();
  return all;
}

std::span<const Option> namespace_option_table() {
  static const std::vector<Option> all = all_namespace_options();
  return all;
}
std::span<const Option> backend_option_table() { return backend_options(); }

const Option* find_option(std::string_view path) {
  const std::span<const Option> options = option_table();
  const auto found = std::ranges::find(options, path, &Option::path);
  return found == options.end() ? nullptr : &*found;
}

const Option* find_namespace_option(std::string_view name) {
  const std::span<const Option> options = namespace_option_table();
  const auto found = std::ranges::find(options, name, &Option::path);
  return found == options.end() ? nullptr : &*found;
}

const Option* find_backend_option(std::string_view name) {
  const std::span<const Option> options = backend_option_table();
  const auto found = std::ranges::find(options, name, &Option::path);
  return found == options.end() ? nullptr : &*found;
}

std::string environment_name(std::string_view path) {
  std::string out = "TIDEWIRE_";
  for (const char c : path) {
    if (c == '.' || c == '-')
      out += '_';
    else
      out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

}  // namespace tidewire
