#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/envelope.h"
#include "protocol/error.h"

namespace tidewire {

/// The first rule of form that an envelope breaks: which field and why.
struct FormFault {
  std::string_view field;
  std::string_view why;
};

/// The rules that both wire forms share: the type's spelling, the lengths of the strings, the range
/// of the offset.
[[nodiscard]] std::optional<FormFault> find_form_fault(const Envelope& envelope);

/// Whether `text` is [a-z][a-z0-9_]* of at most kTypeBytesMax bytes.
[[nodiscard]] bool is_type_name(std::string_view text);

/// What stands in front of a path: "/3" in the fourth message of a batch, else nothing.
[[nodiscard]] std::string batch_prefix(std::optional<std::size_t> place);

/// invalid_message at the fault's field.
[[nodiscard]] Error form_error(std::optional<std::size_t> place, const FormFault& fault);

}  // namespace tidewire
