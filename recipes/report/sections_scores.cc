// Sections about scores: bars, tables, and the map of problems.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "recipes/report/charts.h"
#include "recipes/report/collect.h"
#include "recipes/report/numbers.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

std::string RangeText(const std::optional<Interval>& interval) {
  return interval ? PercentRange(interval->low, interval->high) : "–";
}

std::string PercentAt(const Json& json, absl::string_view key) {
  return Percent(NumberOr(json, key, std::nan("")));
}

// The largest k of the object and its value; null when there is none.
const JsonMember* LargestK(const Json& scores, absl::string_view key) {
  const Json* by_k = scores.Find(key);
  if (by_k == nullptr || !by_k->is_object() || by_k->object().empty()) {
    return nullptr;
  }
  return &by_k->object().back();
}

// The k that all models share; empty when they do not.
std::string CommonK(const BenchmarkGroup& group, absl::string_view key) {
  std::set<std::string> found;
  for (const Evaluation* evaluation : group.evaluations) {
    const JsonMember* largest = LargestK(evaluation->scores, key);
    if (largest != nullptr) found.insert(largest->first);
  }
  return found.size() == 1 ? *found.begin() : "";
}

std::string WithK(absl::string_view text, absl::string_view k) {
  if (k.empty()) return std::string(text);
  return absl::StrCat(text, " (k\u00A0=\u00A0", Escape(k), ")");
}

// "41.3 %", with its k where the column's head does not have it.
std::string AtLargestK(const Json& scores, absl::string_view key,
                       absl::string_view common_k) {
  const JsonMember* largest = LargestK(scores, key);
  if (largest == nullptr || !largest->second.is_number()) return "–";
  return WithK(Percent(largest->second.number()),
               common_k.empty() ? largest->first : "");
}

// Notes of what is not in the denominator; "all" when nothing is missing.
std::string Missing(const Json& scores) {
  const Json* refused = scores.Find("refused_problems");
  const size_t problems =
      refused != nullptr && refused->is_array() ? refused->array().size() : 0;
  const uint64_t samples = CountAt(scores, "missing_samples");
  if (problems == 0 && samples == 0) return "none";
  return absl::StrCat(problems, " problems, ", samples, " samples");
}

// Of all samples, counted from the traces.
double UnknownShare(const Evaluation& evaluation) {
  const OutcomeCounts& outcomes = evaluation.outcomes;
  const auto all = static_cast<double>(
      std::accumulate(outcomes.begin(), outcomes.end(), uint64_t{0}));
  return static_cast<double>(outcomes[static_cast<size_t>(Outcome::kUnknown)]) /
         all;
}

std::string MetricsTable(const BenchmarkGroup& group) {
  Table table;
  const std::string confidence =
      absl::StrCat(" (", ConfidenceText(group.evaluations[0]->confidence), ")");
  const std::string pass_k = CommonK(group, "pass_at_k");
  const std::string cons_k = CommonK(group, "cons_at_k");
  table.head = {"model",
                "pass@1",
                absl::StrCat("this exam", confidence),
                absl::StrCat("such exams", confidence),
                WithK("pass@k", pass_k),
                WithK("cons@k", cons_k),
                "truncated",
                "no answer",
                "unknown",
                "left out",
                "problems × samples"};
  table.numeric.assign(table.head.size(), true);
  table.numeric[0] = false;
  for (const Evaluation* evaluation : group.evaluations) {
    const Json& scores = evaluation->scores;
    table.rows.push_back(
        {Escape(evaluation->label),
         Percent(evaluation->pass_at_1.value_or(std::nan(""))),
         RangeText(evaluation->exam), RangeText(evaluation->population),
         AtLargestK(scores, "pass_at_k", pass_k),
         AtLargestK(scores, "cons_at_k", cons_k),
         PercentAt(scores, "truncated_share"),
         PercentAt(scores, "no_answer_share"),
         Percent(UnknownShare(*evaluation)), Missing(scores),
         absl::StrCat(Count(CountAt(scores, "problems")), " × ",
                      Count(CountAt(scores, "samples_per_problem")))});
  }
  return ToHtml(table);
}

