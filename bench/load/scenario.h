#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "load/client.h"
#include "load/dialect.h"
#include "load/histogram.h"
#include "load/json_object.h"
#include "load/options.h"

namespace tidewire::bench {

/// What the scenarios that move messages have in common: connections that all have to be there,
/// and the words for what went wrong.
class Scenario : protected ClientEvents {
 protected:
  Scenario(const Options& options, const Dialect& dialect)
      : options_(options), dialect_(dialect), client_(options.target, dialect, *this) {}

  void on_open(std::uint32_t link) override;
  void on_message(std::uint32_t link, std::string_view payload, std::int64_t now) override;
  void on_lost(std::uint32_t link, const std::string& why) override;

  /// Connects the links from `first` on and waits until all are open. Ends the process with 1 and
  /// the reason on standard error when that fails.
  void open_links(std::uint32_t first, std::uint32_t count,
                  const std::function<std::uint32_t(std::uint32_t)>& room_of,
                  int receive_buffer = 0);
  /// Handles what comes until `done`; answers false when that takes more than 90 s, or a link is
  /// lost before.
  [[nodiscard]] bool wait_until(const std::function<bool()>& done);

  /// Counts a fault; scenarios have their own words for each.
  static void say(std::string& text, std::uint64_t count, const char* what);
  /// `text`, with the first reason why a link was lost.
  [[nodiscard]] std::string with_losses(std::string text) const;

  const Options& options_;
  const Dialect& dialect_;
  Client client_;
  std::uint64_t lost_links_ = 0;
  std::uint64_t refused_ = 0;  // messages that the server answered with an error

 private:
  std::size_t open_ = 0;
  std::size_t connecting_ = 0;
  std::string first_loss_;
  std::string first_refusal_;
};

/// Wall time and CPU time from its beginning until end(). What the client spends on waiting is not
/// counted.
class Stretch {
 public:
  Stretch(const std::vector<int>& server_pids, const Client& client);
  void end();
  [[nodiscard]] std::int64_t began_us() const { return began_; }
  [[nodiscard]] double seconds() const { return static_cast<double>(ended_ - began_) / 1e6; }
  [[nodiscard]] double server_us() const { return static_cast<double>(server_); }
  /// Adds `seconds`, and of how many cores server and client took.
  void add_to(JsonObject& object) const;

 private:
  [[nodiscard]] std::int64_t client_us() const;

  const std::vector<int>& pids_;
  const Client& load_;
  std::int64_t server_;
  std::int64_t client_;
  std::int64_t began_;
  std::int64_t ended_ = 0;
};

/// Adds p50_us, p99_us, p999_us, max_us and their number.
void add_latency(JsonObject& object, const Histogram& latency);

}  // namespace tidewire::bench
