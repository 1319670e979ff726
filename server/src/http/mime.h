#pragma once

#include <string_view>

namespace tidewire::http {

/// The Content-Type for a file name by its extension; application/octet-stream for the unknown.
[[nodiscard]] std::string_view mime_type(std::string_view file_name);

/// Whether the name carries a content hash the way bundlers write it, `name-<hash>.ext` or
/// `name.<hash>.ext` with at least eight characters of which one is a digit or a capital: such a
/// file never changes.
[[nodiscard]] bool has_content_hash(std::string_view path);

}  // namespace tidewire::http
