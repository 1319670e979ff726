#include <system_error>
#include <vector>

#include <toml++/toml.h>

#include "config/known_keys.h"
#include "config/setting.h"

namespace tidewire {
namespace {

using nlohmann::json;

json to_json(const toml::node& node);

/// toml++ bounds the nesting of what it parsed, so the recursion here is bounded with it.
json array_to_json(const toml::array& array) {
  json out = json::array();
  for (const toml::node& element : array) out.push_back(to_json(element));
  return out;
}

json table_to_json(const toml::table& table) {
  json out = json::object();
  for (const auto& [key, node] : table) out[std::string(key.str())] = to_json(node);
  return out;
}

json to_json(const toml::node& node) {
  if (const auto* table = node.as_table()) return table_to_json(*table);
  if (const auto* array = node.as_array()) return array_to_json(*array);
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  return {};  // dates and times: no option takes one
}

class FileReader {
 public:
  FileReader(const std::string& file, std::vector<Setting>& settings, Faults& faults)
      : file_(file),
        base_(std::filesystem::path(file).parent_path()),
        settings_(settings),
        faults_(faults) {}

  /// Visits the tables in the order of a queue; every value that is not a table is a setting.
  void read(const toml::table& root) {
    pending_.push_back({"", &root});
    for (std::size_t next = 0; next < pending_.size(); ++next) {
      const auto [prefix, table] = pending_[next];
      for (const auto& [key, node] : *table) visit(prefix + std::string(key.str()), node);
    }
  }

 private:
  struct Pending {
    std::string prefix;
    const toml::table* table;
  };

  void visit(const std::string& path, const toml::node& node) {
    const auto* table = node.as_table();
    const bool names_a_namespace =
        path.starts_with("namespace.") && path.find('.', sizeof "namespace.") == std::string::npos;
    if (table == nullptr || (names_a_namespace && table->empty())) add(path, node);
    if (table != nullptr) pending_.push_back({path + ".", table});
  }

  void add(const std::string& path, const toml::node& node) {
    Setting setting{.source = SourceKind::file,
                    .where = file_ + ":" + std::to_string(node.source().begin.line),
                    .path = path,
                    .value = to_json(node),
                    .base = base_};
    KnownKey key;
    std::string fault;
    if (parse_key(path, spell_path, key, fault))
      settings_.push_back(std::move(setting));
    else
      faults_.push_back(setting.where + ": " + quote_path(path) + ": " + fault);
  }

  static std::string quote_path(const std::string& path) {
    const std::string quoted = quote_for_fault(path);
    return quoted == '"' + path + '"' ? path : quoted;
  }

  const std::string& file_;
  std::filesystem::path base_;
  std::vector<Setting>& settings_;
  Faults& faults_;
  std::vector<Pending> pending_;
};

}  // namespace

void read_file_settings(const std::string& path, std::vector<Setting>& settings, Faults& faults) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    faults.push_back(path + ": the configuration file cannot be read");
    return;
  }
  try {
    const toml::table root = toml::parse_file(path);
    FileReader(path, settings, faults).read(root);
  } catch (const toml::parse_error& parse_error) {
    faults.push_back(path + ":" + std::to_string(parse_error.source().begin.line) +
                     ": not TOML: " + std::string(parse_error.description()));
  }
}

}  // namespace tidewire
