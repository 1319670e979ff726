#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ws/endpoint.h"

namespace tidewire::ws {

/// Writes down what an Endpoint reports, one line an event; for tests and fuzzing.
class EventLog : public EndpointEvents {
 public:
  void on_message(Opcode opcode, std::string_view payload) override {
    touch_padding(payload);
    add(opcode == Opcode::text ? "text " : "binary ", payload);
  }
  void on_control(SharedFrame frame) override {
    if (frame.opcode() == Opcode::pong) return add("send pong ", frame.payload());
    add("send close ", code_and_reason(frame.payload()));
  }
  void on_pong(std::string_view payload) override { add("pong ", payload); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    add("closed " + std::to_string(code) + " ", reason);
  }
  void on_fail(std::uint16_t code, std::string_view reason) override {
    add("failed " + std::to_string(code) + " ", reason);
  }

  [[nodiscard]] const std::vector<std::string>& events() const { return events_; }

  /// The events with every run of pongs reduced to its last: how many pings of a run are answered
  /// may depend on how the input was split, all else may not.
  [[nodiscard]] std::vector<std::string> without_pong_runs() const {
    std::vector<std::string> result;
    for (const std::string& event : events_) {
      const bool run = event.starts_with("send pong") && !result.empty() &&
                       result.back().starts_with("send pong");
      if (run) result.pop_back();
      result.push_back(event);
    }
    return result;
  }

 private:
  void add(std::string line, std::string_view rest) {
    while (line.ends_with(' ') && rest.empty()) line.pop_back();
    events_.push_back(line.append(rest));
  }

  static std::string code_and_reason(std::string_view body) {
    if (body.size() < 2) return {};
    const unsigned code =
        (static_cast<unsigned char>(body[0]) << 8U) | static_cast<unsigned char>(body[1]);
    const std::string text = std::to_string(code);
    return body.size() == 2 ? text : text + " " + std::string(body.substr(2));
  }

  /// The contract says these bytes are readable; the address sanitizer checks that they are.
  void touch_padding(std::string_view payload) {
    const std::string_view padding(payload.data() + payload.size(), kReadablePadding);
    padding_sum_ = std::accumulate(padding.begin(), padding.end(), padding_sum_);
  }

  std::vector<std::string> events_;
  int padding_sum_ = 0;
};

/// Gives `bytes` to the endpoint in a buffer of its own, exactly as large as the contract says.
inline void feed(Endpoint& endpoint, std::string_view bytes, EndpointEvents& events) {
  std::vector<char> buffer(bytes.size() + kReadablePadding);
  std::copy(bytes.begin(), bytes.end(), buffer.begin());
  endpoint.receive({buffer.data(), bytes.size()}, events);
}

}  // namespace tidewire::ws
