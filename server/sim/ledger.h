#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace tidewire::sim {

/// How far a consumer is, as it has said itself or as the server tells it.
struct Cursor {
  std::uint64_t delivered = 0;
  std::uint64_t read = 0;
};

/// What each user has really acknowledged, so that no receipt says more.
class ReceiptLedger {
 public:
  /// The user's client says so now; the server may count it from here on.
  void passed(const std::string& channel, const std::string& epoch, const std::string& user,
              const Cursor& cursor);
  /// Throws Violation when `told` is ahead of what the user has said.
  void check(const std::string& channel, const std::string& epoch, const std::string& user,
             const Cursor& told) const;

 private:
  std::map<std::tuple<std::string, std::string, std::string>, Cursor> cursors_;
};

/// What became of each call, as the workers know it.
class RpcLedger {
 public:
  [[nodiscard]] std::uint64_t begin(bool idempotent);
  /// A worker was asked.
  void asked(std::uint64_t call, std::uint64_t attempt);
  void answered(std::uint64_t call, const std::string& by) { calls_.at(call).answers.insert(by); }
  void failed(std::uint64_t call) { calls_.at(call).failed = true; }
  void cancelled(std::uint64_t call) { calls_.at(call).cancelled = true; }

  /// What the caller is told has to be what a worker said.
  void check_result(std::uint64_t call, const std::string& by) const;
  void check_error(std::uint64_t call, const std::string& name, std::int64_t waited_ms,
                   std::int64_t timeout_ms) const;

 private:
  struct Call {
    bool idempotent = false;
    std::uint64_t asked = 0;
    bool failed = false;
    bool cancelled = false;
    std::set<std::string> answers;
  };
  std::map<std::uint64_t, Call> calls_;
};

/// The events that the application sends to sessions and users.
class DirectLedger {
 public:
  /// Sent to one session, which has taken it or keeps it.
  void taken(const std::string& key, const std::string& session, std::uint64_t server_life);
  /// A client has it. True: for the first time.
  bool received(const std::string& key, const std::string& session) {
    return received_.emplace(key, session).second;
  }
  /// In the server's last life `session` has lost nothing.
  void check(const std::string& who, const std::string& session, std::uint64_t server_life) const;

 private:
  struct Sent {
    std::string session;
    std::uint64_t server_life;
  };
  std::map<std::string, Sent> sent_;  // by key
  std::set<std::pair<std::string, std::string>> received_;
};

}  // namespace tidewire::sim
