#include "recipes/commands.h"

#include <CLI/CLI.hpp>

namespace limbeck {

CLI::App* AddVerb(CLI::App& app, const std::string& name,
                  const std::string& description, const std::string& example) {
  CLI::App* verb = app.add_subcommand(name, description);
  verb->footer("Example:\n  " + example);
  return verb;
}

void AddCommands(CLI::App& app, absl::Status& result) {
  AddRunCommand(app, result);
  AddPlanCommand(app, result);
  AddInspectCommand(app, result);
  AddLineageCommand(app, result);
  AddCompareCommand(app, result);
  AddTokenizeCommand(app, result);
  AddRenderCommand(app, result);
  AddScoreCommand(app, result);
  AddGenerateCommand(app, result);
  AddVerifyCommand(app, result);
  AddBenchmarkCommand(app, result);
  AddConvertCommand(app, result);
  AddInitCommand(app, result);
  AddDoctorCommand(app, result);
}

}  // namespace limbeck
