// Writes the example run and its report: limbeck_report_example DIRECTORY
// [hostile]. For the screenshot test, and for looking at a change.
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

absl::Status WriteExample(const std::string& workspace, bool hostile) {
  const ExampleOptions options = hostile ? HostileOptions() : ExampleOptions();
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
  const bool hostile = argc == 3 && absl::string_view(argv[2]) == "hostile";
  if (argc != 2 && !hostile) {
    std::fprintf(stderr, "usage: limbeck_report_example DIRECTORY [hostile]\n");
    return 2;
  }
  const absl::Status status = limbeck::WriteExample(argv[1], hostile);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
