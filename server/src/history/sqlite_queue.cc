#include "history/sqlite_queue.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tidewire {

SqliteQueue::SqliteQueue(std::size_t bytes_max, std::atomic<std::int64_t>& bytes)
    : bytes_max_(bytes_max), bytes_(bytes), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

SqliteQueue::~SqliteQueue() {
  for (SqliteWork* each = newest_.exchange(nullptr); each != nullptr;) {
    const std::unique_ptr<SqliteWork> gone(each);
    each = gone->older;
  }
  ::close(wake_fd_);
}

bool SqliteQueue::push(std::unique_ptr<SqliteWork> work) {
  const auto size = static_cast<std::int64_t>(work->bytes);
  if (bytes_.fetch_add(size, std::memory_order_relaxed) + size >
      static_cast<std::int64_t>(bytes_max_)) {
    release(work->bytes);
    return false;
  }
  SqliteWork* pushed = work.release();
  SqliteWork* older = newest_.load(std::memory_order_relaxed);
  do {
    pushed->older = older;
  } while (!newest_.compare_exchange_weak(older, pushed, std::memory_order_release,
                                          std::memory_order_relaxed));
  if (older == nullptr) wake();
  return true;
}

void SqliteQueue::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof one);
}

std::vector<std::unique_ptr<SqliteWork>> SqliteQueue::take(int wait_ms) {
  std::vector<std::unique_ptr<SqliteWork>> taken;
  SqliteWork* newest = newest_.exchange(nullptr, std::memory_order_acquire);
  if (newest == nullptr) {
    pollfd wanted{.fd = wake_fd_, .events = POLLIN, .revents = 0};
    ::poll(&wanted, 1, wait_ms);
    std::uint64_t count = 0;
    (void)!::read(wake_fd_, &count, sizeof count);
    newest = newest_.exchange(nullptr, std::memory_order_acquire);
  }
  for (; newest != nullptr; newest = taken.back()->older) taken.emplace_back(newest);
  std::ranges::reverse(taken);
  return taken;
}

}  // namespace tidewire
