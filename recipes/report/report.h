// The report of a run: one self-contained HTML page, and one per benchmark
// with its samples.
#ifndef LIMBECK_RECIPES_REPORT_REPORT_H_
#define LIMBECK_RECIPES_REPORT_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "recipes/recipe.pb.h"

namespace limbeck {

struct ReportRequest {
  Recipe recipe;  // resolved
  std::string workspace;
  // Stage name and artefact directory, in the order of the run; only stages
  // that are complete.
  std::vector<std::pair<std::string, std::string>> artefacts;
  std::vector<std::string> overrides;  // of --set, "PATH=VALUE"
  std::string ledger_path;             // may be absent on disk
  std::string output_path;             // "report.html"
};

// Reads the artefacts, re-counts their shards and writes the report and, in a
// folder beside it ("report_pages" of "report.html"), the benchmarks' pages,
// each atomically; the report comes last.
// A count that disagrees with a manifest is an error, not a footnote.
absl::Status WriteReport(const ReportRequest& request);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_REPORT_REPORT_H_
