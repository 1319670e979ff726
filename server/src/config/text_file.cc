#include "config/text_file.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <unistd.h>

namespace tidewire {
namespace {

constexpr std::size_t kBytesMax = 1024 * 1024;

}  // namespace

bool is_readable_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return !error && std::filesystem::exists(status) && !std::filesystem::is_directory(status) &&
         access(path.c_str(), R_OK) == 0;
}

std::expected<std::string, std::string> read_text_file(const std::string& path) {
  if (!is_readable_file(path)) return std::unexpected("cannot be read");
  std::ifstream file(path, std::ios::binary);
  std::string text(kBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) return std::unexpected("cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kBytesMax) return std::unexpected("is larger than 1MiB");
  return text;
}

std::expected<std::string, std::string> read_secret_file(const std::string& path) {
  auto text = read_text_file(path);
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) return std::unexpected("is empty");
  return text;
}

}  // namespace tidewire