// What the columns of the table mean.
std::string Glossary() {
  const std::pair<const char*, const char*> kTerms[] = {
      {"pass@1", "share of samples with the right answer, over all problems"},
      {"this exam",
       "interval of pass@1 if the same problems were sampled again"},
      {"such exams", "interval of pass@1 for other problems of the kind"},
      {"pass@k", "chance that at least one of k samples is right"},
      {"cons@k",
       "share of problems whose most frequent answer among k samples is right"},
      {"truncated", "samples that were cut off at the token limit"},
      {"no answer",
       "samples in which no answer was found, also because the thinking never "
       "ended; they count as wrong"},
      {"unknown",
       "samples whose answer the verifier could not decide; they count as not "
       "solved"},
      {"left out", "problems and samples that no figure counts"}};
  std::string html = "<ul class=\"terms\">\n";
  for (const auto& [term, meaning] : kTerms) {
    absl::StrAppend(&html, "<li><b>", term, "</b> ", meaning, "</li>\n");
  }
  return html + "</ul>\n";
}

// One row per value of a property, one column per model.
template <typename Key>
std::string Breakdown(
    const BenchmarkGroup& group, absl::string_view name,
    const std::function<const std::map<Key, RightOf>&(const Evaluation&)>&
        scores_of) {
  std::set<Key> keys;
  for (const Evaluation* evaluation : group.evaluations) {
    for (const auto& [key, right] : scores_of(*evaluation)) keys.insert(key);
  }
  if (keys.size() < 2) return "";
  Table table;
  table.head.push_back(Escape(name));
  table.numeric.push_back(false);
  for (const Evaluation* evaluation : group.evaluations) {
    table.head.push_back(Escape(evaluation->label));
    table.numeric.push_back(true);
  }
  for (const Key& key : keys) {
    std::vector<std::string> row = {Escape(absl::StrCat(key))};
    for (const Evaluation* evaluation : group.evaluations) {
      const auto& scores = scores_of(*evaluation);
      const auto found = scores.find(key);
      row.push_back(found == scores.end() ? "–"
                                          : Percent(found->second.share()));
    }
    table.rows.push_back(std::move(row));
  }
  return absl::StrCat("<h3>By ", Escape(name), "</h3>\n", ToHtml(table));
}

// Scores far below 100 % get an axis of their own size.
double AxisEnd(const BenchmarkGroup& group) {
  double highest = 0.0;
  for (const Evaluation* evaluation : group.evaluations) {
    highest = std::max(highest, evaluation->pass_at_1.value_or(0.0));
    if (evaluation->population) {
      highest = std::max(highest, evaluation->population->high);
    }
  }
  return highest > 0.0 ? std::min(1.0, RoundUp(highest)) : 1.0;
}

std::string ScoreBars(const BenchmarkGroup& group) {
  std::vector<Bar> bars;
  for (const Evaluation* evaluation : group.evaluations) {
    const Interval none;
    const Interval exam = evaluation->exam.value_or(none);
    const Interval population = evaluation->population.value_or(none);
    Bar bar;
    bar.label = evaluation->label;
    bar.value = evaluation->pass_at_1.value_or(0.0);
    bar.inner_low = exam.low;
    bar.inner_high = exam.high;
    bar.outer_low = population.low;
    bar.outer_high = population.high;
    bar.text = Percent(evaluation->pass_at_1.value_or(std::nan("")));
    bar.colour = evaluation->colour;
    bars.push_back(std::move(bar));
  }
  return absl::StrCat("<figure>\n",
                      BarChart(bars, AxisEnd(group), Unit::kPercent,
                               "pass@1 of each model with intervals"),
                      "<figcaption>Benchmark ", Code(group.benchmark),
                      "</figcaption></figure>\n");
}

// Evaluations without a single scored sample have no figures to draw.
std::string Unscored(const BenchmarkGroup& group) {
  std::string html;
  for (const Evaluation* evaluation : group.evaluations) {
    if (evaluation->pass_at_1) continue;
    const Json* refused = evaluation->scores.Find("refused_problems");
    absl::StrAppend(
        &html, "<p><b>", Escape(evaluation->label),
        "</b>: no problem could be scored, ",
        refused != nullptr && refused->is_array() ? refused->array().size() : 0,
        " were refused.</p>\n");
  }
  return html;
}

// Ids of all problems of the group, the ones that all models solve first.
std::vector<std::string> ProblemsByEase(const BenchmarkGroup& group) {
  std::map<std::string, double> right;
  for (const Evaluation* evaluation : group.evaluations) {
    for (const auto& [id, score] : evaluation->by_problem) {
      right[id] += score.share();
    }
  }
  return ByFallingValue(right);
}

