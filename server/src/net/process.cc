#include "net/process.h"

#include <csignal>

#include <sys/resource.h>

namespace tidewire::net {

std::uint64_t raise_fd_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  }
  return limit.rlim_cur;
}

void ignore_sigpipe() { (void)std::signal(SIGPIPE, SIG_IGN); }

}  // namespace tidewire::net
