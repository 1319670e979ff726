#include "history/history_store.h"

#include <csignal>
#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "history/faulty_storage.h"
#include "history/memory_history_store.h"
#include "history/sqlite_disk.h"

namespace tidewire::history_store_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PublicationPtr publication(std::uint64_t offset, WallMillis ts = 1'000, std::string key = {}) {
  auto made = std::make_shared<Publication>();
  made->head = std::make_shared<const PublicationHead>(PublicationHead{
      .channel = "chat:a", .type = "chat_message", .sender = {"ann", "c1", "web/1"}});
  made->offset = offset;
  made->ts = ts;
  made->priority = Priority::high;
  made->echo = false;
  made->key = std::move(key);
  made->trace = "t1";
  const std::string json =
      R"({"type":"chat_message","payload":{"n":)" + std::to_string(offset) + "}}";
  made->frame = ws::SharedFrame::make(ws::Opcode::text, json);
  made->payload_at = json.find("{\"n\"");
  made->payload_size = json.size() - made->payload_at - 1;
  return made;
}

std::vector<std::uint64_t> offsets(const std::vector<PublicationPtr>& list) {
  std::vector<std::uint64_t> found;
  for (const auto& each : list) found.push_back(each->offset);
  return found;
}

/// A memory store that is opened again: the same object.
class MemoryDisk {
 public:
  HistoryStore& store() { return store_; }
  void restart() {}
  void settle(const std::function<bool()>& /*done*/) {}

 private:
  MemoryHistoryStore store_{MemoryHistoryStore::Keeps::channels};
};

/// The store that the simulation runs on: every transaction takes its time, none fails.
class SimulatedDisk {
 public:
  SimulatedDisk() { crash(); }
  HistoryStore& store() { return storage_->history(0); }
  void restart() {
    settle([this] { return tasks_.empty(); });
    crash();
  }
  void crash() {
    tasks_.clear();
    storage_ = std::make_unique<FaultyStorage>(
        rows_,
        DiskWorld{
            .later = [this](std::int64_t /*ms*/, Task task) { tasks_.push_back(std::move(task)); },
            .plan = [this] { return DiskPlan{.fails = fails}; },
            .readable = [] { return true; }},
        1);
  }
  void settle(const std::function<bool()>& done) {
    while (!done()) {
      ASSERT_FALSE(tasks_.empty());
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }

  bool fails = false;

 private:
  DiskRows rows_;
  std::deque<Task> tasks_;
  std::unique_ptr<FaultyStorage> storage_;
};

/// The rules every HistoryStore keeps.
template <typename Disk>
class HistoryStoreRules : public testing::Test {
 protected:
  ChannelLife open(const OpenLimits& limits = {.now = 1'000}) {
    auto life = disk.store().open("chat:a", limits);
    EXPECT_TRUE(life);
    return std::move(*life);
  }
  void write(const StoredChannelPtr& channel, StoreChange change) {
    ++sent_;
    ASSERT_TRUE(disk.store().write(channel, std::move(change),
                                   [this](const std::expected<void, Error>& done) {
                                     EXPECT_TRUE(done);
                                     ++answered_;
                                   }));
  }
  void settle() {
    disk.settle([this] { return answered_ == sent_; });
  }
  void append(const StoredChannelPtr& channel, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t i = first; i <= last; ++i)
      write(channel,
            AppendChange{.publication = publication(i), .total = i * 10, .expires_at = 1'000'000});
    settle();
  }
  std::vector<PublicationPtr> read(const StoredChannelPtr& channel, const StoreRead& wanted) {
    std::optional<std::vector<PublicationPtr>> found;
    disk.store().read(channel, wanted, [&](std::expected<std::vector<PublicationPtr>, Error> each) {
      found = std::move(each.value());
    });
    disk.settle([&] { return found.has_value(); });
    return std::move(*found);
  }

