#include <ostream>

#include "base/ids.h"
#include "cli/commands.h"
#include "config/reference.h"
#include "server/auth_setup.h"

namespace tidewire {

bool load_or_report(const ConfigSources& sources, Config defaults, CommandContext& context,
                    LoadedConfig& loaded) {
  loaded = load_config(sources, std::move(defaults));
  if (loaded.faults.empty()) loaded.faults = find_setup_faults(loaded.config);
  for (const std::string& fault : loaded.faults) context.err << fault << "\n";
  return loaded.faults.empty();
}

std::string random_secret() { return random_id() + random_id().substr(1); }

int run_checkconfig(const ConfigSources& sources, CommandContext& context) {
  LoadedConfig loaded;
  if (!load_or_report(sources, {}, context, loaded)) return kConfigFault;
  context.out << describe_config(loaded.config);
  for (const std::string& warning : loaded.warnings) context.err << "warning: " << warning << "\n";
  context.err << "the configuration is valid\n";
  return kSuccess;
}

int run_genconfig(const GenconfigArguments& arguments, CommandContext& context) {
  context.out << (arguments.markdown ? reference_markdown()
                                     : config_file_template(random_secret(), random_secret()));
  return kSuccess;
}

}  // namespace tidewire
