// Without this the library ends the process at a bad schema.
#define VALIJSON_USE_EXCEPTIONS 1

#include "protocol/schema_registry.h"

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <stdexcept>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "protocol/payload_fields.h"

namespace tidewire {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

constexpr std::array<std::string_view, 3> kRegexKeywords = {"pattern", "patternProperties",
                                                            "format"};

/// Visits every value of `root` without recursion; stops when `visit` answers true.
template <typename Visit>
bool any_value(const Json& root, Visit visit) {
  std::vector<const Json*> open = {&root};
  while (!open.empty()) {
    const Json* value = open.back();
    open.pop_back();
    if (visit(*value)) return true;
    if (!value->is_structured()) continue;
    for (const Json& child : *value) open.push_back(&child);
  }
  return false;
}

bool uses_regex(const Json& schema) {
  return any_value(schema, [](const Json& value) {
    return value.is_object() && std::ranges::any_of(kRegexKeywords, [&](std::string_view keyword) {
             return value.contains(keyword);
           });
  });
}

/// The library compiles a pattern when it first meets a value; the operator wants to know now.
void compile_patterns(const Json& schema) {
  any_value(schema, [](const Json& value) {
    if (!value.is_object()) return false;
    if (const auto pattern = value.find("pattern"); pattern != value.end() && pattern->is_string())
      static_cast<void>(std::regex(pattern->get_ref<const std::string&>()));
    if (const auto names = value.find("patternProperties");
        names != value.end() && names->is_object())
      for (const auto& member : names->items()) static_cast<void>(std::regex(member.key()));
    return false;
  });
}

bool has_long_string(const Json& payload) {
  const auto is_long = [](std::string_view text) {
    return text.size() > SchemaRegistry::kPatternBytesMax;
  };
  return any_value(payload, [&](const Json& value) {
    if (value.is_string()) return is_long(value.get_ref<const std::string&>());
    if (!value.is_object()) return false;
    return std::ranges::any_of(value.items(),
                               [&](const auto& member) { return is_long(member.key()); });
  });
}

/// The library writes the way to a fault as "<root>", "[name]", "[0]"; we want /name/0.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string path = "/payload";
  for (std::string_view step : context) {
    if (step.size() < 2 || !step.starts_with('[')) continue;
    path += "/" + pointer_token(step.substr(1, step.size() - 2));
  }
  return path;
}

/// The deepest fault says most; what encloses it only repeats that something inside is wrong.
Error error_of(valijson::ValidationResults& results) {
  valijson::ValidationResults::Error deepest;
  deepest.description = "does not match its schema";
  valijson::ValidationResults::Error one;
  while (results.popError(one))
    if (one.context.size() > deepest.context.size()) deepest = one;
  // The library points at the object that lacks a member; the fault is the member.
  constexpr std::string_view kMissing = "Missing required property '";
  const std::string_view description = deepest.description;
  if (description.starts_with(kMissing)) {
    const std::string_view name = description.substr(kMissing.size());
    deepest.context.push_back("[" + std::string(name.substr(0, name.find('\''))) + "]");
  }
  return {ErrorCode::invalid_message, deepest.description, pointer_of(deepest.context), 0, {}};
}

}  // namespace

struct SchemaRegistry::Entry {
  valijson::Schema schema;
  valijson::Validator validator;
  bool regex = false;
};

struct SchemaRegistry::Entries {
  using ByType = std::map<std::string, std::unique_ptr<Entry>, std::less<>>;

  std::map<std::string, ByType, std::less<>> by_name_space;

  [[nodiscard]] Entry* find(std::string_view name_space, std::string_view type) const {
    const auto types = by_name_space.find(name_space);
    if (types == by_name_space.end()) return nullptr;
    const auto found = types->second.find(type);
    return found == types->second.end() ? nullptr : found->second.get();
  }
};

SchemaRegistry::SchemaRegistry() : entries_(std::make_unique<Entries>()) {}
SchemaRegistry::~SchemaRegistry() = default;
SchemaRegistry::SchemaRegistry(SchemaRegistry&&) noexcept = default;
SchemaRegistry& SchemaRegistry::operator=(SchemaRegistry&&) noexcept = default;

std::expected<void, std::string> SchemaRegistry::add(std::string_view name_space,
                                                     std::string_view type,
                                                     std::string_view schema) {
  if (from_name<MessageType>(type))
    return std::unexpected("the type " + std::string(type) + " is the protocol's own");
  const Json json = Json::parse(schema, nullptr, false);
  if (!json.is_object()) return std::unexpected("the schema is not a JSON object");
  auto entry = std::make_unique<Entry>();
  entry->regex = uses_regex(json);
  try {
    compile_patterns(json);
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(Adapter(json), entry->schema);
  } catch (const std::exception& exception) {
    return std::unexpected("the schema cannot be used: " + std::string(exception.what()));
  }
  entries_->by_name_space[std::string(name_space)][std::string(type)] = std::move(entry);
  return {};
}

std::expected<void, Error> SchemaRegistry::validate(std::string_view name_space,
                                                    std::string_view type,
                                                    std::string_view payload) {
  Entry* const entry = entries_->find(name_space, type);
  if (entry == nullptr) return {};
  const Json json = Json::parse(payload, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::invalid_message, "expected an object", "/payload");
  if (entry->regex && has_long_string(json)) {
    return fail(ErrorCode::invalid_message,
                "a string has at most " + std::to_string(kPatternBytesMax) + " bytes here",
                "/payload");
  }
  valijson::ValidationResults results;
  try {
    if (entry->validator.validate(entry->schema, Adapter(json), &results)) return {};
  } catch (const std::exception&) {
    return fail(ErrorCode::invalid_message, "could not be checked against its schema", "/payload");
  }
  return std::unexpected(error_of(results));
}

}  // namespace tidewire
