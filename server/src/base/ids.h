#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidewire {

/// An identifier nobody can guess: 128 bits from the system's random generator, as 22 characters
/// of base64url. Thread: any.
[[nodiscard]] std::string random_id();

/// An identifier of the same form that follows from `secret` and `name` (SHA-256): who does not
/// know the secret cannot guess it. Thread: any.
[[nodiscard]] std::string derived_id(std::string_view secret, std::string_view name);

/// 64 bits from the system's random generator. Thread: any.
[[nodiscard]] std::uint64_t random_u64();

/// While it lives, this thread's identifiers come from a seed and repeat with it: for the
/// simulation, whose runs have to repeat. Never in the server.
class SeededIds {
 public:
  explicit SeededIds(std::uint64_t seed);
  ~SeededIds();
  SeededIds(const SeededIds&) = delete;
  SeededIds& operator=(const SeededIds&) = delete;
};

}  // namespace tidewire
