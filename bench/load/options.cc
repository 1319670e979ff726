#include "load/options.h"

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

namespace tidewire::bench {
namespace {

constexpr const char* kUsage =
    R"(usage: tw_load rooms|connects|hold|streams|resume|priority --port N [--host A] [--tls 1] [--dialect D] [--token T]
  rooms     --rooms R --members M --size BYTES --warm S --seconds S
            --phase window:W | each:W | rate:PER_SECOND | half   (one or more)
  connects  --concurrency C --warm S --seconds S
            --stalled N   more members of the first room, which do not read
  streams   --rooms R --rollup MS --rate PIECES_PER_SECOND --pieces N --warm S --seconds S
  resume    --rooms R --members M --missed N --alone ROOMS --pause 1 (as hold, between both halves)
  priority  --priority P --link BYTES_PER_SECOND --size BYTES --warm S --seconds S
  hold      --steps N,N,...   (prints "held N" and waits for a line on standard input)
  all       --compress 1   --server-pid P,P,...   whose CPU time is reported
streams, resume and priority speak tidewire only
dialects: raw echo tidewire tidewire-acks tidewire-echo centrifugo)";

[[noreturn]] void refuse(const std::string& why) {
  std::cerr << "tw_load: " << why << "\n" << kUsage << "\n";
  std::exit(2);
}

double to_number(const std::string& name, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || value < 0) refuse(name + " is not a number: " + text);
  return value;
}

Phase to_phase(const std::string& text) {
  static const std::map<std::string, Phase::Kind> kKinds{{"window", Phase::Kind::window},
                                                         {"each", Phase::Kind::each},
                                                         {"rate", Phase::Kind::rate},
                                                         {"half", Phase::Kind::half}};
  const std::size_t colon = text.find(':');
  const auto kind = kKinds.find(text.substr(0, colon));
  if (kind == kKinds.end()) refuse("unknown phase " + text);
  const double value =
      colon == std::string::npos ? 1 : to_number("--phase", text.substr(colon + 1));
  if (value <= 0) refuse("the phase " + text + " would send nothing");
  return {.kind = kind->second, .value = value, .name = text};
}

template <typename T>
std::vector<T> to_list(const std::string& name, const std::string& text) {
  std::vector<T> values;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ',');)
    values.push_back(static_cast<T>(to_number(name, item)));
  return values;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options o;
  const auto number = [](auto& out) {
    return [&out](const std::string& name, const std::string& text) {
      out = static_cast<std::decay_t<decltype(out)>>(to_number(name, text));
    };
  };
  const auto word = [](std::string& out) {
    return [&out](const std::string&, const std::string& text) { out = text; };
  };
  using Setter = std::function<void(const std::string&, const std::string&)>;
  const std::map<std::string, Setter> setters{
      {"--host", word(o.target.host)},
      {"--port", number(o.target.port)},
      {"--tls", number(o.target.tls)},
      {"--compress", number(o.target.compress)},
      {"--stalled", number(o.stalled)},
      {"--rollup", number(o.rollup_ms)},
      {"--rate", number(o.pieces_per_s)},
      {"--pieces", number(o.pieces)},
      {"--producers", number(o.producers)},
      {"--missed", number(o.missed)},
      {"--alone", number(o.alone)},
      {"--pause", number(o.pause)},
      {"--priority", word(o.priority)},
      {"--link", number(o.link_bytes_per_s)},
      {"--dialect", word(o.dialect)},
      {"--token", word(o.token)},
      {"--namespace", word(o.name_space)},
      {"--rooms", number(o.rooms)},
      {"--members", number(o.members)},
      {"--size", number(o.size)},
      {"--warm", number(o.warm_s)},
      {"--seconds", number(o.seconds)},
      {"--concurrency", number(o.concurrency)},
      {"--phase", [&](auto&, auto& text) { o.phases.push_back(to_phase(text)); }},
      {"--steps", [&](auto& name, auto& text) { o.steps = to_list<std::size_t>(name, text); }},
      {"--server-pid", [&](auto& name, auto& text) { o.server_pids = to_list<int>(name, text); }},
  };
  if (argc < 2) refuse("no scenario");
  o.mode = argv[1];
  static const std::set<std::string> kModes{"rooms",   "connects", "hold",
                                            "streams", "resume",   "priority"};
  if (!kModes.contains(o.mode)) refuse("unknown scenario " + o.mode);
  for (int i = 2; i < argc; i += 2) {
    const auto setter = setters.find(argv[i]);
    if (setter == setters.end()) refuse(std::string("unknown option ") + argv[i]);
    if (i + 1 == argc) refuse(std::string("no value for ") + argv[i]);
    setter->second(argv[i], argv[i + 1]);
  }
  if (o.target.port == 0) refuse("--port is missing");
  if (o.rooms == 0 || o.members == 0 || o.concurrency == 0) refuse("nobody to connect");
  if (o.mode == "rooms" && o.phases.empty()) refuse("--phase is missing");
  if (o.pieces < 2 || o.pieces_per_s <= 0 || o.producers == 0 || o.missed == 0)
    refuse("there would be nothing to send");
  if (o.mode == "hold" && o.steps.empty()) refuse("--steps is missing");
  if (o.size < 36) refuse("--size must hold a stamp of 36 bytes");
  return o;
}

}  // namespace tidewire::bench
