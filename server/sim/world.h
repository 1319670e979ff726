#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "oracle.h"
#include "random.h"
#include "schedule.h"
#include "sim_client.h"
#include "sim_server.h"

namespace tidewire::sim {

/// One run: a server, its clients and their bad luck, all out of one seed. First chaos, then calm,
/// then everything has to be as promised.
class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  /// Throws Violation when a promise is broken.
  void run();

  [[nodiscard]] const Oracle& oracle() const { return oracle_; }

 private:
  void make_clients();
  void start_server();
  void run_until(MonoMillis moment);
  void plan_act(std::size_t client);
  void plan_fault();
  void bring_fault();
  void plan_sweep();
  void crash_server();
  void check();
  [[nodiscard]] std::string unsettled() const;

  Random random_;
  Schedule schedule_;
  Oracle oracle_;
  Config config_;
  std::size_t shards_;
  std::unique_ptr<SimServer> server_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  bool calm_ = false;
};

}  // namespace tidewire::sim
