#include <iostream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "config/loader.h"
#include "server/run_server.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  tidewire::CommandContext context{tidewire::process_environment(), std::cin, std::cout, std::cerr,
                                   tidewire::run_server};
  return tidewire::run_command_line(arguments, context);
}
