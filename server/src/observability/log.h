#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tidewire {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

/// One named value of a log line; numbers and booleans stay what they are in JSON.
class LogField {
 public:
  LogField(std::string_view name, std::string_view value) : name_(name), value_(value) {}
  LogField(std::string_view name, const char* value) : name_(name), value_(value) {}
  LogField(std::string_view name, const std::string& value) : name_(name), value_(value) {}
  LogField(std::string_view name, bool value)
      : name_(name), value_(value ? "true" : "false"), quoted_(false) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  LogField(std::string_view name, T value)
      : name_(name), value_(std::to_string(value)), quoted_(false) {}
  LogField(std::string_view name, double value);

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view value() const { return value_; }
  [[nodiscard]] bool quoted() const { return quoted_; }

 private:
  std::string_view name_;
  std::string value_;
  bool quoted_ = true;
};

using LogFields = std::initializer_list<LogField>;

/// Structured lines on standard error: `log_info("listening", {{"address", address}})`.
///
/// Thread:  any. Every line is one write, so lines of several threads do not mix.
/// Before start_logging(): level info, JSON unless standard error is a terminal.
/// Rules:   a line is for an operator who can act on it. Payloads, tokens and secrets never go in;
///          control characters and invalid UTF-8 are escaped, so a client cannot forge a line.
/// Limits:  a value is cut after 1,024 bytes.
void start_logging(LogLevel level, LogFormat format);
/// Takes `log.level` and `log.format` as the configuration has them; `auto` asks the terminal.
void start_logging(std::string_view level, std::string_view format);

[[nodiscard]] bool log_enabled(LogLevel level);
void log(LogLevel level, std::string_view message, LogFields fields = {});
inline void log_debug(std::string_view message, LogFields fields = {}) {
  log(LogLevel::debug, message, fields);
}
inline void log_info(std::string_view message, LogFields fields = {}) {
  log(LogLevel::info, message, fields);
}
inline void log_warn(std::string_view message, LogFields fields = {}) {
  log(LogLevel::warn, message, fields);
}
inline void log_error(std::string_view message, LogFields fields = {}) {
  log(LogLevel::error, message, fields);
}

/// The line as it is written, without the newline; `time` is ms since 1970. Pure, for tests.
[[nodiscard]] std::string format_log_line(LogFormat format, LogLevel level, std::int64_t time_ms,
                                          std::string_view message, LogFields fields);

}  // namespace tidewire
