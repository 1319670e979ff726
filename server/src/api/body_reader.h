#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "protocol/error.h"

namespace tidewire {

/// Reads the members of a JSON body one by one and keeps the first fault, so that a parser reads
/// like its body. The fault is invalid_message with a pointer to the member.
class BodyReader {
 public:
  /// An empty body is an empty object. `body` must outlive the reader.
  explicit BodyReader(std::string_view body);

  [[nodiscard]] std::string text(const char* name, bool required, std::size_t bytes_max);
  [[nodiscard]] std::string channel(const char* name);
  [[nodiscard]] std::uint64_t number(const char* name, std::uint64_t absent);
  /// nullopt when it is absent.
  [[nodiscard]] std::optional<std::uint64_t> number(const char* name);
  [[nodiscard]] bool flag(const char* name);
  /// An object's text, byte for byte; required.
  [[nodiscard]] std::string object(const char* name);
  /// Any value's text, byte for byte; required.
  [[nodiscard]] std::string any(const char* name);
  /// The member's text as it stands in the body, the last of its name; empty when it is absent.
  [[nodiscard]] std::string_view raw(std::string_view name) const;

  [[nodiscard]] const nlohmann::json& value() const { return value_; }
  [[nodiscard]] bool has(const char* name) const { return value_.contains(name); }

  /// Notes a fault of the member, unless there is one already.
  void note(std::string_view what, std::string_view name);

  /// `body`, or the fault.
  template <typename Body>
  [[nodiscard]] std::expected<Body, Error> finish(Body body) const {
    if (fault_) return std::unexpected(*fault_);
    return body;
  }

 private:
  std::string_view text_;
  nlohmann::json value_;
  std::optional<Error> fault_;
};

}  // namespace tidewire
