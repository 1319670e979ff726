#include "http/preconditions.h"

#include <optional>
#include <string>

#include "http/etag.h"
#include "http/http_date.h"

namespace tidewire::http {
namespace {

/// The date of that header; one that cannot be read counts as not sent (RFC 9110, 13.1.3).
std::optional<std::int64_t> date_of(const Request& request, std::string_view name) {
  const std::optional<std::string_view> text = request.header(name);
  return text ? parse_http_date(*text) : std::nullopt;
}

}  // namespace

int check_preconditions(const Request& request, std::string_view etag, std::int64_t modified_s) {
  if (request.count("If-Match") > 0) {
    if (!lists_etag_strongly(request.joined("If-Match"), etag)) return 412;
  } else if (const auto date = date_of(request, "If-Unmodified-Since");
             date && modified_s > *date) {
    return 412;
  }
  if (request.count("If-None-Match") > 0)
    return lists_etag_weakly(request.joined("If-None-Match"), etag) ? 304 : 200;
  const auto date = date_of(request, "If-Modified-Since");
  return date && modified_s <= *date ? 304 : 200;
}

bool range_applies(const Request& request, std::string_view etag, std::int64_t modified_s) {
  if (request.method != "GET" || request.count("Range") != 1) return false;
  const std::optional<std::string_view> condition = request.header("If-Range");
  if (!condition) return true;
  if (condition->starts_with('"')) return *condition == etag;
  return parse_http_date(*condition) == modified_s;
}

}  // namespace tidewire::http
