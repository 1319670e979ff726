#pragma once

#include <cstdint>
#include <span>

#include "config/option_table.h"

/// The rows of the option table: a file options_<part>.cc for each function below, so that people
/// who add keys to different sections do not meet. For those files and option_table.cc only; a new
/// part is listed in option_table.cc.
namespace tidewire {

[[nodiscard]] std::span<const Option> network_options();
[[nodiscard]] std::span<const Option> auth_options();
[[nodiscard]] std::span<const Option> limits_options();
[[nodiscard]] std::span<const Option> lanes_options();
[[nodiscard]] std::span<const Option> rates_options();
[[nodiscard]] std::span<const Option> storage_options();
[[nodiscard]] std::span<const Option> process_options();
[[nodiscard]] std::span<const Option> outbound_options();
[[nodiscard]] std::span<const Option> hook_options();
[[nodiscard]] std::span<const Option> namespace_options();
[[nodiscard]] std::span<const Option> namespace_rates_options();
[[nodiscard]] std::span<const Option> backend_options();

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kSecond = 1000;  // ranges of durations are milliseconds
inline constexpr std::uint64_t kHour = 3600 * kSecond;
inline constexpr std::uint64_t kDay = 24 * kHour;
inline constexpr std::uint64_t kMillion = 1'000'000;

// The member that a row sets: AT(limits.queue_bytes) of Config, NS(history_size) of
// NamespaceConfig, BACKEND(methods) of RpcBackendConfig.
#define AT(member) [](Config& c) -> OptionTarget { return &c.member; }
#define NS(member) [](NamespaceConfig& n) -> OptionTarget { return &n.member; }
#define BACKEND(member) [](RpcBackendConfig& b) -> OptionTarget { return &b.member; }

}  // namespace tidewire
