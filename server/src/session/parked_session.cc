#include "session/parked_session.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace tidewire {
namespace {

using nlohmann::json;

json names_of(PermissionSet permissions) {
  json names = json::array();
  for (std::size_t i = 0; i < kPermissionCount; ++i)
    if (const auto permission = static_cast<Permission>(i); permissions.contains(permission))
      names.push_back(to_name(permission));
  return names;
}

PermissionSet permissions_of(const json& names) {
  PermissionSet permissions;
  for (const json& name : names)
    if (const auto permission = from_name<Permission>(name.get<std::string>()))
      permissions.add(*permission);
  return permissions;
}

json channel_json(const ParkedChannel& each) {
  json value{
      {"channel", each.channel}, {"epoch", each.position.epoch}, {"offset", each.position.offset}};
  if (!each.mode.plain())
    value["stream"] = {{"kind", std::to_underlying(each.mode.kind)},
                       {"windowMs", each.mode.window_ms}};
  if (each.acknowledged > 0) value["acknowledged"] = each.acknowledged;
  if (each.attempts > 0) value["attempts"] = each.attempts;
  if (each.ceiling != PermissionSet::all()) value["ceiling"] = names_of(each.ceiling);
  if (each.granted.empty()) return value;
  value["granted"] = names_of(each.granted);
  value["grantedUntil"] = each.granted_until;
  return value;
}

ParkedChannel channel_of(const json& value) {
  ParkedChannel channel{.channel = value.at("channel"),
                        .position = {value.at("epoch"), value.at("offset")},
                        .acknowledged = value.value("acknowledged", std::uint64_t{0}),
                        .granted_until = value.value("grantedUntil", WallMillis{0})};
  if (const auto stream = value.find("stream"); stream != value.end()) {
    const auto kind = std::min(stream->at("kind").get<unsigned>(),
                               unsigned{std::to_underlying(StreamMode::Kind::final)});
    channel.mode = {.kind = static_cast<StreamMode::Kind>(kind),
                    .window_ms = stream->at("windowMs").get<std::int32_t>()};
  }
  channel.granted = permissions_of(value.value("granted", json::array()));
  if (value.contains("ceiling")) channel.ceiling = permissions_of(value.at("ceiling"));
  channel.attempts = value.value("attempts", std::uint64_t{0});
  return channel;
}

std::shared_ptr<const PublishWindow> window_of(const json& list) {
  auto window = std::make_shared<PublishWindow>();
  for (const json& each : list) {
    PublishAck ack;
    if (each.contains("epoch")) ack.position = StreamPosition{each.at("epoch"), each.at("offset")};
    window->remember(each.at("seq"), ack);
  }
  return window;
}

DirectEvent event_of(const json& value) {
  return {.type = value.at("type"),
          .payload = value.at("payload"),
          .key = value.at("key"),
          .ts = value.at("ts")};
}

}  // namespace

std::size_t DirectEvent::cost() const {
  return sizeof *this + type.size() + payload.size() + key.size();
}

std::size_t ParkedSession::cost() const {
  std::size_t bytes = sizeof *this + id.size() + user_id.size();
  for (const ParkedChannel& each : channels)
    bytes += sizeof each + each.channel.size() + each.position.epoch.size();
  for (const DirectEvent& each : events) bytes += each.cost();
  if (publishes) bytes += sizeof *publishes;
  return bytes;
}

void ParkedSession::shed_events(std::size_t bytes_max) {
  std::size_t bytes = cost();
  auto kept = events.begin();
  for (; kept != events.end() && bytes > bytes_max; ++kept) bytes -= kept->cost();
  events.erase(events.begin(), kept);
}

std::string to_json(const ParkedSession& session) {
  json value{{"version", ParkedSession::kVersion}, {"id", session.id},
             {"userId", session.user_id},          {"expiresAt", session.expires_at},
             {"channels", json::array()},          {"events", json::array()}};
  for (const ParkedChannel& each : session.channels)
    value["channels"].push_back(channel_json(each));
  for (const DirectEvent& each : session.events)
    value["events"].push_back(
        {{"type", each.type}, {"payload", each.payload}, {"key", each.key}, {"ts", each.ts}});
  if (session.publishes) {
    json& list = value["publishes"] = json::array();
    session.publishes->for_each([&](std::uint64_t seq, const PublishAck& ack) {
      list.push_back({{"seq", seq}});
      if (!ack.position) return;
      list.back()["epoch"] = ack.position->epoch;
      list.back()["offset"] = ack.position->offset;
    });
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<ParkedSession, Error> parked_session_from_json(std::string_view text) {
  try {
    const json value = json::parse(text);
    if (value.at("version") != ParkedSession::kVersion)
      return fail(ErrorCode::invalid_message, "a session of another version", "/version");
    ParkedSession session{
        .id = value.at("id"), .user_id = value.at("userId"), .expires_at = value.at("expiresAt")};
    for (const json& each : value.at("channels")) session.channels.push_back(channel_of(each));
    for (const json& each : value.at("events")) session.events.push_back(event_of(each));
    if (const auto publishes = value.find("publishes"); publishes != value.end())
      session.publishes = window_of(*publishes);
    return session;
  } catch (const json::exception& error) {
    return fail(ErrorCode::invalid_message, error.what());
  }
}

}  // namespace tidewire
