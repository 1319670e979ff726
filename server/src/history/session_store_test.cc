#include "history/session_store.h"

#include <gtest/gtest.h>

#include "history/faulty_storage.h"
#include "history/sqlite_disk.h"

namespace tidewire::session_store_test {
namespace {

/// Makes an empty store, and waits for what it answers later.
class MemorySessions {
 public:
  explicit MemorySessions(const SessionStoreLimits& limits) : store_(limits) {}
  SessionStore& store() { return store_; }
  void settle(const std::function<bool()>& /*done*/) {}

 private:
  MemorySessionStore store_;
};

class SqliteSessions {
 public:
  explicit SqliteSessions(const SessionStoreLimits& limits) : disk_(limits) {}
  SessionStore& store() { return disk_.sessions(); }
  void settle(const std::function<bool()>& done) { disk_.settle(done); }

 private:
  SqliteDisk disk_;
};

/// A disk that answers when settle() lets it.
class SimulatedSessions {
 public:
  explicit SimulatedSessions(const SessionStoreLimits& limits)
      : rows_{.channels = MemoryHistoryStore(MemoryHistoryStore::Keeps::channels),
              .sessions = MemorySessionStore(limits)} {}
  SessionStore& store() { return storage_.sessions(0); }
  void settle(const std::function<bool()>& done) {
    while (!done()) {
      ASSERT_FALSE(tasks_.empty());
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }

 private:
  DiskRows rows_;
  std::deque<Task> tasks_;
  FaultyStorage storage_{
      rows_,
      {.later = [this](std::int64_t /*ms*/, Task task) { tasks_.push_back(std::move(task)); },
       .plan = [] { return DiskPlan{}; },
       .readable = [] { return true; }},
      1};
};

/// The rules every SessionStore keeps.
template <typename Made>
class SessionStoreRules : public testing::Test {
 protected:
  std::expected<void, Error> put(const SessionRecord& record) {
    std::optional<std::expected<void, Error>> answer;
    made.store().put(record, [&](std::expected<void, Error> done) { answer = std::move(done); });
    made.settle([&] { return answer.has_value(); });
    return *answer;
  }
  std::optional<SessionRecord> get(const std::string& id, WallMillis now) {
    std::optional<SessionRecord> record;
    std::optional<bool> answered;
    made.store().get(id, now, [&](std::expected<std::optional<SessionRecord>, Error> found) {
      answered = found.has_value();
      if (found) record = std::move(*found);
    });
    made.settle([&] { return answered.has_value(); });
    EXPECT_TRUE(*answered);
    return record;
  }
  void erase(const std::string& id) {
    std::optional<bool> answered;
    made.store().erase(
        id, [&](const std::expected<void, Error>& done) { answered = done.has_value(); });
    made.settle([&] { return answered.has_value(); });
    EXPECT_TRUE(*answered);
  }

  Made made{SessionStoreLimits{.records_max = 3, .body_bytes_max = 8}};
};

using Stores = testing::Types<MemorySessions, SqliteSessions, SimulatedSessions>;
TYPED_TEST_SUITE(SessionStoreRules, Stores);

TYPED_TEST(SessionStoreRules, GivesBackWhatWasPut) {
  ASSERT_TRUE(this->put({.id = "s1", .user_id = "ann", .body = "{\"a\":1}", .expires_at = 100}));
  const auto found = this->get("s1", 99);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "s1");
  EXPECT_EQ(found->user_id, "ann");
  EXPECT_EQ(found->body, "{\"a\":1}");
  EXPECT_EQ(found->expires_at, 100);
  EXPECT_FALSE(this->get("s2", 0));
}

TYPED_TEST(SessionStoreRules, APutReplacesTheRecordOfThatId) {
  ASSERT_TRUE(this->put({.id = "s1", .body = "one", .expires_at = 100}));
  ASSERT_TRUE(this->put({.id = "s1", .body = "two", .expires_at = 200}));
  EXPECT_EQ(this->get("s1", 150)->body, "two");
  this->made.store().expire(150);
  EXPECT_TRUE(this->get("s1", 150)) << "the first record's time must not end the second";
}

TYPED_TEST(SessionStoreRules, ARecordEndsAtItsTimeSweptOrNot) {
  ASSERT_TRUE(this->put({.id = "s1", .expires_at = 100}));
  EXPECT_FALSE(this->get("s1", 100));
  ASSERT_TRUE(this->put({.id = "s2", .expires_at = 200}));
  this->made.store().expire(100);
  EXPECT_FALSE(this->get("s1", 0)) << "swept";
  EXPECT_TRUE(this->get("s2", 0));
}

TYPED_TEST(SessionStoreRules, EraseForgetsAndIsIdempotent) {
  ASSERT_TRUE(this->put({.id = "s1", .expires_at = 100}));
  this->erase("s1");
  this->erase("s1");
  EXPECT_FALSE(this->get("s1", 0));
}

TYPED_TEST(SessionStoreRules, RefusesALargerBodyAndOneRecordMore) {
  EXPECT_TRUE(this->put({.id = "s1", .body = std::string(8, 'x'), .expires_at = 100}));
  const auto larger = this->put({.id = "s2", .body = std::string(9, 'x'), .expires_at = 100});
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().code, ErrorCode::limit_exceeded);
  EXPECT_FALSE(this->get("s2", 0));

  EXPECT_TRUE(this->put({.id = "s2", .expires_at = 100}));
  EXPECT_TRUE(this->put({.id = "s3", .expires_at = 100}));
  const auto more = this->put({.id = "s4", .expires_at = 100});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(this->put({.id = "s3", .expires_at = 200})) << "replacing is not one more";
  this->made.store().expire(100);
  EXPECT_TRUE(this->put({.id = "s4", .expires_at = 200}));
}

TEST(SqliteSessions, OneThatHadAConnectionEndsSomeTimeAfterTheNextStart) {
  SqliteDisk disk;
  const auto put = [&](const SessionRecord& record) {
    bool done = false;
    disk.sessions().put(record, [&](const auto& result) { done = result.has_value(); });
    disk.settle([&] { return done; });
  };
  const auto is_there = [&](const std::string& id, WallMillis now) {
    std::optional<bool> there;
    disk.sessions().get(id, now, [&](std::expected<std::optional<SessionRecord>, Error> found) {
      there = found && found->has_value();
    });
    disk.settle([&] { return there.has_value(); });
    return *there;
  };
  put({.id = "open", .user_id = "ann", .expires_at = kWhileConnected});
  put({.id = "parked", .user_id = "bob", .expires_at = 100});
  put({.id = "later", .expires_at = 300});
  disk.sessions().expire(50);
  EXPECT_TRUE(is_there("open", 50));
  disk.connected_until = 200;
  disk.restart();
  ASSERT_EQ(disk.found_sessions.size(), 3U);
  EXPECT_EQ(disk.found_sessions[0].id, "parked");
  EXPECT_EQ(disk.found_sessions[0].user_id, "bob");
  EXPECT_EQ(disk.found_sessions[0].expires_at, 100);
  EXPECT_EQ(disk.found_sessions[1].expires_at, 200);
  EXPECT_TRUE(disk.found_sessions[1].body.empty());
  EXPECT_TRUE(is_there("open", 199));
  EXPECT_FALSE(is_there("open", 200));
  EXPECT_FALSE(is_there("later", 200)) << "session.ttl is shorter now";
  EXPECT_TRUE(is_there("parked", 99));
  EXPECT_FALSE(is_there("parked", 100)) << "what had none keeps its time";
}

}  // namespace
}  // namespace tidewire::session_store_test
