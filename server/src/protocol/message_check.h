#pragma once

#include <optional>
#include <string_view>

#include "protocol/envelope.h"
#include "protocol/error.h"

namespace tidewire {

/// Everything that can be said of a client's message without looking at rights or state: may a
/// client send this type, is the channel's name right, does the payload have its fields. A session
/// that parses the payload itself needs only check_address().
[[nodiscard]] std::optional<Error> check_message(const Envelope& envelope,
                                                 std::string_view sender_user_id);

/// The part of it that concerns `type` and `channel`.
[[nodiscard]] std::optional<Error> check_address(const Envelope& envelope);

}  // namespace tidewire
