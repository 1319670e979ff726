#include "history/sqlite_checkpointer.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "history/faulty_disk.h"
#include "history/sqlite_disk.h"

namespace tidewire::sqlite_checkpointer_test {
namespace {

constexpr std::uintmax_t kFrameBytes = 4'096 + 24;

PublicationPtr publication(std::uint64_t offset) {
  auto made = std::make_shared<Publication>();
  made->head = std::make_shared<const PublicationHead>(
      PublicationHead{.channel = "chat:a", .type = "chat_message"});
  made->offset = offset;
  made->frame = ws::SharedFrame::make(ws::Opcode::text, R"({"payload":{}})");
  made->payload_at = 11;
  made->payload_size = 2;
  made->trace = std::string(500, 'x');
  return made;
}

/// A store whose log is copied all the time.
class Checkpointer : public testing::Test {
 protected:
  Checkpointer() {
    disk_.checkpoint = {.begin_at = 8, .rest_max = 4, .log_max = 64};
    restart();
  }
  void restart() {
    disk_.restart();
    channel_ = disk_.store().open("chat:a", {})->channel;
  }
  /// Whether it is stored.
  bool append(std::uint64_t offset) {
    std::optional<bool> stored;
    EXPECT_TRUE(disk_.store().write(
        channel_, AppendChange{.publication = publication(offset), .total = offset},
        [&](const std::expected<void, Error>& done) { stored = done.has_value(); }));
    disk_.settle([&] { return stored.has_value(); });
    return *stored;
  }
  std::vector<std::uint64_t> read_all() {
    std::optional<std::vector<std::uint64_t>> offsets;
    disk_.store().read(channel_, {.limit = 10'000},
                       [&](std::expected<std::vector<PublicationPtr>, Error> found) {
                         offsets.emplace();
                         for (const auto& each : found.value()) offsets->push_back(each->offset);
                       });
    disk_.settle([&] { return offsets.has_value(); });
    return *offsets;
  }
  [[nodiscard]] std::uintmax_t log_pages() const {
    return std::filesystem::file_size(disk_.path() + "-wal") / kFrameBytes;
  }

  FaultyDisk faulty_;
  SqliteDisk disk_{{}, faulty_.name()};
  StoredChannelPtr channel_;
};

TEST_F(Checkpointer, KeepsTheLogShortAndLosesNothing) {
  std::vector<std::uint64_t> expected;
  for (std::uint64_t offset = 1; offset <= 1'000; ++offset) {
    ASSERT_TRUE(append(offset));
    expected.push_back(offset);
    ASSERT_LE(log_pages(), 64U + 16U) << "one transaction may pass the limit";
  }
  EXPECT_EQ(read_all(), expected);
  restart();
  EXPECT_EQ(read_all(), expected);
}

TEST_F(Checkpointer, ADiskThatBreaksWhileTheLogIsCopiedLosesNothing) {
  std::vector<std::uint64_t> expected;
  std::uint64_t next = 1;
  for (std::int64_t breaks_at = 0; breaks_at < 150; ++breaks_at) {
    breaks_at % 4 == 3 ? faulty_.fail_syncs_after(breaks_at / 4)
                       : faulty_.fail_writes_after(breaks_at);
    while (append(next)) expected.push_back(next++);
    faulty_.heal();
    ASSERT_EQ(read_all(), expected) << "broken after " << breaks_at;
  }
  restart();
  EXPECT_EQ(read_all(), expected);
}

}  // namespace
}  // namespace tidewire::sqlite_checkpointer_test
