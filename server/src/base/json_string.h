#pragma once

#include <string>
#include <string_view>

namespace tidewire {

/// Appends `text` as a JSON string with its quotes. `text` is UTF-8 and stays so: only what JSON
/// forbids inside a string is escaped.
void append_json_string(std::string& out, std::string_view text);

/// Appends the escape of one byte (RFC 8259, 7): the short form where there is a common one,
/// `\u00xx` for every other.
void append_json_escape(std::string& out, char c);

/// The first byte at or after `cursor` that a JSON string must not hold as it is. Sixteen
/// bytes a step: most of a payload is text, so this loop is most of the work.
[[nodiscard]] const char* find_json_special(const char* cursor, const char* end);

}  // namespace tidewire
