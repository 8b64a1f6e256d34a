// Sections about scores and their comparison.
#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "recipes/report/charts.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

std::string PercentRange(const Interval& interval) {
  return absl::StrFormat("%.1f – %.1f %%", 100.0 * interval.low,
                         100.0 * interval.high);
}

double NumberAt(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  return value != nullptr && value->is_number() ? value->number() : 0.0;
}

std::string PercentAt(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  if (value == nullptr || !value->is_number()) return "–";
  return Percent(value->number());
}

std::string TextAt(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  return value != nullptr && value->is_string() ? Escape(value->string()) : "–";
}

std::vector<std::string> Sources(const ReportData& data) {
  std::vector<std::string> sources;
  for (const Evaluation& evaluation : data.evaluations) {
    sources.push_back(evaluation.source);
  }
  return sources;
}

int ColourOf(const ReportData& data, const Evaluation& evaluation) {
  return static_cast<int>(&evaluation - data.evaluations.data());
}

// pass@k of the largest k that the file has for k < n.
std::string PassAtK(const Json& scores, absl::string_view key) {
  const Json* table = scores.Find(key);
  if (table == nullptr || !table->is_object()) return "–";
  std::vector<std::string> parts;
  for (const auto& [k, value] : table->object()) {
    if (value.is_number() && k != "1" && k != "n") {
      parts.push_back(
          absl::StrFormat("@%s %.1f %%", k, 100.0 * value.number()));
    }
  }
  return parts.empty() ? "–" : Escape(absl::StrJoin(parts, ", "));
}

std::string MetricsTable(const ReportData& data) {
  Table table;
  table.head = {
      "model",  "pass@1",    "this exam", "such exams", "pass@k",
      "cons@k", "truncated", "no answer", "benchmark",  "problems × samples"};
  table.numeric = {false, true, true, true,  true,
                   true,  true, true, false, true};
  for (const Evaluation& evaluation : data.evaluations) {
    const Json& scores = evaluation.scores;
    table.rows.push_back(
        {Escape(evaluation.label), Percent(evaluation.pass_at_1),
         PercentRange(evaluation.exam), PercentRange(evaluation.population),
         PassAtK(scores, "pass_at_k"), PassAtK(scores, "cons_at_k"),
         PercentAt(scores, "truncated_share"),
         PercentAt(scores, "no_answer_share"), TextAt(scores, "benchmark"),
         absl::StrCat(
             Count(static_cast<uint64_t>(NumberAt(scores, "problems"))), " × ",
             NumberAt(scores, "samples_per_problem"))});
  }
  return ToHtml(table);
}

// One row per value of a property, one column per model.
template <typename Key>
std::string Breakdown(
    const ReportData& data, absl::string_view name,
    const std::function<const std::map<Key, ProblemScore>&(const Evaluation&)>&
        scores_of) {
  std::set<Key> keys;
  for (const Evaluation& evaluation : data.evaluations) {
    for (const auto& [key, score] : scores_of(evaluation)) keys.insert(key);
  }
  if (keys.size() < 2) return "";
  Table table;
  table.head.push_back(Escape(name));
  table.numeric.push_back(false);
  for (const Evaluation& evaluation : data.evaluations) {
    table.head.push_back(Escape(evaluation.label));
    table.numeric.push_back(true);
  }
  for (const Key& key : keys) {
    std::vector<std::string> row = {Escape(absl::StrCat(key))};
    for (const Evaluation& evaluation : data.evaluations) {
      const auto& scores = scores_of(evaluation);
      const auto found = scores.find(key);
      row.push_back(found == scores.end() || found->second.samples == 0
                        ? "–"
                        : Percent(static_cast<double>(found->second.correct) /
                                  static_cast<double>(found->second.samples)));
    }
    table.rows.push_back(std::move(row));
  }
  return absl::StrCat("<h3>By ", Escape(name), "</h3>\n", ToHtml(table));
}

std::string ScoreBars(const ReportData& data) {
  std::vector<Bar> bars;
  for (const Evaluation& evaluation : data.evaluations) {
    Bar bar;
    bar.label = evaluation.label;
    bar.value = evaluation.pass_at_1;
    bar.inner_low = evaluation.exam.low;
    bar.inner_high = evaluation.exam.high;
    bar.outer_low = evaluation.population.low;
    bar.outer_high = evaluation.population.high;
    bar.text = absl::StrFormat("%.1f %%", 100.0 * evaluation.pass_at_1);
    bar.colour = ColourOf(data, evaluation);
    bars.push_back(std::move(bar));
  }
  return absl::StrCat(
      "<figure>\n", BarChart(bars, 1.0, true, "pass@1 of each model"),
      "<figcaption>pass@1. Thick whisker: 95 % interval for this exam (noise "
      "of "
      "sampling answers only). Thin whisker: 95 % interval for such exams (the "
      "problems, too, are a sample).</figcaption></figure>\n");
}

