#include "net/shard.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "net/process.h"

namespace tidewire::net {
namespace {

constexpr MonoMicros kAsioPollUs = 1'000;  // how often a busy shard looks at Asio

thread_local Shard* current_shard = nullptr;

UniqueFd require(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return UniqueFd(fd);
}

}  // namespace

void TurnClock::update() const {
  const SystemClock system;
  mono_us_ = system.mono_us();
  wall_ms_ = system.wall_ms();
  expired_ = false;
}

struct Shard::Asio {
  explicit Asio(int epoll_fd)
      : context(1), work(context.get_executor()), epoll(context, epoll_fd), wheel_timer(context) {}
  // The descriptor belongs to the shard.
  ~Asio() { (void)epoll.release(); }

  /// Makes the context return from run_one() when a client socket is ready or a timer is due.
  void arm(MonoMillis wake_ms) {
    if (!epoll_armed) {
      epoll_armed = true;
      epoll.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [this](const boost::system::error_code&) { epoll_armed = false; });
    }
    if (wake_ms >= wheel_timer_due_ms) return;
    wheel_timer_due_ms = wake_ms;
    wheel_timer.expires_at(
        std::chrono::steady_clock::time_point(std::chrono::milliseconds(wake_ms)));
    wheel_timer.async_wait([this](const boost::system::error_code& error) {
      if (!error) wheel_timer_due_ms = TimerWheel::kNever;
    });
  }

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  boost::asio::posix::stream_descriptor epoll;
  boost::asio::steady_timer wheel_timer;
  bool epoll_armed = false;
  MonoMillis wheel_timer_due_ms = TimerWheel::kNever;
};

