#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::bench {

enum class Joined { no, yes, failed };

/// How a server is spoken to: which URL, what makes a connection a member of a room, what a
/// publication looks like. The bytes measured, and what is checked, are the same for all.
class Dialect {
 public:
  virtual ~Dialect() = default;
  [[nodiscard]] virtual std::string target(std::uint32_t room) const = 0;
  /// Further request header lines, each with its CRLF.
  [[nodiscard]] virtual std::string headers() const { return {}; }
  /// The first message after the upgrade; empty: the upgrade alone joins.
  [[nodiscard]] virtual std::string join(std::uint32_t /*room*/) const { return {}; }
  /// Judges a message that arrived before the connection had joined.
  [[nodiscard]] virtual Joined on_reply(std::string_view /*payload*/) const { return Joined::yes; }
  /// A publication that carries `content`, which needs no escaping.
  [[nodiscard]] virtual std::string publish(std::uint32_t room, std::string_view content) const = 0;
  /// The answer to a message without a stamp (a heartbeat); empty: none is due.
  [[nodiscard]] virtual std::string answer(std::string_view /*payload*/) const { return {}; }
  /// Whether a message without a stamp says that the server refused one.
  [[nodiscard]] virtual bool refused(std::string_view /*payload*/) const { return false; }
  /// The position that a message names, from 1 on, where every message of a link has the next one;
  /// 0 when it has none, nullopt where there are no positions.
  [[nodiscard]] virtual std::optional<std::uint64_t> offset(std::string_view /*payload*/) const {
    return std::nullopt;
  }
};

/// `raw` (peers and null server: a message to /room/N reaches everybody there), `echo` (the same
/// at /echo), `tidewire`, `tidewire-acks`, `tidewire-echo`, `centrifugo`; nullptr for any other
/// name. `token` is for tidewire; `name_space` the namespace of its channels.
std::unique_ptr<Dialect> make_dialect(std::string_view name, const std::string& token,
                                      const std::string& name_space);

}  // namespace tidewire::bench
