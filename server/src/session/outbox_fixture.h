#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "hub/subscription.h"
#include "session/outbox.h"

/// For tests only: an outbox whose reader takes what the test says.
namespace tidewire::outbox_test {

/// Writes a publication as `type@rev:content`, and joins with commas.
class TextForm final : public OutboxForm {
 public:
  [[nodiscard]] ws::SharedFrame render(const Publication& publication) const override {
    return ws::SharedFrame::make(
        ws::Opcode::text,
        publication.merge_slot() + "@" + std::to_string(publication.piece.rev_from) + "-" +
            std::to_string(publication.piece.rev_to) + ":" + publication.piece.content);
  }
  [[nodiscard]] ws::SharedFrame join(std::span<const ws::SharedFrame> frames) const override {
    std::string all;
    for (const auto& frame : frames) all += (all.empty() ? "" : ",") + std::string(frame.payload());
    return ws::SharedFrame::make(ws::Opcode::text, all);
  }
  [[nodiscard]] const BatchLimits* batch() const override { return batches ? &*batches : nullptr; }
  void spilled(Subscription& channel) override { spills.push_back(&channel); }
  std::optional<BatchLimits> batches;
  std::vector<const Subscription*> spills;
};

inline ws::SharedFrame text(std::string_view payload) {
  return ws::SharedFrame::make(ws::Opcode::text, payload);
}

class OutboxTest : public ::testing::Test {
 protected:
  void limit(std::size_t bytes, std::size_t frames = 1'000, LaneLimits lanes = {}) {
    limits_ = {.queued_bytes_max = bytes, .queued_frames_max = frames, .lanes = lanes};
    outbox_.emplace(limits_, form_, metrics_);
  }

  PublicationPtr publication(DeliveryClass delivery, std::string_view payload,
                             Priority priority = Priority::normal, std::string slot = {}) {
    auto made = std::make_shared<Publication>();
    made->head = std::make_shared<const PublicationHead>();
    made->delivery = delivery;
    made->priority = priority;
    made->slot = slot;
    made->piece = {.message_id = std::move(slot), .rev_from = 0, .content = std::string(payload)};
    made->frame = text(payload);
    return made;
  }

  PublicationPtr piece(std::uint64_t index, std::string_view content, bool complete = false) {
    auto made = std::make_shared<Publication>(
        *publication(DeliveryClass::stream, content, Priority::normal, "m"));
    made->piece.rev_from = made->piece.rev_to = index;
    made->piece.complete = complete;
    return made;
  }

  PushResult push(const PublicationPtr& publication, std::size_t channel = 0,
                  OverflowPolicy policy = OverflowPolicy::by_class) {
    return outbox_->push(publication->frame, publication, channels_[channel], policy, 0);
  }

  PushResult push(std::string_view reply, Priority priority = Priority::normal) {
    return outbox_->push(text(reply), priority, 0);
  }

  /// A reader that takes `bytes` and then stalls.
  std::string read_bytes(std::size_t bytes) {
    std::array<iovec, 8> parts{};
    const std::size_t count = outbox_->gather(parts, scratch_);
    std::string got;
    for (std::size_t i = 0; i < count; ++i)
      got.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    got.resize(std::min(bytes, got.size()));
    outbox_->consume(got.size());
    return got;
  }

  /// A fast reader: the payloads of everything that leaves.
  std::vector<std::string> read_all() {
    std::string bytes;
    while (!outbox_->empty()) bytes += read_bytes(1 << 20);
    return payloads_of(bytes);
  }

  static std::vector<std::string> payloads_of(std::string_view bytes) {
    std::vector<std::string> payloads;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = static_cast<unsigned char>(bytes[at + 1]);
      EXPECT_LT(size, 126) << "test frames are short";
      payloads.emplace_back(bytes.substr(at + 2, size));
      at += 2U + size;
    }
    return payloads;
  }

  /// Makes the outbox one behind a stalled reader: something is on its way and does not move.
  void stall() {
    EXPECT_EQ(push("stalled"), PushResult::queued);
    read_bytes(1);
  }

  class Nobody final : public Subscriber {
   public:
    void deliver(Subscription& /*subscription*/, Rendering& /*rendering*/) override {}
  };

  Nobody nobody_;
  std::array<Subscription, 4> channels_{
      {{nobody_, "a:0"}, {nobody_, "a:1"}, {nobody_, "a:2"}, {nobody_, "a:3"}}};
  GatherScratch scratch_;
  TextForm form_;
  ServerMetrics metrics_;
  OutboxLimits limits_;
  std::optional<Outbox> outbox_{std::in_place, limits_, form_, metrics_};
};

using Payloads = std::vector<std::string>;

}  // namespace tidewire::outbox_test
