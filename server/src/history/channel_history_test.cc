#include "history/channel_history.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

PublicationPtr publication(std::uint64_t offset, WallMillis ts = 0, std::size_t size = 10) {
  auto made = std::make_shared<Publication>();
  made->head = std::make_shared<const PublicationHead>();
  made->offset = offset;
  made->ts = ts;
  made->frame = ws::SharedFrame::make(ws::Opcode::text, std::string(size, 'x'));
  return made;
}

std::vector<std::uint64_t> offsets(const std::vector<PublicationPtr>& list) {
  std::vector<std::uint64_t> found;
  for (const auto& each : list) found.push_back(each->offset);
  return found;
}

using Offsets = std::vector<std::uint64_t>;

/// A history of `count` publications of which at most five are kept, unless said otherwise.
struct Filled : ChannelHistory {
  explicit Filled(std::uint64_t count, HistoryLimits limits = {.count_max = 5})
      : ChannelHistory(limits, "e1") {
    for (std::uint64_t i = 1; i <= count; ++i) append(publication(i), 0);
  }
};

TEST(ChannelHistory, RecoversEverythingAfterThePosition) {
  Filled history(5);
  EXPECT_EQ(offsets(*history.recover({"e1", 3}, 0)), (Offsets{4, 5}));
  EXPECT_EQ(offsets(*history.recover({"e1", 0}, 0)), (Offsets{1, 2, 3, 4, 5}));
  EXPECT_TRUE(history.recover({"e1", 5}, 0)->empty());
}

TEST(ChannelHistory, RefusesAPartialRecovery) {
  Filled history(7);
  EXPECT_EQ(offsets(*history.recover({"e1", 2}, 0)), (Offsets{3, 4, 5, 6, 7}));
  EXPECT_FALSE(history.recover({"e1", 1}, 0)) << "offset 2 has been trimmed";
}

TEST(ChannelHistory, RefusesAnotherEpochAndAPositionAheadOfTheTop) {
  Filled history(3);
  EXPECT_FALSE(history.recover({"e0", 3}, 0));
  EXPECT_FALSE(history.recover({"", 0}, 0));
  EXPECT_FALSE(history.recover({"e1", 4}, 0));
}

TEST(ChannelHistory, RecoversFromTheTopEvenWhenEverythingIsTrimmed) {
  ChannelHistory history({.count_max = 5, .age_ms_max = 100}, "e1");
  history.append(publication(1, 0), 0);
  EXPECT_TRUE(history.recover({"e1", 1}, 1000)->empty());
  EXPECT_FALSE(history.recover({"e1", 0}, 1000));
  EXPECT_TRUE(history.empty());
  EXPECT_EQ(history.top().offset, 1U);
}

TEST(ChannelHistory, HoldsTheLimitsOfCountBytesAndAge) {
  EXPECT_EQ(Filled(6).size(), 5U);

  const std::size_t each = publication(1)->cost();
  EXPECT_EQ(Filled(9, {.count_max = 100, .bytes_max = 3 * each}).size(), 3U);
  EXPECT_EQ(Filled(9, {.count_max = 100, .bytes_max = 3 * each - 1}).size(), 2U);
  EXPECT_EQ(Filled(9, {.count_max = 0}).size(), 0U);

  ChannelHistory aged({.count_max = 5, .age_ms_max = 100}, "e1");
  aged.append(publication(1, 0), 0);
  aged.append(publication(2, 50), 50);
  aged.trim(100);
  EXPECT_EQ(aged.size(), 2U);
  aged.trim(101);
  EXPECT_EQ(aged.size(), 1U);
}

TEST(ChannelHistory, SharesABudgetWithTheOthersOfItsShard) {
  const std::size_t each = publication(1)->cost();
  HistoryBudget budget{.bytes_max = 4 * each};
  ChannelHistory quiet({}, "quiet", &budget);
  quiet.append(publication(1), 0);
  {
    ChannelHistory busy({}, "busy", &budget);
    for (std::uint64_t i = 1; i <= 9; ++i) busy.append(publication(i), 0);
    EXPECT_EQ(busy.size(), 3U);
    EXPECT_EQ(quiet.size(), 1U) << "the busy one gives up its own";
    EXPECT_EQ(budget.bytes, 4 * each);
  }
  EXPECT_EQ(budget.bytes, each);
}

TEST(ChannelHistory, PagesInBothDirections) {
  Filled history(7);  // keeps 3..7
  EXPECT_EQ(offsets(*history.page({.limit = 2}, 0)), (Offsets{3, 4}));
  EXPECT_EQ(offsets(*history.page({.since = StreamPosition{"e1", 4}, .limit = 2}, 0)),
            (Offsets{5, 6}));
  EXPECT_EQ(offsets(*history.page({.since = StreamPosition{"e1", 7}, .limit = 2}, 0)), (Offsets{}));
  EXPECT_EQ(offsets(*history.page({.limit = 2, .reverse = true}, 0)), (Offsets{7, 6}));
  EXPECT_EQ(
      offsets(*history.page({.since = StreamPosition{"e1", 6}, .limit = 9, .reverse = true}, 0)),
      (Offsets{5, 4, 3}));
  EXPECT_EQ(
      offsets(*history.page({.since = StreamPosition{"e1", 0}, .limit = 9, .reverse = true}, 0)),
      (Offsets{}));
  EXPECT_EQ(
      offsets(*history.page({.since = StreamPosition{"e1", 99}, .limit = 9, .reverse = true}, 0)),
      (Offsets{7, 6, 5, 4, 3}));
  EXPECT_FALSE(history.page({.since = StreamPosition{"e2", 4}, .limit = 2}, 0));
}

}  // namespace
}  // namespace tidewire
