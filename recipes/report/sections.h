// The parts of the report's page, one function each. An empty body means that
// the run has nothing to show there; the page leaves the part out. Only Costs
// may show anything that differs between two runs of the same recipe by the
// same build on the same machine; Provenance names build and machine.
#ifndef LIMBECK_RECIPES_REPORT_SECTIONS_H_
#define LIMBECK_RECIPES_REPORT_SECTIONS_H_

#include <map>
#include <string>
#include <vector>

#include "recipes/recipe.pb.h"
#include "recipes/report/html.h"
#include "recipes/report/report_data.h"

namespace limbeck::report {

// Cards with each model's pass@1, and what the comparison says in sentences.
Section KeyFigures(const ReportData& data);
// Bars with both intervals, the table of metrics, families and difficulties.
Section Scores(const ReportData& data);
// Which problems each model solves how often.
Section ProblemMap(const ReportData& data);
// Paired comparisons with intervals and p-values.
Section Comparisons(const ReportData& data);
// Architecture, size and licences of all models; origin of the problems.
Section ModelsAndData(const ReportData& data);
// Training and held-out loss over tokens, table of runs.
Section LossCurves(const ReportData& data);
// Lengths of the models' answers and of the training outputs.
Section Lengths(const ReportData& data);
// What became of the records, stage by stage, with reasons.
Section Funnel(const ReportData& data);
// One rejected record per reason, with value and threshold.
Section Rejections(const ReportData& data);
// Agreement of our verdicts with published labels.
Section LabelAgreement(const ReportData& data);
// Some test problems with the answers of all models side by side.
Section Samples(const ReportData& data, const ReportOptions& options);
// Time, tokens, energy and money per stage.
Section Costs(const ReportData& data);
// Every artefact with its fingerprint, options, content digest and build, so
// that it can be made again.
Section Provenance(const ReportData& data);

// Evaluations of the same benchmark, in the order of the report.
struct BenchmarkGroup {
  std::string benchmark;
  std::vector<const Evaluation*> evaluations;
};
std::vector<BenchmarkGroup> ByBenchmark(const ReportData& data);
// The keys, those of large values first.
std::vector<std::string> ByFallingValue(
    const std::map<std::string, double>& values);
// "<h3>gsm8k</h3>", nothing where there is only one benchmark.
std::string BenchmarkHeading(const ReportData& data,
                             const std::string& benchmark);

// "REJECTION_REASON_WRONG_ANSWER" as "wrong answer".
std::string ReasonText(absl::string_view name);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_SECTIONS_H_
