#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.h"
#include "protocol/json_reader.h"

namespace tidewire {

/// Reads the members of one payload into plain variables and remembers the first fault, with its
/// JSON pointer. Unknown members are skipped. Every appearance of a repeated member is checked and
/// the last one counts, as in JSON.parse: nobody can hide a bad value behind a good one.
///
///   PayloadFields fields(payload);
///   while (fields.next()) {
///     if (fields.is("token")) fields.read_text(command.token, 1, kTokenBytesMax);
///   }
///   fields.need({"token"});
///   if (fields.failed()) return std::unexpected(fields.error());
class PayloadFields {
 public:
  /// `path` is where the object stands in the message.
  explicit PayloadFields(std::string_view payload, std::string path = "/payload");

  [[nodiscard]] bool next();
  /// Whether the current member has this name; a reader asks for at most kNamesMax names.
  [[nodiscard]] bool is(std::string_view name);
  [[nodiscard]] const JsonValue& value() const { return reader_.value(); }
  /// The pointer to the current member.
  [[nodiscard]] std::string here() const;

  void read_text(std::string& target, std::size_t bytes_min, std::size_t bytes_max);
  void read_bool(bool& target);
  void read_whole(std::uint64_t& target, std::uint64_t least, std::uint64_t most);
  void refuse(std::string why) { refuse_at(here(), std::move(why)); }
  void refuse_at(std::string path, std::string why);
  void refuse_with(Error error);

  /// Notes the absence of members that must be there.
  void need(std::initializer_list<std::string_view> names);

  [[nodiscard]] bool failed() const { return error_.has_value(); }
  [[nodiscard]] Error error() const { return *error_; }

 private:
  std::string path_;
  JsonReader reader_;
  static constexpr std::size_t kNamesMax = 8;
  std::array<std::string_view, kNamesMax> seen_{};  // the names that is() has found
  std::optional<Error> error_;
};

/// `name` with ~ and / escaped for a JSON pointer (RFC 6901 section 3).
[[nodiscard]] std::string pointer_token(std::string_view name);

}  // namespace tidewire
