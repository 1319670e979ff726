#include <ostream>

#include "cli/commands.h"
#include "observability/log.h"

namespace tidewire {

int run_serve(const ConfigSources& sources, CommandContext& context) {
  LoadedConfig loaded;
  if (!load_or_report(sources, {}, context, loaded)) return kConfigFault;
  start_logging(loaded.config.log.level, loaded.config.log.format);
  for (const std::string& warning : loaded.warnings) log_warn(warning);
  return context.run_server(loaded.config, [](const RunningServer& server) {
    log_info("listening", {{"public", server.public_url},
                           {"internal", server.internal_url},
                           {"version", TIDEWIRE_VERSION}});
  });
}

int run_version(CommandContext& context) {
  context.out << "tidewire " << TIDEWIRE_VERSION << "\n";
  return kSuccess;
}

}  // namespace tidewire
