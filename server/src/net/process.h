#pragma once

#include <cstdint>

namespace tidewire::net {

/// Raises this process's soft limit of open files to its hard limit and returns the result.
std::uint64_t raise_fd_limit();

/// Makes a write to a closed socket an error instead of the end of the process; OpenSSL writes
/// without MSG_NOSIGNAL. Idempotent; every Shard calls it.
void ignore_sigpipe();

}  // namespace tidewire::net
