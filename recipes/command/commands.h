// The verbs of the command line, one file each (command_<verb>.cc).
#ifndef LIMBECK_RECIPES_COMMAND_COMMANDS_H_
#define LIMBECK_RECIPES_COMMAND_COMMANDS_H_

#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}  // namespace CLI

namespace limbeck {

// Adds every verb to the program. The outcome of the one that is chosen lands
// in `result` while the arguments are parsed.
void AddCommands(CLI::App& app, absl::Status& result);

// What to say of a first argument that is neither verb nor option; empty when
// it is one.
std::string ComplainOfVerb(const CLI::App& app, const std::string& argument);

// A verb with description and an example for its --help: lines for a shell in
// the folder of the checkout, which work as they stand (a test runs them all,
// that of `run` first).
CLI::App* AddVerb(CLI::App& app, const std::string& name,
                  const std::string& description, const std::string& example);
inline constexpr char kAfterQuickstart[] = "# after: limbeck run quickstart\n";

void AddBenchmarkCommand(CLI::App& app, absl::Status& result);
void AddCompareCommand(CLI::App& app, absl::Status& result);
void AddConvertCommand(CLI::App& app, absl::Status& result);
void AddDoctorCommand(CLI::App& app, absl::Status& result);
void AddGenerateCommand(CLI::App& app, absl::Status& result);
void AddInitCommand(CLI::App& app, absl::Status& result);
void AddInspectCommand(CLI::App& app, absl::Status& result);
void AddJudgeCommand(CLI::App& app, absl::Status& result);
void AddLineageCommand(CLI::App& app, absl::Status& result);
void AddPlanCommand(CLI::App& app, absl::Status& result);
void AddRenderCommand(CLI::App& app, absl::Status& result);
void AddRunCommand(CLI::App& app, absl::Status& result);
void AddScoreCommand(CLI::App& app, absl::Status& result);
void AddTokenizeCommand(CLI::App& app, absl::Status& result);
void AddVerifyCommand(CLI::App& app, absl::Status& result);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_COMMAND_COMMANDS_H_
