// Our scores beside published ones, and how ours were measured.
#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eval/published/published.h"
#include "recipes/report/benchmark_pages.h"
#include "recipes/report/charts.h"
#include "recipes/report/collect.h"
#include "recipes/report/numbers.h"

namespace limbeck::report {
namespace {

constexpr ReferenceKind kKinds[] = {ReferenceKind::kPublished,
                                    ReferenceKind::kRemeasured,
                                    ReferenceKind::kSeeds};
constexpr const char* kKindHeads[] = {"published", "re-measured", "over seeds"};

std::string RangeText(const std::optional<Interval>& interval) {
  return interval ? PercentRange(interval->low, interval->high) : "–";
}

// The metric in which a benchmark is compared.
ReferenceMetric MetricOf(absl::string_view benchmark) {
  return benchmark == "codeforces" ? ReferenceMetric::kCodeforcesRating
                                   : ReferenceMetric::kPassAt1;
}

std::string ValueText(const ReferenceRow& row) {
  const std::string value = row.metric == ReferenceMetric::kCodeforcesRating
                                ? absl::StrFormat("%.0f", row.value)
                                : absl::StrFormat("%.1f", row.value);
  if (!row.spread) return value;
  return absl::StrFormat("%s\u00A0±\u00A0%.1f", value, *row.spread);
}

// The reference rows that belong to one of our models.
std::vector<ReferenceRow> RowsOf(const Evaluation& evaluation) {
  for (const std::string& name : evaluation.model_names) {
    std::vector<ReferenceRow> rows =
        FindReferences(evaluation.benchmark_name, name);
    if (!rows.empty()) return rows;
  }
  return {};
}

// "55.5", of this kind and metric; a dash where there is none.
std::string CellOf(const std::vector<ReferenceRow>& rows, ReferenceKind kind,
                   ReferenceMetric metric) {
  for (const ReferenceRow& row : rows) {
    if (row.source->kind == kind && row.metric == metric) {
      return ValueText(row);
    }
  }
  return "–";
}

// The rating with its interval, where one was computed.
std::string RatingText(const Json& scores) {
  const Json* rating = scores.Find("rating");
  if (rating == nullptr || !rating->is_object()) return "–";
  const double value = NumberOr(*rating, "rating", std::nan(""));
  if (!std::isfinite(value)) return "–";
  const Json* kind = rating->Find("kind");
  const bool is_problem_elo =
      kind != nullptr && kind->is_string() && kind->string() == "problem_elo";
  std::string text =
      absl::StrFormat("%s%.0f", is_problem_elo ? "problem-Elo " : "", value);
  const Json* interval = rating->Find("interval");
  if (interval != nullptr && interval->is_array() &&
      interval->array().size() == 2 && interval->array()[0].is_number() &&
      interval->array()[1].is_number()) {
    absl::StrAppendFormat(&text, " (%.0f\u00A0–\u00A0%.0f)",
                          interval->array()[0].number(),
                          interval->array()[1].number());
  }
  return text;
}

std::string LargestConsensus(const Json& scores) {
  const Json* by_k = scores.Find("cons_at_k");
  if (by_k == nullptr || !by_k->is_object() || by_k->object().empty() ||
      !by_k->object().back().second.is_number()) {
    return "–";
  }
  return absl::StrCat(Percent(by_k->object().back().second.number()),
                      " (k\u00A0=\u00A0", Escape(by_k->object().back().first),
                      ")");
}

class ResultRows {
 public:
  explicit ResultRows(const BenchmarkGroup& group)
      : group_(group),
        name_(group.evaluations[0]->benchmark_name),
        metric_(MetricOf(name_)),
        has_references_(!ReferenceModels(name_).empty()),
        is_rated_(metric_ == ReferenceMetric::kCodeforcesRating) {}

