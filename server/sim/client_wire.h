#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "frame_reader.h"
#include "link.h"
#include "oracle.h"
#include "random.h"
#include "schedule.h"

namespace tidewire::sim {

/// Who a client is.
struct ClientName {
  std::string device;
  std::string user;
  std::vector<std::string> channels;
};

/// What a client needs of its world.
struct ClientParts {
  Schedule& schedule;
  Random& random;
  Oracle& oracle;
  /// A link to the server; nullptr: nobody listens there now.
  std::function<std::shared_ptr<Link>()> dial;
  /// How many events may be unacknowledged where acks are required; 0: some become dead letters,
  /// and nobody tells the consumer, so it cannot know.
  std::uint64_t ack_window = 0;
  bool receipts = false;          // consumers acknowledge everywhere, publishers ask who has
  bool calls = false;             // methods are called
  bool works_for_others = false;  // this client serves them
  std::function<std::string(const std::string& user)> token;
  /// A session of somebody else; empty: there is none.
  std::function<std::string(const std::string& user)> foreign_session;
};

/// A client's connections, one after the other: frames, replies by `id`, and whether the server is
/// still there. It knows nothing of channels.
///
/// Owner: a SimClient. Rule: a command with an `id` gets one reply, and never another.
class ClientWire {
 public:
  using Then = std::function<void(const nlohmann::json&)>;

  struct Events {
    std::function<void()> begins;  // a new connection: what belonged to the last one is gone
    std::function<void()> opened;  // it can be written to
    std::function<void()> ended;
    std::function<void(const nlohmann::json&)> message;  // that is no reply
    std::function<bool(unsigned code)> deserved;         // it may be sent away with that code
  };

  ClientWire(std::string device, const ClientParts& parts, Events events)
      : device_(std::move(device)), parts_(parts), events_(std::move(events)) {}

  void connect();
  void send(const nlohmann::json& message);
  /// Answers the `id` that the reply will have.
  std::string ask(nlohmann::json message, Then then);
  /// The server has answered otherwise.
  void forget(const std::string& id) { waiting_.erase(id); }
  void close(const std::string& payload);
  /// Runs `task` then, if this connection is still the one.
  void later(std::int64_t ms, std::function<void()> task);

  /// The life of the server in which this connection was made.
  [[nodiscard]] std::uint64_t server_life() const { return server_life_; }
  /// A number that this client has not used.
  std::uint64_t number() { return ++made_; }
  [[nodiscard]] bool waits() const { return !waiting_.empty(); }

  // Faults that the world brings upon it.
  void cut();
  void fall_silent();
  void stall(std::int64_t ms);
  void finish() { link_->finish(); }

 private:
  void on_bytes(const std::string& bytes);
  void on_end();
  void on_message(const nlohmann::json& message);
  void on_reply(const nlohmann::json& message);
  void on_close(const std::string& payload);
  void watch();

  std::string device_;
  const ClientParts& parts_;
  Events events_;
  std::shared_ptr<Link> link_;
  std::uint64_t life_ = 0;  // of the connection; what belongs to an older one is ignored
  std::uint64_t server_life_ = 0;
  FrameReader frames_;
  MonoMillis heard_at_ = 0;
  std::uint64_t made_ = 0;
  std::map<std::string, Then> waiting_;  // by message `id`
};

}  // namespace tidewire::sim
