#pragma once

#include <expected>
#include <string>

namespace tidewire {

/// Whether the path is a regular file (or a pipe, as process substitution gives) that can be read.
[[nodiscard]] bool is_readable_file(const std::string& path);

/// The whole content of a small file. The fault is one clause: `cannot be read`, `is larger than
/// 1MiB`. A folder is not a file.
[[nodiscard]] std::expected<std::string, std::string> read_text_file(const std::string& path);

/// The same with one trailing line break removed, which editors add, and never empty.
[[nodiscard]] std::expected<std::string, std::string> read_secret_file(const std::string& path);

}  // namespace tidewire