HeatRow RowOf(const Evaluation& evaluation,
              const std::vector<std::string>& problems) {
  HeatRow row;
  row.label = evaluation.label;
  row.colour = evaluation.colour;
  uint64_t always = 0, never = 0;
  for (const std::string& id : problems) {
    const auto found = evaluation.by_problem.find(id);
    if (found == evaluation.by_problem.end()) {
      row.shares.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const RightOf& right = found->second;
    always += right.correct == right.samples ? 1 : 0;
    never += right.correct == 0 ? 1 : 0;
    row.shares.push_back(right.share());
  }
  row.text = absl::StrCat("always ", Count(always), ", never ", Count(never));
  return row;
}

std::string MapOf(const BenchmarkGroup& group) {
  const std::vector<std::string> problems = ProblemsByEase(group);
  std::vector<HeatRow> rows;
  for (const Evaluation* evaluation : group.evaluations) {
    rows.push_back(RowOf(*evaluation, problems));
  }
  const std::string averaged =
      problems.size() > kMaxHeatMapColumns
          ? absl::StrCat(" Neighbours are averaged to ", kMaxHeatMapColumns,
                         " columns.")
          : "";
  return absl::StrCat(
      "<figure>\n", HeatMap(rows, "share of right samples of each problem"),
      "<figcaption>", Count(problems.size()),
      " problems from left to right, by their mean over the models.", averaged,
      "</figcaption></figure>\n");
}

}  // namespace

std::vector<BenchmarkGroup> ByBenchmark(const ReportData& data) {
  std::vector<BenchmarkGroup> groups;
  for (const Evaluation& evaluation : data.evaluations) {
    const auto same = std::find_if(
        groups.begin(), groups.end(), [&](const BenchmarkGroup& group) {
          return group.benchmark == evaluation.benchmark;
        });
    if (same == groups.end()) {
      groups.push_back({evaluation.benchmark, {&evaluation}});
    } else {
      same->evaluations.push_back(&evaluation);
    }
  }
  return groups;
}

std::vector<std::string> ByFallingValue(
    const std::map<std::string, double>& values) {
  std::vector<std::pair<double, std::string>> ranked;
  for (const auto& [key, value] : values) ranked.emplace_back(-value, key);
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> keys;
  for (auto& [value, key] : ranked) keys.push_back(std::move(key));
  return keys;
}

std::string BenchmarkHeading(const ReportData& data,
                             const std::string& benchmark) {
  if (ByBenchmark(data).size() < 2) return "";
  return absl::StrCat("<h3>", Escape(benchmark), "</h3>\n");
}

namespace {

// To the benchmark's own page.
std::string PageLink(const ReportData& data, const std::string& benchmark) {
  const auto link = data.page_links.find(benchmark);
  if (link == data.page_links.end()) return "";
  return absl::StrCat("<p><a href=\"", Escape(link->second), "\">All about ",
                      Escape(benchmark),
                      ": published scores, every problem, every sample</a>"
                      "</p>\n");
}

}  // namespace

Section Scores(const ReportData& data) {
  Section section{"scores", "Scores", "", "", {}};
  if (data.evaluations.empty()) return section;
  section.guide = absl::StrCat(
      "pass@1 is the share of samples with the right answer. The thick line "
      "is the ",
      ConfidenceText(data.evaluations.front().confidence),
      " interval for this exam (the same problems, sampled again), the thin "
      "one for such exams (other problems of the kind).");
  for (const BenchmarkGroup& group : ByBenchmark(data)) {
    absl::StrAppend(
        &section.body, BenchmarkHeading(data, group.benchmark),
        ScoreBars(group), Unscored(group), MetricsTable(group),
        PageLink(data, group.benchmark),
        Breakdown<std::string>(
            group, "family",
            [](const Evaluation& e) -> const auto& { return e.by_family; }),
        Breakdown<int>(
            group, "difficulty", [](const Evaluation& e) -> const auto& {
              return e.by_difficulty;
            }));
  }
  section.body += Glossary();
  for (const Evaluation& evaluation : data.evaluations) {
    section.sources.push_back(evaluation.source);
    section.sources.push_back(evaluation.traces_source);
  }
  return section;
}

Section ProblemMap(const ReportData& data) {
  Section section{"problems", "Problem by problem", "", "", {}};
  for (const BenchmarkGroup& group : ByBenchmark(data)) {
    if (ProblemsByEase(group).empty()) continue;
    absl::StrAppend(&section.body, BenchmarkHeading(data, group.benchmark),
                    MapOf(group));
  }
  if (section.body.empty()) return section;
  section.guide =
      "One column per problem, the same in every row: the stronger the colour, "
      "the more of its samples are right; an empty cell was never solved.";
  for (const Evaluation& evaluation : data.evaluations) {
    section.sources.push_back(evaluation.traces_source);
  }
  return section;
}

}  // namespace limbeck::report
