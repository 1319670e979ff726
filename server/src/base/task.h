#pragma once

#include <functional>

namespace tidewire {

/// Work handed from one place to another, run once.
using Task = std::move_only_function<void()>;

}  // namespace tidewire
