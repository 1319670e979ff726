#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/client.h"
#include "load/dialect.h"
#include "load/options.h"

namespace tidewire::bench {

/// Connections for their own sake: `connects` opens and drops them as fast as it can, `hold` opens
/// a number and keeps them while somebody outside measures memory.
class ConnectsScenario final : ClientEvents {
 public:
  ConnectsScenario(const Options& options, const Dialect& dialect);

  /// TCP, TLS if asked for, upgrade, joining, then a reset; the results as JSON.
  std::string run_rate();

  /// For each step: opens up to that many, prints "held N", waits for a line on standard input.
  std::string run_hold();

 private:
  void on_open(std::uint32_t link) override;
  void on_message(std::uint32_t link, std::string_view payload, std::int64_t now) override;
  void on_lost(std::uint32_t link, const std::string& why) override;

  void keep_going(std::int64_t until);
  void hold(std::size_t count);

  const Options& options_;
  const Dialect& dialect_;
  Client client_;
  bool dropping_ = false;
  std::size_t open_ = 0;
  std::size_t connecting_ = 0;
  std::uint64_t failed_ = 0;
  std::string first_failure_;
  std::vector<std::uint32_t> free_;
};

}  // namespace tidewire::bench
