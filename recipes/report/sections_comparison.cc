// Sections that say which model is better, and how sure that is.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "recipes/report/charts.h"
#include "recipes/report/collect.h"
#include "recipes/report/numbers.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

constexpr double kSignificance = 0.05;
// Below this a p-value is not spelt out.
constexpr double kSmallestP = 1e-4;
constexpr absl::string_view kSmallestPText = "0.0001";

// One entry of comparison.json.
struct Paired {
  std::string label_a;
  std::string label_b;
  std::string benchmark;
  int colour = 0;  // of a
  double difference = 0.0;
  double low = 0.0;
  double high = 0.0;
  double p_value = 0.0;
  double p_value_holm = 0.0;
  double smallest_detectable = 0.0;
  double wins = 0.0, losses = 0.0, ties = 0.0;
  double confidence = 0.0;

  bool IsClear() const {
    return (low > 0.0 || high < 0.0) && p_value_holm < kSignificance;
  }
};

std::string LabelAt(const ReportData& data, const Json& entry,
                    absl::string_view key) {
  const Json* name = entry.Find(key);
  if (name == nullptr || !name->is_string()) return "?";
  const Evaluation* evaluation = data.FindEvaluation(name->string());
  return evaluation != nullptr ? evaluation->label
                               : ReadableName(name->string());
}

Paired ReadPaired(const ReportData& data, const Json& entry) {
  const double none = std::nan("");
  Paired paired;
  paired.label_a = LabelAt(data, entry, "model_a");
  paired.label_b = LabelAt(data, entry, "model_b");
  const Json* benchmark = entry.Find("benchmark");
  if (benchmark != nullptr && benchmark->is_string()) {
    paired.benchmark = benchmark->string();
  }
  const Json* model_b = entry.Find("model_b");
  const Evaluation* b = model_b != nullptr && model_b->is_string()
                            ? data.FindEvaluation(model_b->string())
                            : nullptr;
  paired.colour = b != nullptr ? b->colour : kNeutralColour;
  paired.difference = NumberOr(entry, "difference", none);
  const Json* interval = entry.Find("difference_interval");
  const bool has = interval != nullptr && interval->is_array() &&
                   interval->array().size() == 2 &&
                   interval->array()[0].is_number() &&
                   interval->array()[1].is_number();
  paired.low = has ? interval->array()[0].number() : none;
  paired.high = has ? interval->array()[1].number() : none;
  paired.p_value = NumberOr(entry, "p_value", none);
  paired.p_value_holm = NumberOr(entry, "p_value_holm", none);
  paired.smallest_detectable =
      NumberOr(entry, "smallest_detectable_difference", none);
  paired.wins = NumberOr(entry, "wins", 0);
  paired.losses = NumberOr(entry, "losses", 0);
  paired.ties = NumberOr(entry, "ties", 0);
  return paired;
}

// Without the entries that have no problem in common.
std::vector<Paired> AllPaired(const ReportData& data) {
  std::vector<Paired> all;
  for (const ComparisonFile& file : data.comparisons) {
    const Json* list = file.json.Find("comparisons");
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& entry : list->array()) {
      Paired paired = ReadPaired(data, entry);
      paired.confidence = file.confidence;
      if (std::isfinite(paired.difference)) all.push_back(std::move(paired));
    }
  }
  return all;
}

std::string PValue(double p) {
  if (!std::isfinite(p)) return "–";
  return p < kSmallestP ? absl::StrCat("below ", kSmallestPText) : Figure(p);
}

// "= 0.31", "< 0.0001"
std::string HolmText(double p) {
  return p < kSmallestP ? absl::StrCat("&lt;\u00A0", kSmallestPText)
                        : absl::StrCat("=\u00A0", PValue(p));
}

std::string IntervalText(const Paired& paired) {
  return absl::StrCat(Points(paired.low), " to ", Points(paired.high));
}

std::string Sentence(const Paired& paired) {
  const std::string size =
      paired.difference == 0.0
          ? "scores the same as"
          : absl::StrFormat("scores %.1f points %s",
                            100.0 * std::abs(paired.difference),
                            paired.difference > 0.0 ? "above" : "below");
  return absl::StrCat(
      "<li><b>", Escape(paired.label_a), "</b> ", size, " <b>",
      Escape(paired.label_b), "</b> (", ConfidenceText(paired.confidence),
      " interval ", IntervalText(paired), ", p\u00A0(Holm)\u00A0",
      HolmText(paired.p_value_holm), ")",
      paired.IsClear() ? "" : ": no clear difference", ".</li>\n");
}

