#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace tidewire::http {

/// One event of a text/event-stream body.
struct ServerSentEvent {
  std::string event;  // its name; empty: none was given
  std::string data;   // its lines joined with LF
};

/// Reads server-sent events from bytes that arrive in pieces (WHATWG HTML, 9.2.6). Fields other
/// than `event` and `data` are skipped, and so are comments.
///
/// Owner:  one request. Thread: any one.
/// Limit:  event_bytes_max for the lines of one event; past it feed() says false, and takes nothing
///         from then on.
/// Order:  feed() as bytes come, then end(). Where the bytes are cut never changes the events.
class EventStreamParser {
 public:
  using Take = std::function<void(const ServerSentEvent&)>;

  EventStreamParser(std::size_t event_bytes_max, Take take)
      : event_bytes_max_(event_bytes_max), take_(std::move(take)) {}

  [[nodiscard]] bool feed(std::string_view bytes);
  /// The body has ended. Unlike a browser it takes a last event that no blank line follows: bodies
  /// that end with `data: [DONE]` are whole.
  void end();

 private:
  void end_line();
  void take_field(std::string_view name, std::string_view value);
  void dispatch();

  std::size_t event_bytes_max_;
  Take take_;
  ServerSentEvent event_;
  std::string line_;
  bool has_data_ = false;
  bool after_cr_ = false;  // a LF that comes now belongs to the line that has ended
  bool first_line_ = true;
  bool failed_ = false;
};

}  // namespace tidewire::http
