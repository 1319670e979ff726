#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "answer.h"
#include "client_wire.h"

namespace tidewire::sim {

/// The growing messages of one client: sends their pieces until they are whole, begins some again,
/// and leaves workers behind that do not know that they were given up.
class Producer {
 public:
  Producer(const ClientName& name, const ClientParts& parts, ClientWire& wire)
      : name_(name), parts_(parts), wire_(wire) {}

  void begin_message();
  void begin_some_again();
  void send_pieces();
  /// On a new connection: what has no answer is sent again.
  void send_again();
  /// A worker that was given up goes on. What it says must not get into the new answer.
  void send_as_zombie();
  /// Somebody has cancelled it.
  void drop(const std::string& message_id) { growing_.erase(message_id); }

  /// What it still waits for; empty: nothing.
  [[nodiscard]] std::string unsettled() const;

 private:
  struct Growing {
    std::string channel;
    std::uint64_t generation = 0;
    std::vector<AnswerPiece> pieces;
    std::size_t sent = 0;
    std::size_t acknowledged = 0;
    std::uint64_t server_life = 0;  // that acknowledged
  };
  struct Zombie {
    std::string message_id;
    Growing message;
  };

  void begin_again(const std::string& message_id, bool leave_zombie);
  [[nodiscard]] std::vector<AnswerPiece> new_pieces();
  void open_stream(const std::string& message_id, const Growing& message);
  void send_piece(const std::string& message_id, const Growing& message, std::size_t index,
                  ClientWire::Then then);
  void on_reply(const std::string& message_id, std::uint64_t generation, std::size_t index,
                const nlohmann::json& reply);
  void on_closed(const std::string& message_id);

  const ClientName& name_;
  const ClientParts& parts_;
  ClientWire& wire_;
  std::map<std::string, Growing> growing_;  // by message id
  std::vector<Zombie> zombies_;
};

}  // namespace tidewire::sim
