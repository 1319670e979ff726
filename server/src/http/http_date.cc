#include "http/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <system_error>

namespace tidewire::http {
namespace {

constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// The parts of a date as their texts were found; -1 marks what could not be read.
struct Parts {
  int day, month, year, hour, minute, second;
};

int number(std::string_view text) {
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);  // asctime pads the day
  int value = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() ? value : -1;
}

int month_number(std::string_view text) {
  const auto* const found = std::ranges::find(kMonths, text);
  return found == kMonths.end() ? -1 : static_cast<int>(found - kMonths.begin()) + 1;
}

bool read_time(std::string_view text, Parts& parts) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return false;
  parts.hour = number(text.substr(0, 2));
  parts.minute = number(text.substr(3, 2));
  parts.second = number(text.substr(6, 2));
  return true;
}

std::optional<Parts> read_imf(std::string_view text) {  // Sun, 06 Nov 1994 08:49:37 GMT
  Parts parts{};
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return {};
  parts.day = number(text.substr(5, 2));
  parts.month = month_number(text.substr(8, 3));
  parts.year = number(text.substr(12, 4));
  if (!read_time(text.substr(17, 8), parts)) return {};
  return parts;
}

std::optional<Parts> read_rfc850(std::string_view text) {  // Sunday, 06-Nov-94 08:49:37 GMT
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos || text.size() - comma != 24 || !text.ends_with(" GMT"))
    return {};
  text.remove_prefix(comma + 2);
  Parts parts{};
  parts.day = number(text.substr(0, 2));
  parts.month = month_number(text.substr(3, 3));
  const int year = number(text.substr(7, 2));
  if (year < 0) return {};
  parts.year = year < 70 ? 2000 + year : 1900 + year;
  if (!read_time(text.substr(10, 8), parts)) return {};
  return parts;
}

std::optional<Parts> read_asctime(std::string_view text) {  // Sun Nov  6 08:49:37 1994
  if (text.size() != 24) return {};
  Parts parts{};
  parts.month = month_number(text.substr(4, 3));
  parts.day = number(text.substr(8, 2));
  parts.year = number(text.substr(20, 4));
  if (!read_time(text.substr(11, 8), parts)) return {};
  return parts;
}

}  // namespace

std::string format_http_date(std::int64_t seconds) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds moment{chrono::seconds(seconds)};
  const auto day = chrono::floor<chrono::days>(moment);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss time(moment - day);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      kDays[chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
      kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  namespace chrono = std::chrono;
  std::optional<Parts> parts = read_imf(text);
  if (!parts) parts = read_rfc850(text);
  if (!parts) parts = read_asctime(text);
  if (!parts || parts->day < 1 || parts->month < 1 || parts->year < 0) return std::nullopt;
  const chrono::year_month_day date{chrono::year(parts->year),
                                    chrono::month(static_cast<unsigned>(parts->month)),
                                    chrono::day(static_cast<unsigned>(parts->day))};
  if (!date.ok() || parts->hour < 0 || parts->hour > 23 || parts->minute < 0 ||
      parts->minute > 59 || parts->second < 0 || parts->second > 60)
    return std::nullopt;
  const chrono::seconds moment = chrono::sys_days(date).time_since_epoch() +
                                 chrono::hours(parts->hour) + chrono::minutes(parts->minute) +
                                 chrono::seconds(parts->second);
  return moment.count();
}

}  // namespace tidewire::http
