#include "observability/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/json_string.h"

namespace tidewire {
namespace {

constexpr std::size_t kValueBytesMax = 1'024;
constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};
constexpr std::array<spdlog::level::level_enum, 4> kSpdlogLevels = {
    spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

LogFormat format_for_stderr() {
  return isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
}

/// spdlog serves as the thread-safe sink and level filter; the lines are ours.
struct Logging {
  spdlog::logger logger{"tidewire", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  std::atomic<LogFormat> format{format_for_stderr()};

  Logging() {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::info);
  }
};

Logging& logging() {
  static Logging instance;
  return instance;
}

/// The length of the well-formed UTF-8 sequence at the start of `text`, or 0. (RFC 3629 section 4)
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

/// Appends a JSON string literal of text that may be anything: bytes that are not UTF-8 are escaped
/// one by one, C1 controls too, for some terminals obey them, and long text is cut.
void append_quoted(std::string& out, std::string_view text) {
  const bool cut = text.size() > kValueBytesMax;
  if (cut) text = text.substr(0, kValueBytesMax);
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    const bool c1 = length == 2 && lead == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0 || lead < 0x20 || lead == 0x7F || lead == '"' || lead == '\\')
      append_json_escape(out, text[0]);
    else if (c1)
      append_json_escape(out, text[1]);
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += cut ? "...\"" : "\"";
}

bool is_plain_word(std::string_view text) {
  constexpr std::string_view kSafe = "-_./:@+%,;()[]{}<>*#!?&~^|$";
  if (text.empty() || text.size() > kValueBytesMax) return false;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alphanumeric && !kSafe.contains(c)) return false;
  }
  return true;
}

std::string timestamp(std::int64_t time_ms) {
  const std::time_t seconds = time_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     time_ms % 1000);
}

std::string json_line(LogLevel level, std::int64_t time_ms, std::string_view message,
                      LogFields fields) {
  std::string line = fmt::format(R"({{"ts":"{}","level":"{}","msg":)", timestamp(time_ms),
                                 kLevelNames[std::to_underlying(level)]);
  append_quoted(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_quoted(line, field.name());
    line += ':';
    if (field.quoted())
      append_quoted(line, field.value());
    else
      line += field.value();
  }
  return line += '}';
}

std::string text_line(LogLevel level, std::int64_t time_ms, std::string_view message,
                      LogFields fields) {
  std::string line = fmt::format("ts={} level={:<5} msg=", timestamp(time_ms),
                                 kLevelNames[std::to_underlying(level)]);
  append_quoted(line, message);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name();
    line += '=';
    if (!field.quoted() || is_plain_word(field.value()))
      line += field.value();
    else
      append_quoted(line, field.value());
  }
  return line;
}

}  // namespace

LogField::LogField(std::string_view name, double value)
    : name_(name), value_(fmt::format("{:.6g}", value)), quoted_(false) {
  // JSON has no spelling for infinity and not-a-number.
  if (value != value || value > 1e308 || value < -1e308) quoted_ = true;
}

void start_logging(LogLevel level, LogFormat format) {
  logging().logger.set_level(kSpdlogLevels[std::to_underlying(level)]);
  logging().format = format;
}

void start_logging(std::string_view level, std::string_view format) {
  LogLevel parsed = LogLevel::info;
  for (std::size_t i = 0; i < kLevelNames.size(); ++i)
    if (level == kLevelNames[i]) parsed = static_cast<LogLevel>(i);
  const LogFormat chosen = format == "json"   ? LogFormat::json
                           : format == "text" ? LogFormat::text
                                              : format_for_stderr();
  start_logging(parsed, chosen);
}

bool log_enabled(LogLevel level) {
  return logging().logger.should_log(kSpdlogLevels[std::to_underlying(level)]);
}

void log(LogLevel level, std::string_view message, LogFields fields) {
  if (!log_enabled(level)) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  logging().logger.log(
      kSpdlogLevels[std::to_underlying(level)],
      spdlog::string_view_t(format_log_line(logging().format, level, time_ms, message, fields)));
}

std::string format_log_line(LogFormat format, LogLevel level, std::int64_t time_ms,
                            std::string_view message, LogFields fields) {
  return format == LogFormat::json ? json_line(level, time_ms, message, fields)
                                   : text_line(level, time_ms, message, fields);
}

}  // namespace tidewire
