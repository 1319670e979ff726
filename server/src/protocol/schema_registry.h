#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/error.h"

namespace tidewire {

/// The JSON Schemas of custom event types, by namespace and type, as the configuration names them.
/// Draft 7 keywords are understood. A type without a schema accepts any object.
///
/// Owner:  a shard each (compiled patterns are cached). Thread: that shard's.
/// Limit:  under a schema that uses `pattern`, `patternProperties` or `format`, no string of a
///         payload may be longer than kPatternBytesMax: the library's regular expressions recurse
///         once per character, and a long string would overflow the stack.
class SchemaRegistry {
 public:
  static constexpr std::size_t kPatternBytesMax = 4096;

  SchemaRegistry();
  ~SchemaRegistry();
  SchemaRegistry(SchemaRegistry&&) noexcept;
  SchemaRegistry& operator=(SchemaRegistry&&) noexcept;

  /// Compiles `schema`; the error is a sentence for the operator. A later one replaces an earlier.
  [[nodiscard]] std::expected<void, std::string> add(std::string_view name_space,
                                                     std::string_view type,
                                                     std::string_view schema);

  /// Error: invalid_message whose path points at what is wrong, below `/payload`.
  [[nodiscard]] std::expected<void, Error> validate(std::string_view name_space,
                                                    std::string_view type,
                                                    std::string_view payload);

 private:
  struct Entry;
  struct Entries;

  std::unique_ptr<Entries> entries_;
};

}  // namespace tidewire
