// What the report shows, read from the artefacts of a run.
#ifndef LIMBECK_RECIPES_REPORT_REPORT_DATA_H_
#define LIMBECK_RECIPES_REPORT_REPORT_DATA_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/records.pb.h"
#include "data/stages/agreement.h"
#include "data/stages/manifest.pb.h"
#include "recipes/report/model_facts.h"
#include "recipes/report/outcome.h"
#include "recipes/report/report.h"

namespace limbeck::report {

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

// Samples of one problem, or of one kind of problems.
struct RightOf {
  int64_t correct = 0;
  int64_t samples = 0;

  double share() const {
    return static_cast<double>(correct) / static_cast<double>(samples);
  }
};

// One evaluated model. Counts are taken from the traces and agree with
// scores.json; refused problems are in none of them.
struct Evaluation {
  std::string stage;
  std::string model;      // stage or model entry of the recipe
  std::string benchmark;  // as in scores.json: the name in tables
  // The benchmark's own name, which published scores go by.
  std::string benchmark_name;
  std::string role;  // "teacher", "student"; empty: neither
  // What the model may be called in published tables.
  std::vector<std::string> model_names;
  std::string label;
  int colour = 0;
  std::string source;         // scores.json, relative to the workspace
  std::string traces_source;  // traces.lbk
  std::string note;
  Json scores;  // the whole object of scores.json
  double confidence = 0.95;
  std::optional<double> pass_at_1;
  std::optional<Interval> exam;        // sampling noise of this exam only
  std::optional<Interval> population;  // such exams
  std::map<std::string, RightOf> by_problem;  // by ProblemKey
  OutcomeCounts outcomes = {};
  std::map<std::string, RightOf> by_family;
  std::map<int, RightOf> by_difficulty;
  std::vector<double> output_tokens;
  std::vector<Trace> traces;
};

struct Training {
  std::string stage;
  std::string label;
  int colour = 0;
  std::string source;  // metrics.jsonl
  std::string objective;
  std::vector<std::pair<double, double>> loss;      // tokens, nats per token
  std::vector<std::pair<double, double>> held_out;  // tokens, nats per token
  uint64_t steps = 0;
  uint64_t tokens = 0;
  uint64_t loss_tokens = 0;
  uint64_t skipped_steps = 0;
};

// Outputs that became training data.
struct Outputs {
  std::string label;
  std::string model;  // empty for recorded traces
  int colour = 0;
  std::string source;
  std::vector<double> tokens;
};

// Counts of one stage, from its manifest; equal to those of its shards.
struct StageCounts {
  std::string stage;
  std::string kind;
  std::string artefact;  // directory, relative to the workspace
  std::vector<std::string> inputs;
  Manifest manifest;
};

// The first record that a stage rejected for one reason.
struct RejectionExample {
  std::string stage;
  std::string source;  // rejects.lbk
  Rejection rejection;
};

// Where problems come from, and under which terms.
struct Origin {
  std::string stage;
  std::string source;  // problems.lbk
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t>
      problems;  // by data set, split, licence
};

struct Agreement {
  std::string stage;
  std::string source;  // agreement.json
  AgreementTable table;
};

struct ComparisonFile {
  std::string source;  // comparison.json
  Json json;
  double confidence = 0.95;  // of its intervals
};

// Program and machine that made artefacts, from run.json: printable values.
struct Build {
  std::string limbeck;  // with compiler
  std::string id;
  std::string libtorch;  // with instruction set
  std::string processor;
  std::string threads;  // with device
  std::vector<std::string> stages;

  auto key() const {
    return std::tie(limbeck, id, libtorch, processor, threads);
  }
};

struct ReportData {
  std::vector<Evaluation> evaluations;
  std::vector<Training> trainings;
  std::vector<Outputs> outputs;
  std::vector<StageCounts> stages;
  std::vector<RejectionExample> rejections;
  std::vector<Origin> origins;
  std::vector<ModelFacts> models;
  std::vector<ComparisonFile> comparisons;
  std::vector<std::pair<std::string, Json>> packings;  // source, object
  std::vector<Agreement> agreements;
  std::vector<Build> builds;           // all that had a part in an artefact
  std::vector<std::string> overrides;  // of the command line
  Json ledger;                         // null when there is none
  // Of the benchmarks' own pages, from the report, by benchmark.
  std::map<std::string, std::string> page_links;

  // Nullptr when no such stage was evaluated.
  const Evaluation* FindEvaluation(absl::string_view stage) const;
  const ModelFacts* FindModel(absl::string_view name) const;
};

// Errors: an artefact that cannot be read, and any count in a manifest or in
// scores.json that its records do not bear out.
absl::StatusOr<ReportData> CollectReportData(const ReportRequest& request);

// How scores.json names a problem: by the data set's own id, else by the hex
// digits of ours.
std::string ProblemKey(const Problem& problem);

// "student_distilled" as "student distilled"; a trailing "_scores" is dropped.
std::string ReadableName(absl::string_view stage);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_REPORT_DATA_H_
