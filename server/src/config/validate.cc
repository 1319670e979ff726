#include "config/validate.h"

#include <algorithm>
#include <utility>

#include "config/auth_keys.h"
#include "config/text_file.h"
#include "config/units.h"
#include "protocol/channel_name.h"
#include "protocol/commands.h"

namespace tidewire {
namespace {

constexpr std::size_t kApiKeyBytesGood = 16;
constexpr std::size_t kUrlBytesMax = 2048;

/// http or https, a host, and nothing that could end a request line.
bool is_http_url(std::string_view url) {
  if (url.size() > kUrlBytesMax) return false;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = url.substr(0, colon);
  const std::string_view rest = url.substr(colon + 3);
  if (scheme != "http" && scheme != "https") return false;
  if (rest.empty() || rest.front() == '/' || rest.front() == '?' || rest.front() == ':')
    return false;
  return std::ranges::all_of(rest, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
}

class Validator {
 public:
  Validator(const SettingOrigins& origins, LoadedConfig& loaded)
      : origins_(origins),
        config_(loaded.config),
        faults_(loaded.faults),
        warnings_(loaded.warnings) {}

  void run() {
    const bool all_parsed = faults_.empty();
    load_secrets();
    // What failed to parse still has its default; checking that against other keys would mislead.
    if (!all_parsed) return;
    check_tls();
    check_listeners();
    check_limits();
    check_times();
    check_namespaces();
    check_backends();
    check_hooks();
    if (faults_.empty()) warn();
  }

 private:
  [[nodiscard]] const Setting* origin(std::string_view path) const {
    const auto found = origins_.find(path);
    return found == origins_.end() ? nullptr : found->second;
  }

  /// Blames the first of the keys that was set at all.
  void fault(std::initializer_list<std::string_view> paths, const std::string& problem) {
    for (const std::string_view path : paths) {
      if (const Setting* setting = origin(path)) {
        faults_.push_back(setting->prefix() + ": " + problem);
        return;
      }
    }
    faults_.push_back("default: " + std::string(*paths.begin()) + ": " + problem);
  }

  /// Of `key` and `key_file` the one with the later source counts; both in one source is a fault.
  void load_secret(std::string_view path, std::string_view file_path, const std::string& file,
                   std::string& secret) {
    const Setting* by_value = origin(path);
    const Setting* by_file = origin(file_path);
    if (by_file == nullptr || file.empty()) return;
    if (by_value != nullptr && by_value->source == by_file->source) {
      fault({file_path},
            "set either " + std::string(path) + " or " + std::string(file_path) + ", not both");
      return;
    }
    if (by_value != nullptr && by_value->source > by_file->source) return;
    auto text = read_secret_file(file);
    if (text)
      secret = std::move(*text);
    else
      fault({file_path}, quote_for_fault(file) + " " + text.error());
  }

  void load_secrets() {
    load_secret("auth.hmac_secret", "auth.hmac_secret_file", config_.auth.hmac_secret_file,
                config_.auth.hmac_secret);
    load_secret("api.key", "api.key_file", config_.api.key_file, config_.api.key);
    for (auto& [name, backend] : config_.rpc_backends) load_secret_of("rpc." + name, backend);
    load_secret_of("hooks.connect", config_.hooks.connect);
    load_secret_of("hooks.subscribe", config_.hooks.subscribe);
    load_secret_of("hooks.publish", config_.hooks.publish);
    check_length("auth.hmac_secret", "auth.hmac_secret_file", config_.auth.hmac_secret,
                 hmac_bytes_min("HS256"));
  }

  void load_secret_of(const std::string& path, EndpointConfig& endpoint) {
    load_secret(path + ".secret", path + ".secret_file", endpoint.secret_file, endpoint.secret);
  }

  void check_length(std::string_view path, std::string_view file_path, const std::string& secret,
                    std::size_t bytes_min) {
    if (!secret.empty() && secret.size() < bytes_min)
      fault({path, file_path}, short_secret_fault(bytes_min, secret.size()));
  }

  void check_tls() {
    if (config_.tls.cert_file.empty() == config_.tls.key_file.empty()) return;
    fault({"tls.cert_file", "tls.key_file"}, "tls.cert_file and tls.key_file must be set together");
  }

  void check_listeners() {
    const std::string& address = config_.listen.public_address;
    if (address == config_.listen.internal_address && !address.ends_with(":0"))
      fault({"listen.internal", "listen.public"},
            "listen.public and listen.internal must differ, both are " + address);
  }

  /// Of two limits that contradict each other the one that nobody set gives way.
  void at_least(std::string_view path, std::uint64_t& value, std::uint64_t raised) {
    const std::uint64_t minimum = config_.limits.message_bytes;
    if (value >= minimum) return;
    if (origin(path) == nullptr) {
      value = raised;
      return;
    }
    fault({path}, std::string(path) + " (" + format_bytes(value) +
                      ") must be at least limits.message_bytes (" + format_bytes(minimum) + ")");
  }

  /// An event that came in pieces must pass every subscriber's queue.
  void check_transfers() {
    LimitsConfig& limits = config_.limits;
    const std::uint64_t needed = 2 * limits.transfer_bytes;
    if (limits.queue_bytes >= needed) return;
    if (origin("limits.queue_bytes") == nullptr) {
      limits.queue_bytes = needed;
    } else if (origin("limits.transfer_bytes") == nullptr) {
      limits.transfer_bytes = limits.queue_bytes / 2;
    } else {
      fault({"limits.transfer_bytes"}, "limits.queue_bytes (" + format_bytes(limits.queue_bytes) +
                                           ") must be at least twice limits.transfer_bytes (" +
                                           format_bytes(limits.transfer_bytes) + ")");
    }
  }

  void check_limits() {
    LimitsConfig& limits = config_.limits;
    check_transfers();
    at_least("limits.queue_bytes", limits.queue_bytes, 2 * limits.message_bytes);
    at_least("limits.body_bytes", limits.body_bytes, 2 * limits.message_bytes);
    if (limits.bytes_per_second != 0)
      at_least("limits.bytes_burst", limits.bytes_burst, 2 * limits.message_bytes);
  }

  void check_times() {
    ShutdownConfig& shutdown = config_.shutdown;
    if (shutdown.pace <= shutdown.deadline) return;
    if (origin("shutdown.pace") == nullptr) {
      shutdown.pace = shutdown.deadline;
      return;
    }
    fault({"shutdown.pace"}, "shutdown.pace (" + format_duration(shutdown.pace) +
                                 ") must be at most shutdown.deadline (" +
                                 format_duration(shutdown.deadline) + ")");
  }

  void check_namespaces() {
    for (const auto& [name, options] : config_.namespaces) {
      const std::string path = "namespace." + name;
      if (options.join_leave && !options.presence)
        fault({path + ".join_leave", path + ".presence"},
              path + ".join_leave needs " + path + ".presence = true");
      if (options.acks_required() && options.history_size == 0)
        fault({path + ".ack", path + ".history_size"},
              path + ".ack needs a history: what is sent again is read from it");
      if (!options.dead_letter.empty() && !ChannelName::parse(options.dead_letter))
        fault({path + ".dead_letter"}, "a channel is `namespace:rest`");
    }
  }

  void check_url(const std::string& path, const EndpointConfig& endpoint) {
    if (!is_http_url(endpoint.url))
      fault({path + ".url"},
            "expected an http or https URL, such as \"http://127.0.0.1:3000/rpc\"");
  }

  void check_backends() {
    for (const auto& [name, backend] : config_.rpc_backends) {
      const std::string path = "rpc." + name;
      const std::string first = first_origin(path + ".");
      if (backend.url.empty()) fault({first}, path + " needs a url");
      if (!backend.url.empty()) check_url(path, backend);
      if (backend.methods.empty()) fault({first}, path + " needs methods");
      for (const std::string& method : backend.methods)
        if (method.empty() || method.size() > kMethodBytesMax ||
            method.find('*') < method.size() - 1)
          fault({path + ".methods"}, "a method has 1 to 128 bytes, and a * at the end only, got " +
                                         quote_for_fault(method));
    }
  }

  /// The first key that was set below `prefix`.
  [[nodiscard]] std::string first_origin(const std::string& prefix) const {
    const auto found = origins_.lower_bound(prefix);
    return found == origins_.end() ? prefix : std::string(found->first);
  }

  void check_hooks() {
    const HooksConfig& hooks = config_.hooks;
    for (const auto& [path, hook] :
         {std::pair<std::string, const HookConfig&>("hooks.connect", hooks.connect),
          {"hooks.subscribe", hooks.subscribe},
          {"hooks.publish", hooks.publish}}) {
      if (!hook.url.empty()) check_url(path, hook);
      for (const std::string& name : hook.namespaces)
        if (!is_namespace_name(name))
          fault({path + ".namespaces"},
                "expected names of namespaces, got " + quote_for_fault(name));
    }
  }

  void warn() {
    if (config_.auth.hmac_secret.empty() && config_.auth.keys.empty())
      warnings_.push_back(
          "no key for tokens is configured, so nobody can authenticate: set auth.hmac_secret or "
          "auth.keys");
    if (config_.namespaces.empty())
      warnings_.push_back(
          "no namespace is configured, so there are no channels: set namespace.<name>.*");
    if (!config_.api.key.empty() && config_.api.key.size() < kApiKeyBytesGood)
      warnings_.push_back("api.key is short enough to guess: use at least 16 bytes");
    if (config_.debug.echo)
      warnings_.push_back("debug.echo is on: anybody may connect to /debug/echo");
    if (config_.auth.allow_query_token)
      warnings_.push_back(
          "auth.allow_query_token is on: tokens in URLs end up in the logs of proxies");
  }

  const SettingOrigins& origins_;
  Config& config_;
  std::vector<std::string>& faults_;
  std::vector<std::string>& warnings_;
};

}  // namespace

void validate_config(const SettingOrigins& origins, LoadedConfig& loaded) {
  Validator(origins, loaded).run();
}

}  // namespace tidewire
