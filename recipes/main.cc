// The program: verbs and options in, an exit code out, 0 only on success.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "recipes/command/commands.h"
#include "recipes/console/terminal.h"
#include "recipes/run/build_facts.h"

namespace {

// Exit codes; docs/recipes.md names them.
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

int Fail(absl::string_view message, int exit_code) {
  limbeck::WriteToDescriptor(
      STDERR_FILENO,
      absl::StrCat("limbeck: ", limbeck::EscapeLinesForTerminal(message),
                   "\n"));
  return exit_code;
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
  if (!complaint.empty()) return Fail(complaint, kWrongUsage);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version end here too, with code 0.
    std::ostringstream complaint_text;
    if (app.exit(error, std::cout, complaint_text) == 0) return 0;
    return Fail(absl::StripAsciiWhitespace(complaint_text.str()), kWrongUsage);
  }
  return result.ok() ? 0 : Fail(result.message(), kFailed);
}
