/// tw_load: an open- and closed-loop WebSocket load generator that checks what it receives.
#include <iostream>

#include <sys/resource.h>

#include "load/connects_scenario.h"
#include "load/dialect.h"
#include "load/options.h"
#include "load/priority_scenario.h"
#include "load/resume_scenario.h"
#include "load/rooms_scenario.h"
#include "load/streams_scenario.h"

int main(int argc, char** argv) {
  using namespace tidewire::bench;
  const Options options = parse_options(argc, argv);
  const auto dialect = make_dialect(options.dialect, options.token, options.name_space);
  if (!dialect) {
    std::cerr << "tw_load: unknown dialect " << options.dialect << "\n";
    return 2;
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  if (options.mode == "rooms") {
    std::cout << RoomsScenario(options, *dialect).run() << std::endl;
  } else if (options.mode == "streams") {
    std::cout << StreamsScenario(options, StreamsDialect(options)).run() << std::endl;
  } else if (options.mode == "resume") {
    const ResumeDialect resume(options.token, options.name_space);
    std::cout << ResumeScenario(options, resume).run() << std::endl;
  } else if (options.mode == "priority") {
    std::cout << PriorityScenario(options, PriorityDialect(options)).run() << std::endl;
  } else if (options.mode == "connects") {
    std::cout << ConnectsScenario(options, *dialect).run_rate() << std::endl;
  } else {
    std::cout << ConnectsScenario(options, *dialect).run_hold() << std::endl;
  }
}
