#include "recipes/command/commands.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "recipes/language/source_map.h"

namespace limbeck {

CLI::App* AddVerb(CLI::App& app, const std::string& name,
                  const std::string& description, const std::string& example) {
  CLI::App* verb = app.add_subcommand(name, description);
  verb->footer(absl::StrCat("Example:\n  ",
                            absl::StrReplaceAll(example, {{"\n", "\n  "}})));
  return verb;
}

std::string ComplainOfVerb(const CLI::App& app, const std::string& argument) {
  if (argument.empty()) return "";
  if (argument[0] == '-') {
    if (app.get_option_no_throw(argument) != nullptr) return "";
    return absl::StrCat("no option '", argument,
                        "'; run limbeck --help for the verbs");
  }
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) {
    if (verb->get_name() == argument) return "";
    verbs.push_back(verb->get_name());
  }
  return absl::StrCat("no verb '", argument, "'",
                      SuggestNames(argument, verbs));
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
  AddJudgeCommand(app, result);
  AddBenchmarkCommand(app, result);
  AddConvertCommand(app, result);
  AddInitCommand(app, result);
  AddDoctorCommand(app, result);
}

}  // namespace limbeck
