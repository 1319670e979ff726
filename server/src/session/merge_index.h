#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "config/config.h"
#include "session/lanes.h"

namespace tidewire {

/// Where in the lanes stands what a later event can be merged into: conflated events by their
/// slot, pieces by their message. Filled only behind a stalled reader.
///
/// Owner:  one Outbox, which hands in its lanes. Limit: it begins anew when it holds far more than
/// what waits.
class MergeIndex {
 public:
  /// Whether events like this one are merged at all.
  [[nodiscard]] static bool merges(const Publication& publication, OverflowPolicy policy);

  struct Found {
    QueuedFrame* frame = nullptr;
    std::size_t lane = 0;
  };
  /// What waits and can take `publication` in; no frame when there is nothing.
  [[nodiscard]] Found find(Lanes& lanes, const Publication& publication, Subscription* channel);
  void remember(const Lanes& lanes, const Publication& publication, Subscription* channel,
                Lanes::Place place);
  void reset() { places_.reset(); }

 private:
  struct Places {
    std::uint64_t generation = 0;  // of the lanes
    std::unordered_map<std::string, Lanes::Place> by_name;
  };

  std::unique_ptr<Places> places_;
};

/// Merges `publication` into what waits: pieces are folded, others replaced. The frame is rendered
/// when it leaves. Answers what it costs now; nullopt, and nothing changed, when a piece does not
/// continue what waits.
[[nodiscard]] std::optional<std::size_t> merge_into(QueuedFrame& waiting,
                                                    const PublicationPtr& publication);

}  // namespace tidewire
