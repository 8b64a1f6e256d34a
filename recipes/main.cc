// The program: verbs and options in, exit code 0 only on success.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "recipes/build_facts.h"
#include "recipes/commands.h"
#include "recipes/terminal.h"

namespace {

int Fail(absl::string_view message) {
  limbeck::WriteToDescriptor(
      STDERR_FILENO,
      absl::StrCat("limbeck: ", limbeck::EscapeLinesForTerminal(message),
                   "\n"));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  limbeck::FillStandardDescriptors();
  CLI::App app("Limbeck turns a teacher's reasoning into small students.",
               "limbeck");
  app.set_version_flag("--version", limbeck::LimbeckVersion());
  app.require_subcommand(1);
  absl::Status result;
  limbeck::AddCommands(app, result);
  const std::string complaint =
      limbeck::ComplainOfVerb(app, argc > 1 ? argv[1] : "");
  if (!complaint.empty()) return Fail(complaint);
  CLI11_PARSE(app, argc, argv);
  return result.ok() ? 0 : Fail(result.message());
}
