#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/timer_wheel.h"
#include "net/pollable.h"
#include "net/shard.h"
#include "net/socket_address.h"
#include "net/unique_fd.h"

namespace tidewire::net {

class ShardPool;

/// Who takes the connections of a Listener. Thread: the listener's shard.
class ListenerEvents {
 public:
  virtual ~ListenerEvents() = default;
  /// A new connection: non-blocking, close-on-exec, TCP_NODELAY. May pause or close the listener.
  virtual void on_accept(UniqueFd socket, const SocketAddress& peer) = 0;
  /// The system has no descriptors or memory left (`error` is the errno); `refused` connections
  /// were closed unserved, and accepting rests for kRetryMs.
  virtual void on_exhausted(int error, std::size_t refused) = 0;
};

struct ListenerOptions {
  int backlog = 4096;
  /// Fails with "address in use" when another process listens on the address, although
  /// SO_REUSEPORT would let both share it. Off for every listener of an address but the first.
  bool exclusive = true;
};

/// One listening socket on one shard. Each shard has its own (SO_REUSEPORT), so the kernel spreads
/// connections over the shards and no socket ever moves between threads.
///
/// Owner:  the server. Thread: the shard's, or before it runs.
/// Limit:  kAcceptsPerTurn connections a turn, so that a connect storm does not starve live ones.
/// EMFILE: a reserve descriptor is given up to accept and close what waits, so that clients see
///         a closed connection instead of a hang; then accepting rests and retries by timer.
class Listener final : public Pollable {
 public:
  static constexpr std::size_t kAcceptsPerTurn = 64;
  static constexpr MonoMillis kRetryMs = 100;

  /// Binds and listens. With port 0 the system chooses; address() tells. The error is a sentence.
  static std::expected<std::unique_ptr<Listener>, std::string> open(Shard& shard,
                                                                    const SocketAddress& address,
                                                                    ListenerEvents& events,
                                                                    ListenerOptions options = {});
  ~Listener() override;

  /// The bound address, with the real port.
  [[nodiscard]] const SocketAddress& address() const { return address_; }

  /// Leaves new connections in the kernel's queue until resume().
  void pause();
  void resume();
  /// Stops listening for good; the kernel refuses new connections. Idempotent.
  void close();
  [[nodiscard]] bool accepting() const { return socket_ && !paused_; }

 private:
  Listener(Shard& shard, UniqueFd socket, const SocketAddress& address, ListenerEvents& events);

  void on_ready(bool readable, bool writable) override;
  void accept_batch();
  [[nodiscard]] bool accept_one();
  void exhausted(int error);
  [[nodiscard]] std::size_t refuse_waiting();

  Shard& shard_;
  UniqueFd socket_;
  SocketAddress address_;
  ListenerEvents& events_;
  UniqueFd reserve_;
  Timer retry_;
  bool paused_ = false;
  bool resting_ = false;
};

/// One listener per shard of `pool` on the same address; with port 0 all share the port that the
/// first one got. `events(i)` names who takes the connections of shard i.
std::expected<std::vector<std::unique_ptr<Listener>>, std::string> listen_on_every_shard(
    ShardPool& pool, const SocketAddress& address,
    const std::function<ListenerEvents&(std::size_t shard)>& events, ListenerOptions options = {});

}  // namespace tidewire::net
