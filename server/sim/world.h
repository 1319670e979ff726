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
  [[nodiscard]] std::string foreign_session(const std::string& user);
  void run_until(MonoMillis moment);
  void plan_act(std::size_t client);
  void plan_fault();
  void bring_fault();
  void plan_sweep();
  void plan_direct();
  void send_direct();
  void plan_sync();
  void stop_server();
  void crash_server();
  void end_server();
  void crash_machine();
  void make_disk();
  void break_disk(MonoMillis& until);
  bool reached_if(bool is_so, Reached what) {
    if (is_so) oracle_.reach(what);
    return is_so;
  }
  void check();
  void ask_clients();
  void check_presence(const std::string& channel, const nlohmann::json& reply) const;
  void check_history(const std::string& channel, const HistoryPage& page);
  [[nodiscard]] std::string unsettled() const;

  Random random_;
  Schedule schedule_;
  Oracle oracle_;
  Config config_;
  std::unique_ptr<SimDisk> disk_;     // nullptr: channels end with the server
  std::unique_ptr<DiskRows> synced_;  // of a disk that syncs seldom: what a machine's crash leaves
  MonoMillis disk_fails_until_ = 0;
  MonoMillis unreadable_until_ = 0;
  std::unique_ptr<SimServer> server_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::uint64_t sent_direct_ = 0;
  bool calm_ = false;
  std::size_t open_ = 0;     // questions of check()
  std::uint64_t round_ = 0;  // of them
};

}  // namespace tidewire::sim