std::string PairedTable(const ReportData& data,
                        const std::vector<Paired>& all) {
  const bool several = ByBenchmark(data).size() > 1;
  Table table;
  table.head = {
      "A − B",
      "points",
      absl::StrCat(ConfidenceText(all.front().confidence), " interval"),
      "p",
      "p (Holm)",
      "wins / losses / ties",
      "smallest detectable"};
  table.numeric = {false, true, true, true, true, true, true};
  if (several) {
    table.head.push_back("benchmark");
    table.numeric.push_back(false);
  }
  for (const Paired& paired : all) {
    std::vector<std::string> row = {
        absl::StrCat(Escape(paired.label_a), " − ", Escape(paired.label_b)),
        Points(paired.difference),
        IntervalText(paired),
        PValue(paired.p_value),
        PValue(paired.p_value_holm),
        absl::StrCat(paired.wins, " / ", paired.losses, " / ", paired.ties),
        Figure(100.0 * paired.smallest_detectable)};
    if (several) row.push_back(Escape(paired.benchmark));
    table.rows.push_back(std::move(row));
  }
  return ToHtml(table);
}

// Of a given model that others were trained from: its score is what they began
// with.
std::string StartOf(const ReportData& data, const ModelFacts& model) {
  if (model.origin != kGivenOrigin) return "";
  const auto trainings = std::count_if(
      data.models.begin(), data.models.end(), [&](const ModelFacts& other) {
        return other.origin == TrainedFrom(model.name);
      });
  if (trainings == 0) return "";
  return absl::StrCat("<br>before distillation: the start of ", trainings,
                      trainings == 1 ? " student" : " students");
}

std::string Card(const ReportData& data, const Evaluation& evaluation,
                 bool several_benchmarks) {
  const ModelFacts* facts = data.FindModel(evaluation.model);
  std::string html = absl::StrCat(
      "<div class=\"card ", LineClass(evaluation.colour), "\"><span>",
      Escape(evaluation.label),
      several_benchmarks ? absl::StrCat(" on ", Escape(evaluation.benchmark))
                         : std::string(),
      "</span><b>", Percent(evaluation.pass_at_1.value_or(std::nan(""))),
      "</b><span>pass@1");
  if (evaluation.population) {
    absl::StrAppend(
        &html, "<br>", ConfidenceText(evaluation.confidence),
        " interval <span class=\"whole\">",
        PercentRange(evaluation.population->low, evaluation.population->high),
        "</span>");
  }
  if (facts != nullptr && facts->parameters > 0) {
    absl::StrAppend(&html, "<br>",
                    Short(static_cast<double>(facts->parameters)),
                    " parameters");
    absl::StrAppend(&html, StartOf(data, *facts));
  }
  if (!evaluation.note.empty()) {
    absl::StrAppend(&html, "<br>", Escape(evaluation.note));
  }
  return html + "</span></div>\n";
}

}  // namespace

Section KeyFigures(const ReportData& data) {
  Section section{"result", "Result", "", "", {}};
  if (data.evaluations.empty()) {
    section.body = "<p>No model has been evaluated in this run.</p>\n";
    return section;
  }
  section.guide =
      "pass@1 is the share of samples with the right answer; the interval "
      "is for exams of this kind.";
  const bool several = ByBenchmark(data).size() > 1;
  section.body = "<div class=\"cards\">\n";
  for (const Evaluation& evaluation : data.evaluations) {
    section.body += Card(data, evaluation, several);
    section.sources.push_back(evaluation.source);
    const ModelFacts* facts = data.FindModel(evaluation.model);
    if (facts != nullptr) section.sources.push_back(facts->source);
  }
  section.body += "</div>\n";
  const std::vector<Paired> all = AllPaired(data);
  if (all.empty()) return section;
  section.body += "<ul class=\"findings\">\n";
  for (const Paired& paired : all) section.body += Sentence(paired);
  section.body += "</ul>\n";
  for (const ComparisonFile& file : data.comparisons) {
    section.sources.push_back(file.source);
  }
  return section;
}

Section Comparisons(const ReportData& data) {
  Section section{"comparison", "Paired comparison", "", "", {}};
  const std::vector<Paired> all = AllPaired(data);
  if (all.empty()) return section;
  section.guide =
      "A minus B over the same problems, in percentage points: an interval "
      "that keeps clear of the line at zero tells the two apart. p by "
      "sign-flip permutation; p (Holm) is corrected by Holm's method for all "
      "comparisons of one stage (holm_family in comparison.json). Wins are "
      "problems that A solves more often. The smallest detectable difference "
      "is what this exam would find four times in five, in points.";
  std::vector<Difference> differences;
  for (const Paired& paired : all) {
    differences.push_back({absl::StrCat(paired.label_a, " − ", paired.label_b),
                           paired.difference, paired.low, paired.high,
                           Points(paired.difference), paired.colour});
  }
  section.body = absl::StrCat(
      "<figure>\n",
      DifferenceChart(differences, "differences with their intervals"),
      "</figure>\n", PairedTable(data, all));
  for (const ComparisonFile& file : data.comparisons) {
    section.sources.push_back(file.source);
  }
  return section;
}

}  // namespace limbeck::report
