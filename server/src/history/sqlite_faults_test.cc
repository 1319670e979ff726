#include <latch>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/faulty_disk.h"
#include "history/sqlite_disk.h"
#include "history/sqlite_reader.h"
#include "history/sqlite_transaction.h"

namespace tidewire::sqlite_faults_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PublicationPtr publication(std::uint64_t offset, std::string text = "x") {
  auto made = std::make_shared<Publication>();
  made->head = std::make_shared<const PublicationHead>(PublicationHead{
      .channel = "chat:a", .type = "chat_message", .sender = {"ann", "c1", "web/1"}});
  made->offset = offset;
  made->ts = 1'000;
  made->trace = std::move(text);
  made->frame = ws::SharedFrame::make(ws::Opcode::text, R"({"payload":{}})");
  made->payload_at = 11;
  made->payload_size = 2;
  return made;
}

/// A store on a disk that can be told to fail.
class SqliteFaults : public testing::Test {
 protected:
  void append(std::uint64_t offset, std::string text = "x") {
    ++sent_;
    ASSERT_TRUE(disk_.store().write(
        channel_,
        AppendChange{.publication = publication(offset, std::move(text)), .total = offset},
        [this, offset](const std::expected<void, Error>& done) {
          ++answered_;
          if (done) {
            stored_.push_back(offset);
          } else {
            reason_ = done.error().message;
          }
        }));
  }
  void settle() {
    disk_.settle([this] { return answered_ == sent_; });
  }
  std::vector<std::string> read_all() {
    std::optional<std::vector<std::string>> texts;
    disk_.store().read(channel_, {.limit = 1'000},
                       [&](std::expected<std::vector<PublicationPtr>, Error> found) {
                         texts.emplace();
                         for (const auto& each : found.value()) texts->push_back(each->trace);
                       });
    disk_.settle([&] { return texts.has_value(); });
    return *texts;
  }

  FaultyDisk faulty_;
  SqliteDisk disk_{{}, faulty_.name()};
  StoredChannelPtr channel_ = disk_.store().open("chat:a", {})->channel;
  std::vector<std::uint64_t> stored_;  // what was acknowledged
  std::string reason_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
};

TEST_F(SqliteFaults, AWriteThatFailsIsNotAcknowledgedAndReadsGoOn) {
  append(1, "one");
  settle();
  faulty_.fail_writes_after(0);
  append(2, "lost");
  settle();
  EXPECT_THAT(stored_, ElementsAre(1));
  EXPECT_THAT(reason_, HasSubstr("the history store cannot write"));
  EXPECT_TRUE(disk_.storage().fault());
  EXPECT_THAT(read_all(), ElementsAre("one"));
  faulty_.heal();
  append(2, "two");
  settle();
  EXPECT_FALSE(disk_.storage().fault());
  EXPECT_THAT(read_all(), ElementsAre("one", "two"));
}

TEST_F(SqliteFaults, ASyncThatFailsAcknowledgesNothing) {
  append(1, "one");
  settle();
  faulty_.fail_syncs_after(0);
  append(2, "lost");
  settle();
  EXPECT_THAT(stored_, ElementsAre(1));
  EXPECT_TRUE(disk_.storage().fault());
  faulty_.heal();
  append(2, "two");
  settle();
  disk_.restart();
  channel_ = disk_.store().open("chat:a", {})->channel;
  EXPECT_THAT(read_all(), ElementsAre("one", "two"));
}

TEST_F(SqliteFaults, WhereverADiskBreaksExactlyWhatWasAcknowledgedIsThere) {
  std::vector<std::string> expected;
  std::uint64_t next = 1;
  for (std::int64_t breaks_at = 0; breaks_at < 40; ++breaks_at) {
    const bool syncs = breaks_at % 4 == 3;
    syncs ? faulty_.fail_syncs_after(breaks_at / 4) : faulty_.fail_writes_after(breaks_at);
    for (int i = 0; i < 10; ++i) {
      const std::size_t before = stored_.size();
      const std::string text = std::to_string(breaks_at) + "." + std::to_string(i);
      append(next, text);
      settle();
      if (stored_.size() == before) break;
      expected.push_back(text);
      ++next;
    }
    faulty_.heal();
    ASSERT_EQ(read_all(), expected) << "broken after " << breaks_at;
  }
  disk_.restart();
  channel_ = disk_.store().open("chat:a", {})->channel;
  EXPECT_EQ(read_all(), expected);
}

TEST_F(SqliteFaults, ASlowDiskDelaysAcknowledgementsAndNoReads) {
  append(1, "one");
  settle();
  faulty_.hold_syncs();
  append(2, "two");
  faulty_.wait_for_sync();
  append(3, "three");
  EXPECT_THAT(read_all(), ElementsAre("one"));
  EXPECT_EQ(disk_.store().open("chat:b", {})->top, 0U);
  EXPECT_THAT(stored_, ElementsAre(1));
  faulty_.release();
  settle();
  EXPECT_THAT(stored_, ElementsAre(1, 2, 3));
  EXPECT_THAT(read_all(), ElementsAre("one", "two", "three"));
}

TEST_F(SqliteFaults, AReaderThatIsBusyRefusesWhatIsTooMuch) {
  std::latch busy(1);
  std::latch go_on(1);
  SqliteReader reader(disk_.path(), faulty_.name());  // its thread ends before the latches
  ASSERT_TRUE(reader.ask([&](SqliteReads&) {
    busy.count_down();
    go_on.wait();
  }));
  busy.wait();
  for (std::size_t i = 0; i < SqliteReader::kWaitingMax; ++i)
    ASSERT_TRUE(reader.ask([](SqliteReads&) {})) << i;
  EXPECT_FALSE(reader.ask([](SqliteReads&) {}));
  go_on.count_down();
}

/// What the writer does once a minute, at times that the test chooses.
TEST(SqliteForgetting, AChannelLosesItsPublicationsAndMuchLaterItsEpoch) {
  constexpr WallMillis kMetaTtl = 10'000'000;
  SqliteDisk disk;
  disk.end();
  const auto file = SqliteFile::open(disk.options().file);
  ASSERT_TRUE(file) << file.error();
  SqliteTransaction transaction(**file, {}, kMetaTtl);
  const auto rows = [&](const char* table) {
    return (*file)->db().number(std::string("SELECT count(*) FROM ") + table);
  };
  SqliteWork work;
  work.channel = std::make_shared<SqliteChannel>("chat:a", "e1");
  work.what = AppendChange{.publication = publication(1), .total = 1, .expires_at = 500'000};
  transaction.begin();
  ASSERT_FALSE(transaction.apply(work, 1'000));
  transaction.commit();

  transaction.forget(499'999);
  EXPECT_EQ(rows("publications"), 1);
  // The first due date is that of a channel without a word: meta_ttl after it was made.
  WallMillis now = kMetaTtl + 200'000;
  transaction.forget(now);
  EXPECT_EQ(rows("publications"), 0);
  EXPECT_EQ(rows("channels"), 1) << "its epoch outlives its publications";
  transaction.forget(now + kMetaTtl - 1);
  EXPECT_EQ(rows("channels"), 1);
  SqliteReads reads(disk.path(), {});
  const std::string empty = reads.open("chat:empty", {}).channel->epoch;
  transaction.forget(now + kMetaTtl + 200'000);
  EXPECT_EQ(rows("channels"), 0);
  EXPECT_NE(reads.open("chat:empty", {}).channel->epoch, empty)
      << "an epoch that follows from the name must not come back";
}

TEST(SqliteForgetting, AChannelWithStateStays) {
  SqliteDisk disk;
  disk.end();
  const auto file = SqliteFile::open(disk.options().file);
  ASSERT_TRUE(file) << file.error();
  SqliteTransaction transaction(**file, {}, 1'000);
  SqliteWork work;
  work.channel = std::make_shared<SqliteChannel>("chat:a", "e1");
  work.what = StateSetChange{{.key = "k", .json = "1", .version = 1}};
  transaction.begin();
  ASSERT_FALSE(transaction.apply(work, 1'000));
  transaction.commit();
  for (WallMillis now = 1'000'000; now < 5'000'000; now += 1'000'000) transaction.forget(now);
  EXPECT_EQ((*file)->db().number("SELECT count(*) FROM channels"), 1);
}

}  // namespace
}  // namespace tidewire::sqlite_faults_test
