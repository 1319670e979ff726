#include "state/state_table.h"

#include "protocol/json_writer.h"

namespace tidewire {
namespace {

Error over(const char* what, std::size_t limit, std::string path) {
  return {.code = ErrorCode::limit_exceeded,
          .message = what + std::to_string(limit),
          .path = std::move(path)};
}

}  // namespace

const StateValue* StateTable::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::optional<Error> StateTable::refusal(std::string_view key,
                                         std::optional<std::uint64_t> if_version) const {
  const StateValue* known = find(key);
  const std::uint64_t version = known != nullptr ? known->version : 0;
  if (!if_version || *if_version == version) return std::nullopt;
  const std::string current = JsonObject()
                                  .text("key", key)
                                  .raw("value", known != nullptr ? known->json : "null")
                                  .number("version", version)
                                  .finish();
  return Error{.code = ErrorCode::conflict,
               .message = "the version is " + std::to_string(version),
               .path = "/payload/ifVersion",
               .details = "\"current\":" + current};
}

std::optional<Error> StateTable::set_refusal(std::string_view key, std::string_view json,
                                             std::optional<std::uint64_t> if_version) const {
  if (auto refused = refusal(key, if_version)) return refused;
  if (json.size() > limits_.value_bytes_max)
    return over("bytes of a value are at most ", limits_.value_bytes_max, "/payload/value");
  const auto found = values_.find(key);
  const bool fresh = found == values_.end();
  if (fresh && values_.size() >= limits_.keys_max)
    return over("keys of a channel are at most ", limits_.keys_max, "/payload/key");
  const std::size_t freed = fresh ? 0 : key.size() + found->second.json.size();
  if (bytes_ - freed + key.size() + json.size() > limits_.bytes_max)
    return over("bytes of a channel's state are at most ", limits_.bytes_max, "/payload/value");
  return std::nullopt;
}

std::optional<Error> StateTable::erase_refusal(std::string_view key,
                                               std::optional<std::uint64_t> if_version) const {
  if (auto refused = refusal(key, if_version)) return refused;
  if (find(key) != nullptr) return std::nullopt;
  return Error{.code = ErrorCode::not_found, .message = "no such key", .path = "/payload/key"};
}

StateValue& StateTable::put(std::string_view key, std::string_view json, WallMillis expires_at) {
  const auto found = values_.find(key);
  if (found != values_.end()) bytes_ -= key.size() + found->second.json.size();
  bytes_ += key.size() + json.size();
  StateValue& value = found != values_.end() ? found->second : values_[std::string(key)];
  if (value.expires_at != 0) due_.erase({value.expires_at, std::string(key)});
  if (expires_at != 0) due_.emplace(expires_at, key);
  value.expires_at = expires_at;
  value.json = json;
  return value;
}

void StateTable::restore(std::string_view key, std::string_view json, std::uint64_t version,
                         WallMillis expires_at) {
  put(key, json, expires_at).version = version;
}

std::expected<std::uint64_t, Error> StateTable::set(std::string_view key, std::string_view json,
                                                    std::optional<std::uint64_t> if_version,
                                                    WallMillis expires_at) {
  if (auto refused = set_refusal(key, json, if_version))
    return std::unexpected(std::move(*refused));
  put(key, json, expires_at).version = ++last_version_;
  return last_version_;
}

std::expected<std::uint64_t, Error> StateTable::erase(std::string_view key,
                                                      std::optional<std::uint64_t> if_version) {
  if (auto refused = erase_refusal(key, if_version)) return std::unexpected(std::move(*refused));
  const auto found = values_.find(key);
  bytes_ -= key.size() + found->second.json.size();
  if (found->second.expires_at != 0) due_.erase({found->second.expires_at, std::string(key)});
  values_.erase(found);
  return ++last_version_;
}

std::vector<std::string> StateTable::due(WallMillis now) const {
  std::vector<std::string> keys;
  for (const auto& [at, key] : due_) {
    if (at > now) break;
    keys.push_back(key);
  }
  return keys;
}

std::optional<WallMillis> StateTable::next_due(WallMillis now) const {
  const auto next = due_.lower_bound({now + 1, {}});
  if (next == due_.end()) return std::nullopt;
  return next->first;
}

}  // namespace tidewire
