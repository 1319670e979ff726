#include "load/process_cpu.h"

#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

namespace tidewire::bench {

std::int64_t cpu_us(const std::vector<int>& pids) {
  std::int64_t ticks = 0;
  for (const int pid : pids) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    // The name in parentheses may hold anything; the numbers begin behind it (proc(5)).
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::int64_t user = 0, system = 0;
    fields >> user >> system;
    ticks += user + system;
  }
  return ticks * (1'000'000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace tidewire::bench
