#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "channel_view.h"
#include "frame_reader.h"
#include "link.h"
#include "oracle.h"
#include "random.h"
#include "schedule.h"

namespace tidewire::sim {

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
  std::function<std::string(const std::string& user)> token;
};

/// An application with a user: connects and comes back, publishes until it is acknowledged, lets a
/// message grow, reads along, changes shared state. Everything it sees is judged by ChannelViews.
///
/// Owner: the World. It never gives up while the run lasts.
class SimClient {
 public:
  SimClient(std::string name, std::string user, std::vector<std::string> channels,
            const ClientParts& parts);

  void start() { connect(); }
  /// Does one thing that its application might do now.
  void act();
  /// From now on it only brings to an end what it has begun.
  void calm() { calm_ = true; }

  // Faults that the world brings upon it.
  void cut_link();
  void silence_link();
  void stall_link(std::int64_t ms);

  /// What it still waits for; empty: connected, subscribed to everything, and nothing is open.
  [[nodiscard]] std::string unsettled() const;
  [[nodiscard]] const std::string& user() const { return user_; }
  [[nodiscard]] const std::vector<std::string>& channels() const { return channels_; }
  [[nodiscard]] ChannelView& view(const std::string& channel) { return views_.at(channel); }

  /// Asks, outside of the plot, and hands over the reply's payload.
  void ask(nlohmann::json message, std::function<void(const nlohmann::json&)> then);

 private:
  struct Outgoing {  // an event that has to be acknowledged
    std::string channel;
    std::string key;
    std::uint64_t seq = 0;  // instead of the key, within this session
    nlohmann::json payload;
  };
  struct Growing {  // a message that this client produces
    std::string channel;
    std::uint64_t generation = 0;
    std::vector<AnswerPiece> pieces;
    std::size_t sent = 0;
    std::size_t acknowledged = 0;
    std::uint64_t server_life = 0;  // that acknowledged
  };
  struct Zombie {  // a worker that was given up and does not know it
    std::string message_id;
    Growing message;
  };

  void connect();
  void on_bytes(const std::string& bytes);
  void on_end();
  void on_message(const nlohmann::json& message);
  void on_welcome(const nlohmann::json& payload);
  void on_resumed(const nlohmann::json& payload);
  void forget_session();
  void on_live_event(const std::string& channel, const nlohmann::json& event);
  [[nodiscard]] static bool must_ack(const std::string& channel);
  void plan_ack(const std::string& channel);
  void acknowledge(const std::string& channel);
  void on_subscribed(const std::string& channel, const nlohmann::json& payload);
  void say_goodbye();
  void on_unsubscribed(const nlohmann::json& message);
  void on_reply(const nlohmann::json& message);
  void watch();
  void subscribe(const std::string& channel);
  void subscribe_later(const std::string& channel);
  void on_refused(const std::string& channel, const nlohmann::json& reply);
  void send(const nlohmann::json& message);

  void publish_new();
  void publish(const Outgoing& event);
  void on_published(const std::string& key, const nlohmann::json& reply);
  void begin_message();
  void begin_again(const std::string& message_id, bool leave_zombie);
  void begin_some_again();
  [[nodiscard]] std::vector<AnswerPiece> new_pieces();
  void open_stream(const std::string& message_id, const Growing& message);
  void send_pieces();
  void send_piece(const std::string& message_id, const Growing& message, std::size_t index,
                  std::function<void(const nlohmann::json&)> then);
  void on_piece_reply(const std::string& message_id, std::uint64_t generation, std::size_t index,
                      const nlohmann::json& reply);
  void on_closed(const std::string& message_id);
  void send_as_zombie();
  void drop_message(const std::string& message_id) { growing_.erase(message_id); }
  void cancel_some();
  void change_state();
  void change_visibility();
  void choose_mode(const std::string& channel, nlohmann::json& payload);

  std::string name_;
  std::string user_;
  std::vector<std::string> channels_;
  ClientParts parts_;
  std::shared_ptr<Link> link_;
  std::string session_;             // to go on with; empty: none
  std::uint64_t seq_ = 0;           // of the session's numbered publishes
  std::set<std::string> restored_;  // channels that are on their way back
  std::uint64_t life_ = 0;          // of the connection; what belongs to an older one is ignored
  FrameReader frames_;
  bool active_ = false;
  bool calm_ = false;
  bool hidden_ = false;
  MonoMillis heard_at_ = 0;
  std::uint64_t made_ = 0;  // ids, keys, messages
  /// Of one subscription where acks are required.
  struct Acks {
    std::uint64_t top = 0;    // came with the subscription
    std::uint64_t asked = 0;  // the server may count so much as acknowledged
    std::uint64_t told = 0;   // and has said that it does
  };

  std::map<std::string, ChannelView> views_;
  std::map<std::string, Acks> acks_;
  std::map<std::string, bool> subscribed_;
  std::map<std::string, Outgoing> outgoing_;  // by key
  std::map<std::string, Growing> growing_;    // by message id
  std::vector<Zombie> zombies_;
  std::map<std::string, std::function<void(const nlohmann::json&)>> waiting_;  // by message `id`
};

}  // namespace tidewire::sim
