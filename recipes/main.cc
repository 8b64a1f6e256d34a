// The program: verbs and options in, exit code 0 only on success.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "recipes/build_facts.h"
#include "recipes/commands.h"
#include "recipes/terminal.h"

int main(int argc, char** argv) {
  CLI::App app("Limbeck turns a teacher's reasoning into small students.",
               "limbeck");
  app.set_version_flag("--version", limbeck::LimbeckVersion());
  app.require_subcommand(1);
  absl::Status result;
  limbeck::AddCommands(app, result);
  CLI11_PARSE(app, argc, argv);
  if (result.ok()) return 0;
  limbeck::WriteToDescriptor(
      STDERR_FILENO,
      absl::StrCat("limbeck: ",
                   limbeck::EscapeLinesForTerminal(result.message()), "\n"));
  return 1;
}
