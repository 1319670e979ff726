#pragma once

#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tidewire {

/// The command line cut in two: the flags that are configuration keys (`--listen.public=...`,
/// `--shards 2`, `--debug.echo`), which no table of the parser lists because namespaces have any
/// name, and the rest.
struct SplitArguments {
  std::vector<std::pair<std::string, std::string>> config;  // path, value
  std::vector<std::string> rest;
};

/// A flag with a dot is a configuration key, known or not; so is `--shards`. The value follows `=`
/// or is the next argument; a boolean needs none. Arguments after `--` are left alone.
/// Error: a usage error, one sentence.
[[nodiscard]] std::expected<SplitArguments, std::string> split_arguments(
    std::span<const std::string> arguments);

}  // namespace tidewire
