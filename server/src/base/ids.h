#pragma once

#include <cstdint>
#include <string>

namespace tidewire {

/// An identifier nobody can guess: 128 bits from the system's random generator, as 22 characters
/// of base64url. Thread: any.
[[nodiscard]] std::string random_id();

/// 64 bits from the system's random generator. Thread: any.
[[nodiscard]] std::uint64_t random_u64();

}  // namespace tidewire