  Table Make(const std::vector<std::string>& references) {
    const std::string confidence = absl::StrCat(
        " (", ConfidenceText(group_.evaluations[0]->confidence), ")");
    AddColumn("model", false);
    AddColumn("role", false);
    AddColumn("pass@1", true);
    AddColumn(absl::StrCat("this exam", confidence), true);
    AddColumn(absl::StrCat("such exams", confidence), true);
    AddColumn(is_rated_ ? "rating" : "cons@k", true);
    for (const char* head : kKindHeads) {
      if (has_references_) AddColumn(head, true);
    }
    for (const Evaluation* one : group_.evaluations) AddOurs(*one);
    if (!has_references_) return std::move(table_);
    for (const std::string& model : references) AddReference(model);
    return std::move(table_);
  }

 private:
  void AddColumn(const std::string& head, bool numeric) {
    table_.head.push_back(head);
    table_.numeric.push_back(numeric);
  }

  void AddReferenceCells(const std::vector<ReferenceRow>& rows,
                         std::vector<std::string>* cells) {
    if (!has_references_) return;
    for (const ReferenceKind kind : kKinds) {
      cells->push_back(CellOf(rows, kind, metric_));
    }
  }

  void AddOurs(const Evaluation& one) {
    const std::vector<ReferenceRow> rows = RowsOf(one);
    if (!rows.empty()) shown_.insert(std::string(rows[0].model));
    std::vector<std::string> cells = {
        absl::StrCat("<b class=\"", LineClass(one.colour), " key\">",
                     Escape(one.label), "</b>"),
        one.role.empty() ? "–" : one.role,
        absl::StrCat("<b>", Percent(one.pass_at_1.value_or(std::nan(""))),
                     "</b>"),
        RangeText(one.exam),
        RangeText(one.population),
        is_rated_ ? RatingText(one.scores) : LargestConsensus(one.scores)};
    AddReferenceCells(rows, &cells);
    table_.rows.push_back(std::move(cells));
  }

  void AddReference(const std::string& model) {
    const std::vector<ReferenceRow> rows = FindReferences(name_, model);
    if (rows.empty() || !shown_.insert(std::string(rows[0].model)).second) {
      return;
    }
    std::vector<std::string> cells = {
        Escape(rows[0].model), "reference", "–", "–", "–", "–"};
    AddReferenceCells(rows, &cells);
    table_.rows.push_back(std::move(cells));
  }

