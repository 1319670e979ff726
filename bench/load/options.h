#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/client.h"

namespace tidewire::bench {

/// One measured stretch over connections that stay open.
struct Phase {
  enum class Kind {
    window,  // `value` messages in flight over all rooms: the next leaves when one has arrived
    each,    // `value` in flight in every room
    rate,    // open loop: `value` messages a second, whatever the server does
    half,    // open loop at half of what the first phase reached
  };
  Kind kind = Kind::window;
  double value = 1;
  std::string name;
};

struct Options {
  std::string mode;  // rooms, connects, hold, streams, resume, priority
  Target target;
  std::string dialect = "raw";
  std::string token;
  std::string name_space = "bench";
  std::uint32_t rooms = 1;
  std::uint32_t members = 1;  // a room's connections; the first one publishes
  std::size_t size = 128;     // of a message's content
  std::vector<Phase> phases;
  double warm_s = 1;
  double seconds = 4;
  std::size_t concurrency = 64;    // connects under way at a time
  std::vector<std::size_t> steps;  // hold: how many connections, in turn
  std::vector<int> server_pids;
  std::uint32_t stalled = 0;        // rooms: members of the first room that do not read
  double rollup_ms = 0;             // streams: what the subscribers ask for
  double pieces_per_s = 60;         // streams: of each
  std::uint32_t pieces = 300;       // streams: of one message
  std::uint32_t producers = 4;      // streams: connections
  std::uint32_t missed = 1000;      // resume: messages a room
  std::uint32_t alone = 0;          // resume: rooms that one client at a time comes back to
  bool pause = false;               // resume: between publishing and resuming
  std::string priority = "normal";  // priority: of the probes
  double link_bytes_per_s = 4e6;    // priority: what the subscriber reads
};

/// Reads the command line; on a fault prints what is wrong and ends the process with 2.
Options parse_options(int argc, char** argv);

}  // namespace tidewire::bench
