// A small artificial run with every kind of artefact that the report reads:
// three models on a dozen problems, a distillation, rejections, costs. No model
// is involved; the numbers follow from counters.
#ifndef LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_RUN_H_
#define LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_RUN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "recipes/report/report.h"

namespace limbeck {

// A public benchmark with made-up problems and samples of every outcome.
struct ExampleExam {
  std::string benchmark = "aime24";
  int problems = 30;
  int samples = 8;
  int output_tokens = 60;  // of the shortest output
};

struct ExampleOptions {
  int num_test_problems = 48;
  int samples_per_problem = 8;
  // Stands in problems, outputs, answers, notes and titles.
  std::string foreign_text = "1 < 2 & 3 > 2";
  // Follows the text where any bytes may stand.
  std::string foreign_bytes;
  // Times of the ledger are multiplied by this.
  double slowness = 1.0;
  bool with_ledger = true;
  bool refuse_all = false;         // no evaluation has a scored problem
  std::vector<ExampleExam> exams;  // teacher and student are evaluated on each
};

// With text that a page must not take at its word.
ExampleOptions HostileOptions();

// Writes artefacts, models and ledger below `workspace`; the report would go
// to `workspace`/report.html.
absl::StatusOr<ReportRequest> WriteExampleRun(const std::string& workspace,
                                              const ExampleOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_RUN_H_
