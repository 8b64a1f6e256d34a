// What the report shows, read from the artefacts of a run.
#ifndef LIMBECK_RECIPES_REPORT_REPORT_DATA_H_
#define LIMBECK_RECIPES_REPORT_REPORT_DATA_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/records.pb.h"
#include "data/stages/agreement.h"
#include "data/stages/manifest.pb.h"
#include "recipes/report/report.h"

namespace limbeck::report {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

// How one model answered one problem.
struct ProblemScore {
  int64_t correct = 0;
  int64_t samples = 0;
};

// One evaluated model. Labels are stage names made readable.
struct Evaluation {
  std::string stage;
  std::string label;
  std::string source;  // scores.json, relative to the workspace
  std::string note;
  Json scores;  // the whole object of scores.json
  double pass_at_1 = 0.0;
  Interval exam;        // sampling noise of this exam only
  Interval population;  // such exams
  std::map<std::string, ProblemScore> by_family;
  std::map<int, ProblemScore> by_difficulty;
  std::vector<double> output_tokens;
  std::vector<Trace> traces;  // sorted by problem id and sample index
};

struct Training {
  std::string stage;
  std::string label;
  std::string source;  // metrics.jsonl
  std::string objective;
  std::vector<std::pair<double, double>> loss;      // tokens, nats per token
  std::vector<std::pair<double, double>> held_out;  // tokens, nats per token
  int64_t tokens = 0;
  int64_t loss_tokens = 0;
  int64_t parameters = 0;
  int64_t skipped_steps = 0;
};

// Counts of one stage, from its manifest and again from its shards.
struct StageCounts {
  std::string stage;
  std::string kind;
  std::string artefact;  // directory, relative to the workspace
  Manifest manifest;
};

struct ReportData {
  std::vector<Evaluation> evaluations;
  std::vector<Evaluation> unscored;  // without a single scored sample
  std::vector<Training> trainings;
  std::vector<StageCounts> stages;
  std::vector<std::pair<std::string, Json>> comparisons;  // source, object
  std::vector<std::pair<std::string, AgreementTable>> agreements;  // source
  std::vector<double> teacher_tokens;  // of the generated traces
  std::string teacher_source;
  Json ledger;
};

absl::StatusOr<ReportData> CollectReportData(const ReportRequest& request);

// "student_distilled" as "student distilled"; a trailing "_scores" is dropped.
std::string ReadableName(absl::string_view stage);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_REPORT_DATA_H_
