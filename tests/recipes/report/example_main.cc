// Writes the example run and its report: limbeck_report_example DIRECTORY
// [hostile | benchmarks]. For the screenshot test, and for looking at a change.
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "recipes/report/report.h"
#include "tests/recipes/report/example_run.h"

namespace limbeck {
namespace {

ExampleOptions OptionsOf(absl::string_view kind) {
  ExampleOptions options =
      kind == "hostile" ? HostileOptions() : ExampleOptions();
  if (kind == "hostile") options.exams = {{"<b>aime</b>/../x", 4, 3, 30}};
  if (kind == "benchmarks") {
    options.exams = {{"aime24", 30, 64, 2000}, {"math500", 500, 4, 200}};
  }
  return options;
}

absl::Status WriteExample(const std::string& workspace,
                          absl::string_view kind) {
  const ExampleOptions options = OptionsOf(kind);
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(workspace));
  LIMBECK_ASSIGN_OR_RETURN(const ReportRequest request,
                           WriteExampleRun(workspace, options));
  LIMBECK_RETURN_IF_ERROR(WriteReport(request));
  std::printf("%s\n", request.output_path.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace limbeck

int main(int argc, char** argv) {
  const absl::string_view kind = argc == 3 ? argv[2] : "";
  const bool known = kind.empty() || kind == "hostile" || kind == "benchmarks";
  if (argc < 2 || argc > 3 || !known) {
    std::fprintf(stderr,
                 "usage: limbeck_report_example DIRECTORY [hostile | "
                 "benchmarks]\n");
    return 2;
  }
  const absl::Status status = limbeck::WriteExample(argv[1], kind);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