std::string Sentence(const Json& comparison, const std::string& a,
                     const std::string& b) {
  const Json* interval = comparison.Find("difference_interval");
  if (interval == nullptr || !interval->is_array() ||
      interval->array().size() != 2 || !interval->array()[0].is_number()) {
    return "";
  }
  const double low = interval->array()[0].number();
  const double high = interval->array()[1].number();
  const double difference = NumberAt(comparison, "difference");
  const bool clear = low > 0.0 || high < 0.0;
  return absl::StrFormat(
      "<li><b>%s</b> scores %.1f points %s <b>%s</b> (95 %% interval %.1f to "
      "%.1f%s).</li>\n",
      Escape(a), 100.0 * std::abs(difference),
      difference >= 0.0 ? "above" : "below", Escape(b), 100.0 * low,
      100.0 * high, clear ? "" : "; the data cannot tell them apart");
}

std::string NameAt(const Json& comparison, absl::string_view key) {
  const Json* value = comparison.Find(key);
  if (value == nullptr || !value->is_string()) return "?";
  return ReadableName(value->string());
}

// Absent numbers are a dash.
std::string FigureAt(const Json& json, absl::string_view key,
                     const std::function<std::string(double)>& format) {
  const Json* value = json.Find(key);
  return value != nullptr && value->is_number() ? format(value->number()) : "–";
}

std::string Points(double share) {
  return absl::StrFormat("%.1f", 100.0 * share);
}

std::string SignedPoints(double share) {
  return absl::StrFormat("%+.1f", 100.0 * share);
}

// Evaluations without a single scored sample have no figures to draw.
std::string Unscored(const ReportData& data) {
  std::string text;
  for (const Evaluation& evaluation : data.unscored) {
    const Json* refused = evaluation.scores.Find("refused_problems");
    absl::StrAppend(
        &text, "<p>", Escape(evaluation.label),
        ": no problem could be scored, ",
        refused != nullptr && refused->is_array() ? refused->array().size() : 0,
        " were refused (", Escape(evaluation.source), ").</p>\n");
  }
  return text;
}

const JsonArray& ComparisonsIn(const Json& json) {
  static const JsonArray kNone;
  const Json* list = json.Find("comparisons");
  return list != nullptr && list->is_array() ? list->array() : kNone;
}

}  // namespace

Section KeyFigures(const ReportData& data) {
  Section section{"result", "Result", "", Sources(data)};
  if (data.evaluations.empty()) return section;
  section.body = "<div class=\"cards\">\n";
  for (const Evaluation& evaluation : data.evaluations) {
    absl::StrAppend(&section.body, "<div class=\"card\" style=\"--c: var(--s",
                    ColourOf(data, evaluation) % kNumColours, ")\"><span>",
                    Escape(evaluation.label), "</span><b>",
                    Percent(evaluation.pass_at_1), "</b><span>pass@1, ",
                    PercentRange(evaluation.population),
                    evaluation.note.empty() ? "" : "<br>",
                    Escape(evaluation.note), "</span></div>\n");
  }
  section.body += "</div>\n<ul>\n";
  for (const auto& [source, json] : data.comparisons) {
    section.sources.push_back(source);
    for (const Json& comparison : ComparisonsIn(json)) {
      section.body += Sentence(comparison, NameAt(comparison, "model_a"),
                               NameAt(comparison, "model_b"));
    }
  }
  section.body += "</ul>\n";
  return section;
}

Section Scores(const ReportData& data) {
  Section section{"scores", "Scores", Unscored(data), Sources(data)};
  if (data.evaluations.empty()) return section;
  absl::StrAppend(
      &section.body, ScoreBars(data), MetricsTable(data),
      Breakdown<std::string>(
          data, "family",
          [](const Evaluation& e) -> const auto& { return e.by_family; }),
      Breakdown<int>(
          data, "difficulty",
          [](const Evaluation& e) -> const auto& { return e.by_difficulty; }));
  return section;
}

Section Comparisons(const ReportData& data) {
  Section section{"comparison", "Paired comparison", "", {}};
  Table table;
  table.head = {"A",
                "B",
                "A − B",
                "95 % interval",
                "p",
                "p (Holm)",
                "wins / losses / ties",
                "smallest detectable"};
  table.numeric = {false, false, true, true, true, true, true, true};
  for (const auto& [source, json] : data.comparisons) {
    section.sources.push_back(source);
    for (const Json& one : ComparisonsIn(json)) {
      const Json* interval = one.Find("difference_interval");
      const bool has = interval != nullptr && interval->is_array() &&
                       interval->array().size() == 2;
      table.rows.push_back(
          {Escape(NameAt(one, "model_a")), Escape(NameAt(one, "model_b")),
           FigureAt(one, "difference", SignedPoints),
           has ? absl::StrCat(SignedPoints(interval->array()[0].number()),
                              " to ",
                              SignedPoints(interval->array()[1].number()))
               : "–",
           FigureAt(one, "p_value", Figure),
           FigureAt(one, "p_value_holm", Figure),
           absl::StrCat(NumberAt(one, "wins"), " / ", NumberAt(one, "losses"),
                        " / ", NumberAt(one, "ties")),
           FigureAt(one, "smallest_detectable_difference", Points)});
    }
  }
  if (table.rows.empty()) return section;
  section.body = absl::StrCat(
      "<p>Differences in percentage points over the same problems: sign-flip "
      "permutation test, paired bootstrap interval, Holm's correction over the "
      "rows.</p>\n",
      ToHtml(table));
  return section;
}

}  // namespace limbeck::report
