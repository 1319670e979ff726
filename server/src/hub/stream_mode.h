#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/clock.h"

namespace tidewire {

/// How a subscriber wants the pieces of growing messages.
struct StreamMode {
  enum class Kind : std::uint8_t {
    live,      // the pieces, in ranges of at most one a window
    conflate,  // the whole text so far, at most once a window
    final      // no pieces; only the durable message that it becomes
  };
  static constexpr std::int32_t kWindowMsMax = 10'000;

  Kind kind = Kind::live;
  std::int32_t window_ms = 0;  // at most kWindowMsMax

  [[nodiscard]] bool plain() const { return kind == Kind::live && window_ms == 0; }
  friend bool operator==(const StreamMode&, const StreamMode&) = default;

  /// The same with a window of at least `ms`. Windows are rounded up to a few steps, so that
  /// subscribers share their folds and nobody can make the server keep one for each millisecond.
  [[nodiscard]] StreamMode at_least(MonoMillis ms) const {
    if (kind == Kind::final) return *this;
    constexpr std::array<std::int32_t, 17> kSteps{
        0, 20, 40, 60, 80, 100, 150, 200, 300, 500, 750, 1'000, 1'500, 2'000, 3'000, 5'000, 10'000};
    const auto step = std::ranges::lower_bound(kSteps, std::max<MonoMillis>(window_ms, ms));
    return {kind, step == kSteps.end() ? kWindowMsMax : *step};
  }
};

}  // namespace tidewire
