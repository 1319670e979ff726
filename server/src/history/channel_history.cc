#include "history/channel_history.h"

#include <algorithm>
#include <utility>

namespace tidewire {

ChannelHistory::ChannelHistory(const HistoryLimits& limits, std::string epoch,
                               HistoryBudget* budget)
    : limits_(limits), epoch_(std::move(epoch)), budget_(budget) {}

void ChannelHistory::account(std::ptrdiff_t bytes) {
  bytes_ += static_cast<std::size_t>(bytes);
  if (budget_ != nullptr) budget_->bytes += static_cast<std::size_t>(bytes);
}

void ChannelHistory::append(PublicationPtr publication, WallMillis now) {
  top_ = publication->offset;
  account(static_cast<std::ptrdiff_t>(publication->cost()));
  kept_.push_back(std::move(publication));
  trim(now);
}

void ChannelHistory::restore(std::uint64_t top, std::vector<PublicationPtr> newest,
                             WallMillis now) {
  for (PublicationPtr& each : newest) append(std::move(each), now);
  top_ = top;
}

void ChannelHistory::drop_oldest() {
  account(-static_cast<std::ptrdiff_t>(kept_.front()->cost()));
  kept_.pop_front();
}

void ChannelHistory::trim(WallMillis now) {
  while (!kept_.empty() && over_limit(now)) drop_oldest();
}

bool ChannelHistory::over_limit(WallMillis now) const {
  return kept_.size() > limits_.count_max || bytes_ > limits_.bytes_max ||
         now - kept_.front()->ts > limits_.age_ms_max ||
         (budget_ != nullptr && budget_->bytes > budget_->bytes_max);
}

void ChannelHistory::clear() {
  while (!kept_.empty()) drop_oldest();
}

std::size_t ChannelHistory::first_after(std::uint64_t offset) const {
  if (kept_.empty() || offset < kept_.front()->offset) return 0;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(offset - kept_.front()->offset + 1, kept_.size()));
}

std::optional<std::vector<PublicationPtr>> ChannelHistory::recover(const StreamPosition& since,
                                                                   WallMillis now) {
  trim(now);
  if (since.epoch != epoch_ || since.offset > top_) return std::nullopt;
  if (since.offset == top_) return std::vector<PublicationPtr>{};
  const std::uint64_t missing = top_ - since.offset;
  if (missing > kept_.size()) return std::nullopt;
  return std::vector<PublicationPtr>(kept_.end() - static_cast<std::ptrdiff_t>(missing),
                                     kept_.end());
}

std::vector<PublicationPtr> ChannelHistory::newest(std::size_t count, WallMillis now) {
  trim(now);
  const auto taken = static_cast<std::ptrdiff_t>(std::min(count, kept_.size()));
  return {kept_.end() - taken, kept_.end()};
}

std::optional<std::vector<PublicationPtr>> ChannelHistory::page(const HistoryQuery& query,
                                                                WallMillis now) {
  trim(now);
  if (query.since && query.since->epoch != epoch_) return std::nullopt;
  if (!query.reverse) {
    const std::size_t first = query.since ? first_after(query.since->offset) : 0;
    const std::size_t count = std::min(query.limit, kept_.size() - first);
    const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(first);
    return std::vector<PublicationPtr>(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  std::size_t end = kept_.size();
  if (query.since)
    end = query.since->offset == 0 ? 0 : std::min(first_after(query.since->offset - 1), end);
  std::vector<PublicationPtr> page;
  while (end > 0 && page.size() < query.limit) page.push_back(kept_[--end]);
  return page;
}

}  // namespace tidewire
