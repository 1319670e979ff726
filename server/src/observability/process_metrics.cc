#include "observability/process_metrics.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace tidewire {
namespace {

/// The fields of /proc/self/stat that count here. (proc(5))
struct ProcessStat {
  std::uint64_t cpu_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;
  std::uint64_t resident_pages = 0;
};

std::optional<ProcessStat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // The second field is the program's name in parentheses, which may hold spaces itself.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string value;
  ProcessStat stat;
  for (int field = 3; field <= 24 && fields >> value; ++field) {
    if (field == 14 || field == 15) stat.cpu_ticks += std::stoull(value);
    if (field == 20) stat.threads = std::stoull(value);
    if (field == 22) stat.start_ticks = std::stoull(value);
    if (field == 24) stat.resident_pages = std::stoull(value);
  }
  return stat;
}

std::optional<double> boot_time_seconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  double seconds = 0;
  while (file >> word)
    if (word == "btime" && file >> seconds) return seconds;
  return std::nullopt;
}

std::uint64_t open_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error))
    ++count;
  return count;
}

void write_stat(MetricsText& out, const ProcessStat& stat) {
  const auto hz = static_cast<double>(sysconf(_SC_CLK_TCK));
  out.family("process_cpu_seconds_total", "counter", "User and system CPU time used.");
  out.sample({}, static_cast<double>(stat.cpu_ticks) / hz);
  out.family("process_resident_memory_bytes", "gauge", "Resident memory.");
  out.sample({}, stat.resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  out.family("process_threads", "gauge", "Threads.");
  out.sample({}, stat.threads);
  if (const auto boot = boot_time_seconds()) {
    out.family("process_start_time_seconds", "gauge", "Start time, in seconds since 1970.");
    out.sample({}, *boot + static_cast<double>(stat.start_ticks) / hz);
  }
}

}  // namespace

void write_process_metrics(MetricsText& out) {
  if (const auto stat = read_stat()) write_stat(out, *stat);
  out.family("process_open_fds", "gauge", "Open file descriptors.");
  out.sample({}, open_descriptors());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.family("process_max_fds", "gauge", "Largest number of open file descriptors.");
    out.sample({}, static_cast<std::uint64_t>(limit.rlim_cur));
  }
}

}  // namespace tidewire
