// What became of the samples: how far a score rests on extraction and judging.
#include <numeric>

#include "absl/strings/str_cat.h"
#include "recipes/report/benchmark_pages.h"
#include "recipes/report/charts.h"
#include "recipes/report/numbers.h"

namespace limbeck::report {
namespace {

uint64_t Total(const Evaluation& evaluation) {
  return std::accumulate(evaluation.outcomes.begin(), evaluation.outcomes.end(),
                         uint64_t{0});
}

uint64_t CountOf(const Evaluation& evaluation, Outcome outcome) {
  return evaluation.outcomes[static_cast<size_t>(outcome)];
}

std::string Bars(const BenchmarkGroup& group) {
  std::vector<StackedBar> bars;
  for (const Evaluation* one : group.evaluations) {
    const uint64_t total = Total(*one);
    StackedBar bar{one->label, absl::StrCat(Count(total), " samples"), {}};
    for (const Outcome outcome : kOutcomes) {
      const uint64_t count = CountOf(*one, outcome);
      if (count == 0) continue;
      const double share =
          static_cast<double>(count) / static_cast<double>(total);
      bar.parts.push_back({share, std::string(OutcomeCss(outcome)),
                           absl::StrCat(OutcomeName(outcome), ": ",
                                        Count(count), ", ", Percent(share))});
    }
    bars.push_back(std::move(bar));
  }
  return StackedBars(bars, 1.0, "shares of outcomes of each model's samples");
}

std::string OutcomeLegend() {
  std::vector<LegendEntry> entries;
  for (const Outcome outcome : kOutcomes) {
    entries.push_back(
        {std::string(OutcomeName(outcome)), std::string(OutcomeCss(outcome))});
  }
  return Legend(entries);
}

std::string Shares(const BenchmarkGroup& group) {
  Table table;
  table.head = {"model"};
  table.numeric = {false};
  for (const Outcome outcome : kOutcomes) {
    table.head.push_back(std::string(OutcomeName(outcome)));
    table.numeric.push_back(true);
  }
  for (const Evaluation* one : group.evaluations) {
    std::vector<std::string> row = {Escape(one->label)};
    const auto total = static_cast<double>(Total(*one));
    for (const Outcome outcome : kOutcomes) {
      const uint64_t count = CountOf(*one, outcome);
      row.push_back(absl::StrCat(Percent(static_cast<double>(count) / total),
                                 " (", Count(count), ")"));
    }
    table.rows.push_back(std::move(row));
  }
  return ToHtml(table);
}

}  // namespace

Section Reliability(const BenchmarkGroup& group) {
  Section section{"reliability", "What became of the samples", "", "", {}};
  uint64_t all = 0;
  for (const Evaluation* one : group.evaluations) all += Total(*one);
  if (all == 0) return section;
  section.guide =
      "Every sample is one of six: right; wrong; unknown, an answer that the "
      "verifier could not decide; no answer, although it ended by itself; cut "
      "off at the token limit before an answer; judge error, where the judge "
      "failed and not the answer. Unknown and unanswered samples count as not "
      "solved, judge errors count nowhere. Where much is cut off or unknown, "
      "the score says more about limits and extraction than about the model.";
  section.body = absl::StrCat("<figure>\n", OutcomeLegend(), Bars(group),
                              "</figure>\n", Shares(group));
  for (const Evaluation* one : group.evaluations) {
    section.sources.push_back(one->traces_source);
  }
  return section;
}

}  // namespace limbeck::report
