// The parts of the report's page, one function each. An empty body means that
// the run has nothing to show there; the page leaves the part out.
#ifndef LIMBECK_RECIPES_REPORT_SECTIONS_H_
#define LIMBECK_RECIPES_REPORT_SECTIONS_H_

#include <string>

#include "recipes/recipe.pb.h"
#include "recipes/report/html.h"
#include "recipes/report/report_data.h"

namespace limbeck::report {

// Cards with each model's pass@1, and what the comparison says in a sentence.
Section KeyFigures(const ReportData& data);
// Bars with both intervals, the table of metrics, families and difficulties.
Section Scores(const ReportData& data);
// Paired comparisons with intervals and p-values.
Section Comparisons(const ReportData& data);
// Training and held-out loss over tokens, table of runs.
Section LossCurves(const ReportData& data);
// Lengths of the teacher's traces and of the models' answers.
Section Lengths(const ReportData& data);
// What became of the records, stage by stage, with reasons.
Section Funnel(const ReportData& data);
// Agreement of our verdicts with published labels.
Section Agreement(const ReportData& data);
// Some test problems with the answers of all models side by side.
Section Samples(const ReportData& data, const ReportOptions& options);
// Time, tokens, energy and money per stage.
Section Costs(const ReportData& data);
// Every artefact with its fingerprint and content digest.
Section Provenance(const ReportData& data);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_SECTIONS_H_
