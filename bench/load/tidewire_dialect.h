#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "load/dialect.h"

namespace tidewire::bench {

/// Tidewire's JSON form, with a token in the header. A room is the channel NAMESPACE:ROOM.
class TidewireDialect : public Dialect {
 public:
  TidewireDialect(std::string token, std::string name_space)
      : token_(std::move(token)), name_space_(std::move(name_space)) {}

  [[nodiscard]] std::string target(std::uint32_t /*room*/) const override { return "/ws"; }
  [[nodiscard]] std::string headers() const override;
  [[nodiscard]] std::string join(std::uint32_t room) const override { return subscribe(room, ""); }
  [[nodiscard]] Joined on_reply(std::string_view payload) const override;
  [[nodiscard]] std::string publish(std::uint32_t room, std::string_view content) const override;
  [[nodiscard]] std::string answer(std::string_view payload) const override;
  [[nodiscard]] bool refused(std::string_view payload) const override;

  [[nodiscard]] std::string channel(std::uint32_t room) const;
  /// A subscribe command; `payload` is a JSON object, or empty.
  [[nodiscard]] std::string subscribe(std::uint32_t room, std::string_view payload) const;

 private:
  std::string token_;
  std::string name_space_;
};

/// Publishers that do not subscribe: what they hear of is the `ack` of each message, which carries
/// the stamp as its `id`.
class TidewireAcks final : public TidewireDialect {
 public:
  using TidewireDialect::TidewireDialect;
  [[nodiscard]] std::string join(std::uint32_t /*room*/) const override { return {}; }
  [[nodiscard]] std::string publish(std::uint32_t room, std::string_view content) const override;
  [[nodiscard]] std::optional<std::uint64_t> offset(std::string_view payload) const override;
};

/// The number behind `"name":` in `json`; nullopt when there is none.
[[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view json, std::string_view name);
/// The text without escapes behind `"name":` in `json`; empty when there is none.
[[nodiscard]] std::string_view text_of(std::string_view json, std::string_view name);

}  // namespace tidewire::bench