  const BenchmarkGroup& group_;
  const std::string name_;
  const ReferenceMetric metric_;
  const bool has_references_;
  const bool is_rated_;
  Table table_;
  std::set<std::string> shown_;  // reference models that have a row
};

// The bars of our models, then the published values that belong to them.
std::string ResultBars(const BenchmarkGroup& group) {
  std::vector<Bar> bars;
  double highest = 0.0;
  for (const Evaluation* one : group.evaluations) {
    const Interval exam = one->exam.value_or(Interval());
    const Interval population = one->population.value_or(Interval());
    bars.push_back({one->label, one->pass_at_1.value_or(0.0), exam.low,
                    exam.high, population.low, population.high,
                    Percent(one->pass_at_1.value_or(std::nan(""))),
                    one->colour});
    highest = std::max({highest, bars.back().value, population.high});
    for (const ReferenceRow& row : RowsOf(*one)) {
      if (row.metric != ReferenceMetric::kPassAt1) continue;
      const double spread = row.spread.value_or(0.0) / 100.0;
      const double value = row.value / 100.0;
      bars.push_back(
          {absl::StrCat(kKindHeads[static_cast<size_t>(row.source->kind)], " (",
                        row.source->name, ")"),
           value, 0.0, 0.0, value - spread, value + spread,
           absl::StrCat(ValueText(row), "\u00A0%"), kNeutralColour});
      highest = std::max(highest, value + spread);
    }
  }
  const double end = highest > 0.0 ? std::min(1.0, RoundUp(highest)) : 1.0;
  return absl::StrCat("<figure>\n",
                      BarChart(bars, end, Unit::kPercent,
                               "pass@1 of each model beside published values"),
                      "</figure>\n");
}

// Every published value on this benchmark, folded away.
std::string AllReferencesTable(const std::string& benchmark) {
  const std::vector<absl::string_view> models = ReferenceModels(benchmark);
  if (models.empty()) return "";
  const ReferenceMetric metric = MetricOf(benchmark);
  Table table;
  table.head = {absl::StrCat("model, ", MetricName(metric)), kKindHeads[0],
                kKindHeads[1], kKindHeads[2]};
  table.numeric = {false, true, true, true};
  std::vector<const ReferenceSource*> sources;
  for (const absl::string_view model : models) {
    const std::vector<ReferenceRow> rows = FindReferences(benchmark, model);
    std::vector<std::string> cells = {Escape(model)};
    for (const ReferenceKind kind : kKinds) {
      cells.push_back(CellOf(rows, kind, metric));
    }
    table.rows.push_back(std::move(cells));
    for (const ReferenceRow& row : rows) {
      if (std::count(sources.begin(), sources.end(), row.source) == 0) {
        sources.push_back(row.source);
      }
    }
  }
  std::string html = absl::StrCat(
      "<details class=\"fold\"><summary>Published scores of ",
      Count(models.size()), " models, with their sources</summary>\n",
      ToHtml(table), "<ul class=\"terms\">\n");
  for (const ReferenceSource* source : sources) {
    const auto kind = static_cast<size_t>(source->kind);
    absl::StrAppend(&html, "<li><b>", kKindHeads[kind], "</b> by ",
                    Escape(source->name), ": ", Escape(source->citation), "; ",
                    Escape(source->setting), "</li>\n");
  }
  return html + "</ul></details>\n";
}

// A setting's value as text without quotes.
std::string SettingText(const Json& value) {
  return value.is_string() ? value.string() : WriteJson(value);
}

}  // namespace

Section ResultTable(const BenchmarkGroup& group,
                    const std::vector<std::string>& references) {
  Section section{"result", "Result", "", "", {}};
  section.guide =
      "pass@1 is the share of samples with the right answer. The thick line "
      "and \"this exam\" are the interval if the same problems were sampled "
      "again, the thin line and \"such exams\" that for other problems of the "
      "kind. Published values stand as their sources print them, in percent "
      "or rating points: published by the makers of the model, re-measured by "
      "others, and mean and spread over seeds.";
  section.body = absl::StrCat(
      ResultBars(group), ToHtml(ResultRows(group).Make(references)),
      AllReferencesTable(group.evaluations[0]->benchmark_name));
  for (const Evaluation* one : group.evaluations) {
    section.sources.push_back(one->source);
  }
  return section;
}

Section Settings(const BenchmarkGroup& group) {
  Section section{"settings", "How it was measured", "", "", {}};
  std::vector<std::string> keys;
  for (const Evaluation* one : group.evaluations) {
    const Json* settings = one->scores.Find("settings");
    if (settings == nullptr || !settings->is_object()) continue;
    for (const auto& [key, value] : settings->object()) {
      if (std::count(keys.begin(), keys.end(), key) == 0) keys.push_back(key);
    }
  }
  if (keys.empty()) return section;
  Table table;
  table.head = {"setting"};
  table.numeric = {false};
  for (const Evaluation* one : group.evaluations) {
    table.head.push_back(Escape(one->label));
    table.numeric.push_back(false);
    section.sources.push_back(one->source);
  }
  constexpr size_t kLongestValue = 160;
  for (const std::string& key : keys) {
    std::vector<std::string> row = {Code(key)};
    for (const Evaluation* one : group.evaluations) {
      const Json* settings = one->scores.Find("settings");
      const Json* value = settings == nullptr ? nullptr : settings->Find(key);
      row.push_back(value == nullptr ? "–"
                                     : absl::StrCat("<bdi>",
                                                    Excerpt(SettingText(*value),
                                                            kLongestValue),
                                                    "</bdi>"));
    }
    table.rows.push_back(std::move(row));
  }
  section.body = ToHtml(table);
  return section;
}

}  // namespace limbeck::report