  Disk disk;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
};

using Stores = testing::Types<MemoryDisk, SqliteDisk, SimulatedDisk>;
TYPED_TEST_SUITE(HistoryStoreRules, Stores);

TYPED_TEST(HistoryStoreRules, AChannelThatNeverWasHasAFreshEpochAndNothingElse) {
  const ChannelLife life = this->open();
  EXPECT_EQ(life.channel->name, "chat:a");
  EXPECT_FALSE(life.channel->epoch.empty());
  EXPECT_EQ(life.top, 0U);
  EXPECT_EQ(life.first_offset, 0U);
  EXPECT_TRUE(life.newest.empty());
}

TYPED_TEST(HistoryStoreRules, GivesBackEveryFieldAfterARestart) {
  const std::string epoch = [&] {
    const ChannelLife life = this->open();
    this->append(life.channel, 1, 3);
    return life.channel->epoch;
  }();
  this->disk.restart();
  const ChannelLife life = this->open();
  EXPECT_EQ(life.channel->epoch, epoch);
  EXPECT_EQ(life.top, 3U);
  EXPECT_EQ(life.bytes_total, 30U);
  EXPECT_EQ(life.first_offset, 1U);
  ASSERT_THAT(offsets(life.newest), ElementsAre(1, 2, 3));
  const Publication& each = *life.newest[1];
  EXPECT_EQ(each.json(), R"({"type":"chat_message","payload":{"n":2}})");
  EXPECT_EQ(each.payload(), R"({"n":2})");
  EXPECT_EQ(each.type(), "chat_message");
  EXPECT_EQ(each.priority, Priority::high);
  EXPECT_FALSE(each.echo);
  EXPECT_EQ(each.sender().user_id, "ann");
  EXPECT_EQ(each.sender().connection_id, "c1");
  EXPECT_EQ(each.sender().client, "web/1");
  EXPECT_EQ(each.trace, "t1");
  EXPECT_EQ(each.ts, 1'000);
}

TYPED_TEST(HistoryStoreRules, OpensNoMoreThanAskedFor) {
  this->append(this->open().channel, 1, 9);
  this->disk.restart();
  const ChannelLife few = this->open({.count_max = 2, .now = 1'000});
  EXPECT_THAT(offsets(few.newest), ElementsAre(8, 9));
  EXPECT_EQ(few.first_offset, 1U);
  const std::size_t each = few.newest.front()->cost();
  EXPECT_THAT(offsets(this->open({.bytes_max = 3 * each, .now = 1'000}).newest),
              ElementsAre(7, 8, 9));
}

TYPED_TEST(HistoryStoreRules, ReadsRangesBothWaysWithinWhatIsKept) {
  const auto channel = this->open().channel;
  this->append(channel, 1, 9);
  EXPECT_THAT(offsets(this->read(channel, {.first = 3, .last = 5, .limit = 9})),
              ElementsAre(3, 4, 5));
  EXPECT_THAT(offsets(this->read(channel, {.limit = 2})), ElementsAre(1, 2));
  EXPECT_THAT(offsets(this->read(channel, {.last = 5, .limit = 2, .reverse = true})),
              ElementsAre(5, 4));
  EXPECT_THAT(offsets(this->read(channel, {.limit = 99, .kept = {.first_offset = 8}})),
              ElementsAre(8, 9));
  EXPECT_THAT(offsets(this->read(channel, {.limit = 99, .kept = {.bytes_before = 80}})),
              ElementsAre(9));
  EXPECT_TRUE(this->read(channel, {.limit = 99, .kept = {.oldest_ts = 1'001}}).empty());
  EXPECT_TRUE(this->read(channel, {.limit = 0}).empty());
}

TYPED_TEST(HistoryStoreRules, TrimsByCountBytesAndAgeAndKeepsTheTop) {
  const auto channel = this->open().channel;
  this->append(channel, 1, 9);
  this->disk.store().trim(channel, {.first_offset = 4}, 1'000);
  this->append(channel, 10, 10);
  EXPECT_EQ(this->open().first_offset, 4U);
  this->disk.store().trim(channel, {.bytes_before = 60}, 1'000);
  this->append(channel, 11, 11);
  EXPECT_EQ(this->open().first_offset, 7U);
  this->disk.store().trim(channel, {.oldest_ts = 1'001}, 1'000);
  this->write(channel, StateSetChange{{.key = "k", .json = "1", .version = 1}});
  this->settle();
  this->disk.restart();
  const ChannelLife life = this->open();
  EXPECT_TRUE(life.newest.empty());
  EXPECT_EQ(life.top, 11U);
  EXPECT_EQ(life.channel->epoch, channel->epoch);
}

TYPED_TEST(HistoryStoreRules, KeysOutliveTheirPublicationUntilTheirTime) {
  const auto channel = this->open().channel;
  this->write(channel, AppendChange{.publication = publication(1, 1'000, "the client's"),
                                    .total = 10,
                                    .expires_at = 2'000,
                                    .key = "k1",
                                    .key_expires_at = 5'000});
  this->append(channel, 2, 2);
  this->disk.store().trim(channel, {.first_offset = 2}, 1'000);
  this->disk.restart();
  const ChannelLife life = this->open({.now = 4'999});
  ASSERT_EQ(life.keys.size(), 1U);
  EXPECT_EQ(life.keys[0].user_id, "ann");
  EXPECT_EQ(life.keys[0].key, "k1");
  EXPECT_EQ(life.keys[0].offset, 1U);
  EXPECT_EQ(life.keys[0].expires_at, 5'000);
  EXPECT_TRUE(this->open({.now = 5'000}).keys.empty());
}

TYPED_TEST(HistoryStoreRules, StateKeepsValuesAndTheHighestVersion) {
  const auto channel = this->open().channel;
  this->write(channel,
              StateSetChange{{.key = "a", .json = "1", .version = 1, .from = {"ann", "c", "w"}}});
  this->write(channel,
              StateSetChange{{.key = "a", .json = "2", .version = 2, .from = {"ann", "c", "w"}}});
  this->write(channel,
              StateSetChange{{.key = "t", .json = "3", .version = 3, .expires_at = 2'000}});
  this->write(channel, StateSetChange{{.key = "gone", .json = "4", .version = 4}});
  this->write(channel, StateEraseChange{.key = "gone", .version = 5});
  this->settle();
  this->disk.restart();
  const ChannelLife life = this->open({.now = 1'999});
  ASSERT_EQ(life.state.size(), 2U);
  EXPECT_EQ(life.state[0].json, "2");
  EXPECT_EQ(life.state[0].version, 2U);
  EXPECT_EQ(life.state[0].from.user_id, "ann");
  EXPECT_EQ(life.state[1].expires_at, 2'000);
  EXPECT_EQ(life.state_version, 5U);
  EXPECT_EQ(this->open({.now = 2'000}).state.size(), 1U);
}

TYPED_TEST(HistoryStoreRules, CursorsAreKeptByConsumer) {
  const auto channel = this->open().channel;
  this->write(channel, CursorChange{{.consumer = "ann", .offset = 1, .body = "x"}});
  this->write(channel, CursorChange{{.consumer = "ann", .offset = 7, .body = "y"}});
  this->write(channel, CursorChange{{.consumer = "bob", .offset = 2}});
  this->write(channel, CursorEraseChange{.consumer = "bob"});
  this->settle();
  this->disk.restart();
  const ChannelLife life = this->open();
  ASSERT_EQ(life.cursors.size(), 1U);
  EXPECT_EQ(life.cursors[0].offset, 7U);
  EXPECT_EQ(life.cursors[0].body, "y");
}

TYPED_TEST(HistoryStoreRules, AgreesWithAModelUnderAnySequence) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    TypeParam disk;
    auto life = disk.store().open("chat:a", {.now = 1'000});
    StoredChannelPtr channel = life->channel;
    std::uint64_t top = 0;
    std::uint64_t first = 1;
    std::size_t open = 0;
    for (int step = 0; step < 60; ++step) {
      switch (random() % 5) {
        case 0:
          first = std::max(first, 1 + random() % (top + 1));
          disk.store().trim(channel, {.first_offset = first}, 1'000);
          break;
        case 1:
          disk.settle([&] { return open == 0; });
          disk.restart();
          life = disk.store().open("chat:a", {.now = 1'000});
          ASSERT_EQ(life->top, top) << "seed " << seed;
          ASSERT_TRUE(top == 0 || life->channel->epoch == channel->epoch) << "seed " << seed;
          channel = life->channel;
          ASSERT_EQ(life->newest.size(), top + 1 - first) << "seed " << seed;
          break;
        default:
          ++top;
          ++open;
          ASSERT_TRUE(disk.store().write(
              channel, AppendChange{.publication = publication(top), .total = top * 10},
              [&](const std::expected<void, Error>& done) {
                ASSERT_TRUE(done);
                --open;
              }));
      }
    }
    disk.settle([&] { return open == 0; });
  }
}

/// A group that fails takes along what was queued behind it, and a crash what was not committed.
TEST(FaultyStorageTest, FailsAndForgetsAsAFileDoes) {
  SimulatedDisk disk;
  StoredChannelPtr channel = disk.store().open("chat:a", {})->channel;
  std::vector<std::string> answers;
  const std::function<void(std::uint64_t, std::string)> append = [&](std::uint64_t offset,
                                                                     const std::string& name) {
    ASSERT_TRUE(disk.store().write(channel,
                                   AppendChange{.publication = publication(offset), .total = 1},
                                   [&, name](const std::expected<void, Error>& done) {
                                     answers.push_back(name + (done ? " good" : " bad"));
                                     if (name == "a" && !done) append(1, "again");
                                   }));
  };
  disk.fails = true;
  append(1, "a");
  disk.fails = false;
  append(2, "b");
  append(3, "c");
  disk.settle([&] { return answers.size() == 4; });
  EXPECT_THAT(answers, ElementsAre("a bad", "b bad", "c bad", "again good"));
  append(2, "lost");
  disk.crash();
  EXPECT_EQ(disk.store().open("chat:a", {})->top, 1U);
}

struct SqliteFileTest : testing::Test {
  std::string refusal() {
    disk.end();
    auto opened = SqliteStorage::open(disk.options());
    return opened ? "" : opened.error();
  }
  std::string bytes() const {
    std::ifstream file(disk.path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  SqliteDisk disk;
};

TEST_F(SqliteFileTest, IsReadableByItsOwnerOnly) {
  struct stat status = {};
  ASSERT_EQ(::stat(disk.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SqliteFileTest, ASecondProcessIsRefused) {
  const auto second = SqliteStorage::open(disk.options());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("is in use by another process"));
  EXPECT_THAT(second.error(), HasSubstr(disk.path()));
}

TEST_F(SqliteFileTest, ADamagedFileIsRefusedAndLeftAsItIs) {
  disk.end();
  std::ofstream(disk.path(), std::ios::binary) << std::string(8'192, 'x');
  EXPECT_THAT(refusal(), HasSubstr(disk.path()));
  EXPECT_EQ(bytes(), std::string(8'192, 'x'));
}

TEST_F(SqliteFileTest, ADamagedPageIsFoundAtTheStart) {
  disk.end();
  std::fstream file(disk.path(), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(4'096);
  file << std::string(4'096, '\xff');
  file.close();
  const std::string before = bytes();
  EXPECT_THAT(refusal(), HasSubstr("cannot be used"));
  EXPECT_EQ(bytes(), before);
}

TEST_F(SqliteFileTest, ANewerLayoutAndAnotherProgramsFileAreRefused) {
  disk.end();
  {
    SqliteDb(disk.path(), "").run("PRAGMA user_version = 99");
  }
  EXPECT_THAT(refusal(), HasSubstr("newer version"));
  {
    SqliteDb(disk.path(), "").run("PRAGMA user_version = 1; PRAGMA application_id = 7");
  }
  EXPECT_THAT(refusal(), HasSubstr("another program"));
}

TEST_F(SqliteFileTest, AMachineThatWentDownWithSyncOffBeginsNewEpochs) {
  disk.end();
  auto options = disk.options();
  options.file.sync = HistorySync::off;
  options.file.boot_id = "boot-1";
  std::string epoch;
  std::string empty;
  {
    auto storage = SqliteStorage::open(options);
    empty = (*storage)->history(0).open("chat:empty", {})->channel->epoch;
    const auto life = (*storage)->history(0).open("chat:a", {});
    epoch = life->channel->epoch;
    ASSERT_TRUE((*storage)->history(0).write(
        life->channel, AppendChange{.publication = publication(1), .total = 10},
        [](const std::expected<void, Error>&) {}));
  }
  {
    const auto storage = SqliteStorage::open(options);
    EXPECT_EQ((*storage)->history(0).open("chat:a", {})->top, 1U) << "it ended well";
    EXPECT_EQ((*storage)->history(0).open("chat:empty", {})->channel->epoch, empty);
  }
  // As after a crash: nobody noted the end.
  {
    SqliteDb(disk.path(), "").run("UPDATE meta SET value = '0' WHERE name = 'clean'");
  }
  {
    const auto storage = SqliteStorage::open(options);
    EXPECT_FALSE((*storage)->began_anew()) << "the machine is the same: only the process crashed";
  }
  {
    SqliteDb(disk.path(), "").run("UPDATE meta SET value = '0' WHERE name = 'clean'");
  }
  {
    SqliteDb(disk.path(), "")
        .run(R"(INSERT INTO sessions VALUES ('s', 'ann', '{"events":[],"publishes":[1]}', 1))");
  }
  options.file.boot_id = "boot-2";
  const auto storage = SqliteStorage::open(options);
  EXPECT_TRUE((*storage)->began_anew());
  const auto life = (*storage)->history(0).open("chat:a", {});
  EXPECT_EQ(life->top, 0U);
  EXPECT_NE(life->channel->epoch, epoch);
  EXPECT_NE((*storage)->history(0).open("chat:empty", {})->channel->epoch, empty)
      << "what it held may be what was lost";
  EXPECT_EQ(SqliteDb(disk.path(), "").text("SELECT body FROM sessions"), R"({"events":[]})")
      << "the answers to numbered publishes name what is gone";
}

TEST_F(SqliteFileTest, AChannelWithoutAWordKeepsItsEpochOverARestart) {
  const auto epoch = [&](const char* name) { return disk.store().open(name, {})->channel->epoch; };
  const std::string before = epoch("chat:a");
  EXPECT_EQ(epoch("chat:a"), before);
  EXPECT_NE(epoch("chat:b"), before);
  disk.restart();
  EXPECT_EQ(epoch("chat:a"), before);
}

/// A file that may not grow any more, as on a full disk.
TEST_F(SqliteFileTest, AFullDiskFailsWhatWaitsAndWritesNothingQueuedBehindIt) {
  HistoryStore& store = disk.store();
  const auto life = store.open("chat:a", {});
  std::size_t good = 0;
  std::size_t bad = 0;
  std::string reason;
  const auto append = [&](std::uint64_t offset, std::size_t bytes) {
    auto made = std::make_shared<Publication>(*publication(offset));
    made->trace.assign(bytes, 't');
    return store.write(life->channel, AppendChange{.publication = std::move(made), .total = offset},
                       [&](const std::expected<void, Error>& done) {
                         done ? ++good : ++bad;
                         if (!done) reason = done.error().message;
                       });
  };
  ASSERT_TRUE(append(1, 1));
  disk.settle([&] { return good == 1; });

  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit full = before;
  full.rlim_cur = 1;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  ASSERT_TRUE(append(2, 1'000));
  ASSERT_TRUE(append(3, 1'000));
  disk.settle([&] { return bad == 2; });
  EXPECT_THAT(reason, HasSubstr("the history store cannot write"));
  EXPECT_TRUE(disk.storage().fault());
  EXPECT_GE(disk.storage().metrics().failures.value(), 1U);
  EXPECT_EQ(store.open("chat:b", {})->top, 0U) << "reads go on";
  EXPECT_EQ(store.open("chat:a", {})->top, 1U);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);

  ASSERT_TRUE(append(2, 1));
  disk.settle([&] { return good == 2; });
  EXPECT_FALSE(disk.storage().fault());
  const auto again = store.open("chat:a", {});
  EXPECT_EQ(again->top, 2U);
  EXPECT_EQ(again->newest.back()->trace, "t") << "the second 2, not the first";
}

TEST_F(SqliteFileTest, AFullQueueRefuses) {
  disk.end();
  auto options = disk.options();
  options.queue_bytes_max = 100;
  auto storage = SqliteStorage::open(options);
  const auto life = (*storage)->history(0).open("chat:a", {});
  const auto refused = (*storage)->history(0).write(
      life->channel, AppendChange{.publication = publication(1), .total = 1},
      [](const std::expected<void, Error>&) { FAIL(); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
}

}  // namespace
}  // namespace tidewire::history_store_test
