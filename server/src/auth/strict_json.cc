#include "auth/strict_json.h"

#include <utility>
#include <vector>

namespace tidewire {
namespace {

using nlohmann::json;

/// Builds the value while it is parsed, so that a duplicate name or one level too many stops the
/// parser at once. nlohmann's own builder keeps the last of two names.
class StrictBuilder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override {
    return put(value) != nullptr;
  }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    name_ = std::move(name);
    if (!open_.back()->contains(name_)) return true;
    fault_ = "has a name twice in one object";
    return false;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

  json take() { return std::move(root_); }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  json* put(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    return &(parent[name_] = std::move(value));
  }
  bool open(json container) {
    if (open_.size() == kTokenJsonDepthMax) {
      fault_ = "is nested too deeply";
      return false;
    }
    open_.push_back(put(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  std::vector<json*> open_;
  std::string name_;
  std::string fault_ = "is not valid JSON";
};

}  // namespace

std::expected<json, std::string> parse_strict_object(std::string_view text) {
  // nlohmann takes a NUL for the end of the text and skips a byte order mark.
  if (text.find('\0') != text.npos || text.starts_with("\xEF\xBB\xBF"))
    return std::unexpected("is not valid JSON");
  StrictBuilder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder)) return std::unexpected(builder.fault());
  json value = builder.take();
  if (!value.is_object()) return std::unexpected("is not a JSON object");
  return value;
}

}  // namespace tidewire