Shard::Shard(std::size_t index)
    : index_(index),
      timers_(clock_.mono_ms()),
      epoll_(require(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_fd_(require(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
      asio_(std::make_unique<Asio>(epoll_.get())),
      read_buffer_(std::make_unique<char[]>(kReadBufferBytes + kReadPaddingBytes)) {
  ignore_sigpipe();
  ready_.reserve(kEventsPerTurn);
  // Edge-triggered: each write is an edge of its own, so the counter is never read back.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_fd_.get(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

Shard::~Shard() {
  asio_.reset();
  // Destroying a task or a retired object may post or retire another.
  while (!tasks_.empty() || !retired_.empty()) {
    tasks_.clear();
    std::exchange(retired_, {}).clear();
  }
}

Shard* Shard::current() { return current_shard; }

boost::asio::io_context& Shard::io_context() { return asio_->context; }

void Shard::post(Task task) {
  tasks_.push(std::move(task));
  wake();
}

void Shard::stop() {
  stopped_.store(true);
  wake();
}

void Shard::wake() {
  // Only the first one to find the shard asleep pays for the system call.
  if (!asleep_.load(std::memory_order_seq_cst) || !asleep_.exchange(false)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof one);
}

void Shard::run() {
  Shard* const outer = std::exchange(current_shard, this);
  while (!stopped_.load(std::memory_order_relaxed)) {
    if (!turn()) sleep(-1);
  }
  current_shard = outer;
}

void Shard::run_turn(MonoMillis wait_ms) {
  Shard* const outer = std::exchange(current_shard, this);
  if (!turn()) {
    sleep(wait_ms);
    turn();
  }
  current_shard = outer;
}

/// Answers whether it found anything to do, and so whether to look again before sleeping.
bool Shard::turn() {
  clock_.update();
  const MonoMicros began_us = clock_.mono_us();
  if (began_us - asio_polled_us_ >= kAsioPollUs) poll_asio();
  handle_again();
  const std::uint32_t events = handle_events();
  const std::uint32_t tasks = tasks_.drain();
  timers_.advance(clock_.mono_ms());
  const bool flushed = !flushes_.empty();
  finish_turn();
  const bool busy = events > 0 || tasks > 0 || flushed;
  if (busy && observer_) observer_(TurnStats{SystemClock().mono_us() - began_us, events, tasks});
  return busy || has_work();
}

std::uint32_t Shard::handle_events() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, 0);
  if (count <= 0) return 0;
  // Each pollable knows its place in the batch, so that unwatch() can take its event back.
  ready_.clear();
  for (int i = 0; i < count; ++i) {
    auto* pollable = static_cast<Pollable*>(events[i].data.ptr);
    if (pollable != nullptr) pollable->event_slot_ = i;
    ready_.push_back(pollable);
  }
  for (int i = 0; i < count; ++i) {
    Pollable* const pollable = ready_[i];
    if (pollable == nullptr) continue;
    pollable->event_slot_ = Pollable::kNone;
    const std::uint32_t bits = events[i].events;
    const bool failed = (bits & (EPOLLERR | EPOLLHUP)) != 0;
    if (failed || (bits & EPOLLRDHUP) != 0) pollable->hung_up_ = true;
    pollable->on_ready(failed || (bits & (EPOLLIN | EPOLLRDHUP)) != 0,
                       failed || (bits & EPOLLOUT) != 0);
  }
  return static_cast<std::uint32_t>(count);
}

void Shard::handle_again() {
  // What is added meanwhile waits for the next turn, so a greedy stream starves nobody.
  const std::size_t count = again_.size();
  for (std::size_t i = 0; i < count; ++i) {
    Pollable* const pollable = std::exchange(again_[i], nullptr);
    if (pollable == nullptr) continue;
    pollable->again_slot_ = Pollable::kNone;
    pollable->on_ready(true, false);
  }
  again_.erase(again_.begin(), again_.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < again_.size(); ++i)
    if (again_[i] != nullptr) again_[i]->again_slot_ = static_cast<std::int32_t>(i);
}

void Shard::finish_turn() {
  flushes_.run();
  while (!retired_.empty()) std::exchange(retired_, {}).clear();
}

bool Shard::has_work() const { return !again_.empty() || !flushes_.empty() || !tasks_.empty(); }

bool Shard::watch(int fd, Pollable& pollable) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.ptr = &pollable}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return false;
  pollable.shard_ = this;
  pollable.fd_ = fd;
  pollable.hung_up_ = false;
  return true;
}

void Shard::unwatch(Pollable& pollable) {
  if (pollable.shard_ != this) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, pollable.fd_, nullptr);
  if (pollable.event_slot_ != Pollable::kNone) ready_[pollable.event_slot_] = nullptr;
  if (pollable.again_slot_ != Pollable::kNone) again_[pollable.again_slot_] = nullptr;
  pollable.event_slot_ = Pollable::kNone;
  pollable.again_slot_ = Pollable::kNone;
  pollable.shard_ = nullptr;
  pollable.fd_ = -1;
}

void Shard::again(Pollable& pollable) {
  if (pollable.shard_ != this || pollable.again_slot_ != Pollable::kNone) return;
  pollable.again_slot_ = static_cast<std::int32_t>(again_.size());
  again_.push_back(&pollable);
}

void Shard::sleep(MonoMillis wait_ms) {
  asleep_.store(true, std::memory_order_seq_cst);
  if (!has_work() && !stopped_.load()) {
    asio_->arm(timers_.wake_ms());
    clock_.expire();  // Asio's handlers run before the next turn reads the clock
    if (wait_ms < 0) {
      asio_->context.run_one();
    } else {
      asio_->context.run_one_for(std::chrono::milliseconds(wait_ms));
    }
    restart_asio();
  }
  asleep_.store(false, std::memory_order_relaxed);
}

void Shard::poll_asio() {
  asio_->context.poll();
  restart_asio();
}

void Shard::restart_asio() {
  asio_polled_us_ = clock_.mono_us();
  if (asio_->context.stopped()) asio_->context.restart();
}

}  // namespace tidewire::net
