#include "load/resume_scenario.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "load/stamp.h"

namespace tidewire::bench {
namespace {

constexpr std::uint32_t kFillers = 8;
constexpr std::uint32_t kAtATime = 50;  // messages of each room between two waits for acks

}  // namespace

std::string ResumeDialect::message(std::uint32_t room, std::string_view stamp,
                                   std::string_view filler, bool acked) const {
  std::string text = R"({"type":"bench_message","channel":")" + channel(room) + "\"";
  if (acked) text += R"(,"id":")" + std::string(stamp) + "\"";
  text += R"(,"payload":{"content":")";
  text += stamp;
  text += filler;
  return text + "\"}}";
}

ResumeScenario::ResumeScenario(const Options& options, const ResumeDialect& dialect)
    : Scenario(options, dialect),
      resume_dialect_(dialect),
      room_count_(options.rooms + options.alone),
      filler_(filler(options.size - Stamp::kSize)),
      since_(room_count_),
      published_(room_count_) {
  const std::uint32_t links = std::max(kFillers, options.rooms * options.members);
  client_.resize(links);
  asked_us_.resize(links);
}

std::string ResumeScenario::run() {
  fill();
  if (options_.pause) {
    std::cout << "filled" << std::endl;
    std::string line;
    std::getline(std::cin, line);
  }
  std::string phases = options_.alone > 0 ? alone() + "," : std::string();
  phases += at_once();
  std::string faults;
  say(faults, wrong_, "wrong answers");
  return JsonObject().raw("phases", "[" + phases + "]").add("faults", with_losses(faults)).str();
}

/// The first message of each room, whose ack tells the position, and the missed ones.
void ResumeScenario::fill() {
  open_links(0, kFillers, [](std::uint32_t link) { return link; });
  std::uint64_t wanted = 0;
  for (std::uint32_t done = 0; done <= options_.missed;) {
    const std::uint32_t count = done == 0 ? 1 : std::min(kAtATime, options_.missed + 1 - done);
    for (std::uint32_t room = 0; room < room_count_; ++room)
      for (std::uint32_t i = 1; i <= count; ++i) publish(room, i == count);
    done += count;
    wanted += room_count_;
    if (wait_until([&] { return acks_ + refused_ >= wanted; }) && refused_ == 0) continue;
    std::cerr << "tw_load: could not publish; " << with_losses("") << "\n";
    std::exit(1);
  }
  for (std::uint32_t i = 0; i < kFillers; ++i) client_.drop(i);
}

void ResumeScenario::publish(std::uint32_t room, bool acked) {
  const auto stamp = Stamp{.room = room, .sequence = published_[room]++}.text();
  client_.queue(
      room % kFillers,
      client_frame(FrameKind::text,
                   resume_dialect_.message(room, {stamp.data(), stamp.size()}, filler_, acked)));
}

void ResumeScenario::on_message(std::uint32_t link, std::string_view payload, std::int64_t now) {
  if (payload.starts_with(R"({"type":"ack")")) return on_ack(payload);
  if (payload.starts_with(R"({"type":"subscribed")")) return on_subscribed(link, payload, now);
  Scenario::on_message(link, payload, now);
}

void ResumeScenario::on_ack(std::string_view payload) {
  ++acks_;
  std::string_view rest = payload;
  const auto stamp = next_stamp(rest);
  if (!stamp || stamp->sequence != 0) return;
  since_[stamp->room] = {.epoch = std::string(text_of(payload, "epoch")),
                         .offset = number_of(payload, "offset").value_or(0)};
}

void ResumeScenario::on_subscribed(std::uint32_t link, std::string_view payload, std::int64_t now) {
  ++answers_;
  latency_.record(now - asked_us_[link]);
  std::uint64_t next = 1;
  bool right = payload.substr(0, 400).find(R"("recovered":true)") != std::string_view::npos;
  while (const auto stamp = next_stamp(payload))
    right = right && stamp->room == client_.link(link).room && stamp->sequence == next++;
  if (!right || next != options_.missed + 1) ++wrong_;
}

void ResumeScenario::resume(std::uint32_t link) {
  const std::uint32_t room = client_.link(link).room;
  const std::string payload = R"({"since":{"epoch":")" + since_[room].epoch + R"(","offset":)" +
                              std::to_string(since_[room].offset) + "}}";
  asked_us_[link] = now_us();
  client_.queue(link, client_frame(FrameKind::text, resume_dialect_.subscribe(room, payload)));
}

std::string ResumeScenario::alone() {
  latency_.clear();
  Stretch stretch(options_.server_pids, client_);
  for (std::uint32_t room = options_.rooms; room < room_count_; ++room) {
    open_links(0, 1, [room](std::uint32_t) { return room; });
    const std::uint64_t wanted = answers_ + 1;
    resume(0);
    if (!wait_until([&] { return answers_ >= wanted; })) break;
    client_.drop(0);
  }
  stretch.end();
  return phase("alone", stretch, options_.alone);
}

std::string ResumeScenario::at_once() {
  const std::uint32_t clients = options_.rooms * options_.members;
  open_links(0, clients, [&](std::uint32_t link) { return link % options_.rooms; });
  latency_.clear();
  const std::uint64_t wanted = answers_ + clients;
  Stretch stretch(options_.server_pids, client_);
  for (std::uint32_t link = 0; link < clients; ++link) resume(link);
  if (!wait_until([&] { return answers_ >= wanted; })) wrong_ += wanted - answers_;
  stretch.end();
  return phase("at once", stretch, clients);
}

std::string ResumeScenario::phase(const char* name, const Stretch& stretch, std::uint32_t clients) {
  const double messages = static_cast<double>(clients) * options_.missed;
  JsonObject result;
  result.add("phase", std::string(name))
      .add("clients", clients)
      .add("messages_per_s", messages / stretch.seconds())
      .add("server_us_per_message", stretch.server_us() / messages);
  stretch.add_to(result);
  add_latency(result, latency_);
  return result.str();
}

}  // namespace tidewire::bench
