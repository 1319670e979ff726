#include "load/tidewire_dialect.h"

#include <charconv>

#include "load/stamp.h"

namespace tidewire::bench {
namespace {

/// What stands behind `"name":`.
std::string_view value_of(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = json.find(key);
  return at == std::string_view::npos ? std::string_view() : json.substr(at + key.size());
}

}  // namespace

std::optional<std::uint64_t> number_of(std::string_view json, std::string_view name) {
  const std::string_view value = value_of(json, name);
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (fault != std::errc() || end == value.data()) return std::nullopt;
  return number;
}

std::string_view text_of(std::string_view json, std::string_view name) {
  const std::string_view value = value_of(json, name);
  return value.starts_with('"') ? value.substr(1, value.find('"', 1) - 1) : std::string_view();
}

std::string TidewireDialect::headers() const { return "Authorization: Bearer " + token_ + "\r\n"; }

std::string TidewireDialect::channel(std::uint32_t room) const {
  return name_space_ + ":" + std::to_string(room);
}

std::string TidewireDialect::subscribe(std::uint32_t room, std::string_view payload) const {
  return R"({"type":"subscribe","id":"s","channel":")" + channel(room) + "\"" +
         (payload.empty() ? "" : ",\"payload\":" + std::string(payload)) + "}";
}

Joined TidewireDialect::on_reply(std::string_view payload) const {
  if (refused(payload)) return Joined::failed;
  return payload.find(R"("type":"subscribed")") != std::string_view::npos ? Joined::yes
                                                                          : Joined::no;
}

std::string TidewireDialect::publish(std::uint32_t room, std::string_view content) const {
  return R"({"type":"bench_message","channel":")" + channel(room) + R"(","payload":{"content":")" +
         std::string(content) + "\"}}";
}

std::string TidewireDialect::answer(std::string_view payload) const {
  if (payload.find(R"("connection_heartbeat")") == std::string_view::npos) return {};
  return R"({"type":"connection_heartbeat","payload":{"timestamp":0}})";
}

bool TidewireDialect::refused(std::string_view payload) const {
  return payload.find(R"("type":"error")") != std::string_view::npos;
}

std::string TidewireAcks::publish(std::uint32_t room, std::string_view content) const {
  return R"({"type":"bench_message","id":")" + std::string(content.substr(0, Stamp::kSize)) +
         R"(","channel":")" + channel(room) + R"(","payload":{"content":")" +
         std::string(content.substr(Stamp::kSize)) + "\"}}";
}

std::optional<std::uint64_t> TidewireAcks::offset(std::string_view payload) const {
  return number_of(payload, "offset").value_or(0);
}

}  // namespace tidewire::bench
