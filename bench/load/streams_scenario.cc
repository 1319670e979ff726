#include "load/streams_scenario.h"

#include <algorithm>

namespace tidewire::bench {

StreamsDialect::StreamsDialect(const Options& options)
    : TidewireDialect(options.token, options.name_space),
      rooms_(options.rooms),
      join_payload_(R"({"rollup":)" + std::to_string(static_cast<int>(options.rollup_ms)) + "}") {}

std::string StreamsDialect::join(std::uint32_t room) const {
  return room < rooms_ ? subscribe(room, join_payload_) : std::string();
}

std::string StreamsDialect::piece(std::uint32_t room, std::string_view message_id,
                                  std::uint32_t index, bool last, std::string_view content) const {
  std::string text = R"({"type":"chat_message_chunk","channel":")" + channel(room);
  text += R"(","payload":{"messageId":")";
  text += message_id;
  text += R"(","content":")";
  text += content;
  text += last ? R"(","isComplete":true,"index":)" : R"(","isComplete":false,"index":)";
  return text + std::to_string(index) + "}}";
}

StreamsScenario::StreamsScenario(const Options& options, const StreamsDialect& dialect)
    : Scenario(options, dialect),
      stream_dialect_(dialect),
      run_id_("m" + std::to_string(now_us()) + "-"),
      rooms_(options.rooms) {}

std::string StreamsScenario::run() {
  client_.resize(options_.rooms + options_.producers);
  open_links(0, options_.rooms + options_.producers, [](std::uint32_t link) { return link; });

  began_us_ = now_us();
  record_from_us_ = began_us_ + static_cast<std::int64_t>(options_.warm_s * 1e6);
  record_to_us_ = record_from_us_ + static_cast<std::int64_t>(options_.seconds * 1e6);
  keep_going(record_from_us_);
  const std::uint64_t received = received_;
  const std::uint64_t frames = frames_;
  Stretch stretch(options_.server_pids, client_);
  keep_going(record_to_us_);
  stretch.end();
  const auto pieces = static_cast<double>(received_ - received);
  const auto in_frames = static_cast<double>(frames_ - frames);

  for (std::uint32_t room = 0; room < options_.rooms; ++room)
    if (rooms_[room].next_index > 1) send(room, now_us(), true);
  (void)wait_until([&] { return received_ >= sent_ && whole_ >= completed_; });

  JsonObject phase;
  phase.add("phase", std::string("streams"))
      .add("pieces_per_s", pieces / stretch.seconds())
      .add("due_per_s", options_.rooms * options_.pieces_per_s)
      .add("frames_per_piece", pieces > 0 ? in_frames / pieces : 0)
      .add("server_us_per_piece", pieces > 0 ? stretch.server_us() / pieces : 0);
  stretch.add_to(phase);
  add_latency(phase, latency_);
  return JsonObject().raw("phases", "[" + phase.str() + "]").add("faults", faults()).str();
}

/// Piece n is of room n % rooms.
std::int64_t StreamsScenario::due_of(std::uint64_t piece) const {
  return began_us_ + static_cast<std::int64_t>(static_cast<double>(piece) * 1e6 /
                                               (options_.rooms * options_.pieces_per_s));
}

void StreamsScenario::keep_going(std::int64_t until) {
  for (std::int64_t now = now_us(); now < until && lost_links_ == 0; now = now_us()) {
    for (std::int64_t due = due_of(sent_); due <= now; due = due_of(sent_))
      send(static_cast<std::uint32_t>(sent_ % options_.rooms), due, false);
    client_.wait(1);
  }
}

void StreamsScenario::send(std::uint32_t room, std::int64_t due_us, bool last) {
  Growing& growing = rooms_[room];
  // The first message of a room is shorter, so that those of different rooms end at different
  // times.
  const std::uint32_t size =
      growing.message == 0 ? 2 + room % (options_.pieces - 1) : options_.pieces;
  last = last || growing.next_index >= size;
  const auto stamp = Stamp{.room = room, .sequence = growing.sequence++, .due_us = due_us}.text();
  const std::string id = run_id_ + std::to_string(growing.message);
  client_.queue(
      options_.rooms + room % options_.producers,
      client_frame(FrameKind::text, stream_dialect_.piece(room, id, growing.next_index, last,
                                                          {stamp.data(), stamp.size()})));
  ++sent_;
  ++growing.next_index;
  if (!last) return;
  growing.next_index = 1;
  ++growing.message;
  ++completed_;
}

void StreamsScenario::on_message(std::uint32_t index, std::string_view payload, std::int64_t now) {
  if (!payload.starts_with(R"({"type":"chat_message)"))
    return Scenario::on_message(index, payload, now);
  if (payload.starts_with(R"({"type":"chat_message")")) {
    ++whole_;
    return;
  }
  ++frames_;
  Link& link = client_.link(index);
  while (const auto stamp = next_stamp(payload)) take(link, *stamp, now);
}

void StreamsScenario::take(Link& link, const Stamp& stamp, std::int64_t now) {
  if (stamp.room != link.room) {
    ++strays_;
    return;
  }
  if (stamp.sequence < link.next_sequence) {
    ++repeats_;
    return;
  }
  gaps_ += stamp.sequence - link.next_sequence;
  link.next_sequence = stamp.sequence + 1;
  ++received_;
  if (stamp.due_us >= record_from_us_ && stamp.due_us < record_to_us_)
    latency_.record(now - stamp.due_us);
}

std::string StreamsScenario::faults() const {
  std::string text;
  say(text, gaps_, "missing");
  say(text, repeats_, "repeated or out of order");
  say(text, strays_, "from elsewhere");
  say(text, sent_ - std::min(received_, sent_), "never delivered");
  say(text, completed_ - std::min(whole_, completed_), "whole messages missing");
  return with_losses(text);
}

}  // namespace tidewire::bench
