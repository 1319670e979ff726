#pragma once

#include "server/connection.h"

namespace tidewire {

/// Sends every message back as it came: `/debug/echo`, for conformance tests and benchmarks.
///
/// Owner: its Connection.
class EchoSink final : public MessageSink, public OutboxForm {
 public:
  EchoSink(Connection& connection, const Clock& clock) : connection_(connection), clock_(clock) {}

  void open() override {}
  void on_message(bool binary, std::string_view message) override;
  void on_activity(std::size_t /*bytes*/) override {}
  void on_sent(std::size_t /*bytes*/) override {}
  void closed(std::uint16_t /*close_code*/) override {}

  // Only sessions have publications and batches.
  [[nodiscard]] ws::SharedFrame render(const Publication& publication) const override {
    return publication.frame;
  }
  [[nodiscard]] ws::SharedFrame join(std::span<const ws::SharedFrame> frames) const override {
    return frames.front();
  }
  [[nodiscard]] const BatchLimits* batch() const override { return nullptr; }
  void spilled(Subscription& /*channel*/) override {}

 private:
  Connection& connection_;
  const Clock& clock_;
};

}  // namespace tidewire
