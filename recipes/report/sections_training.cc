// Sections about training and costs.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "recipes/report/charts.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

// Mean over a sliding window, so that the curve can be read.
std::vector<std::pair<double, double>> Smooth(
    const std::vector<std::pair<double, double>>& points) {
  constexpr size_t kWindows = 40;
  const size_t window = std::max<size_t>(1, points.size() / kWindows);
  std::vector<std::pair<double, double>> smooth;
  double sum = 0.0;
  for (size_t i = 0; i < points.size(); ++i) {
    sum += points[i].second;
    if (i >= window) sum -= points[i - window].second;
    const size_t count = std::min(i + 1, window);
    smooth.emplace_back(points[i].first, sum / static_cast<double>(count));
  }
  return smooth;
}

double NumberAt(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  return value != nullptr && value->is_number() ? value->number() : 0.0;
}

const Json* CostOf(const Json& row) {
  const Json* cost = row.Find("cost");
  return cost != nullptr ? cost : &row;
}

std::string NameOf(const Json& row) {
  const Json* name = row.Find("name");
  if (name == nullptr) name = row.Find("stage");
  return name != nullptr && name->is_string() ? name->string() : "?";
}

const JsonArray* LedgerRows(const Json& ledger) {
  for (absl::string_view key : {"rows", "stages"}) {
    const Json* rows = ledger.Find(key);
    if (rows != nullptr && rows->is_array()) return &rows->array();
  }
  return nullptr;
}

std::vector<std::string> CostCells(const std::string& name, const Json& cost) {
  const Json* joules = cost.Find("joules");
  const bool has_energy = joules != nullptr && joules->is_number();
  return {name,
          Duration(NumberAt(cost, "wall_seconds")),
          Duration(NumberAt(cost, "cpu_seconds")),
          absl::StrFormat("%.0f MB", NumberAt(cost, "peak_memory_bytes") / 1e6),
          Count(static_cast<uint64_t>(NumberAt(cost, "generated_tokens"))),
          Count(static_cast<uint64_t>(NumberAt(cost, "trained_tokens"))),
          has_energy ? absl::StrFormat("%.1f kJ", joules->number() / 1e3) : "–",
          Figure(NumberAt(cost, "money"))};
}

}  // namespace

Section LossCurves(const ReportData& data) {
  Section section{"loss", "Training", "", {}};
  if (data.trainings.empty()) return section;
  Table table;
  table.head = {"run",        "objective", "tokens",       "tokens with loss",
                "first loss", "last loss", "skipped steps"};
  table.numeric = {false, false, true, true, true, true, true};
  std::vector<Series> curves;
  for (size_t i = 0; i < data.trainings.size(); ++i) {
    const Training& training = data.trainings[i];
    const auto smooth = Smooth(training.loss);
    const int colour = static_cast<int>(i);
    curves.push_back({training.label, smooth, colour, false});
    if (!training.held_out.empty()) {
      curves.push_back(
          {training.label + " (held out)", training.held_out, colour, true});
    }
    section.sources.push_back(training.source);
    table.rows.push_back(
        {Escape(training.label), Escape(training.objective),
         Count(static_cast<uint64_t>(training.tokens)),
         Count(static_cast<uint64_t>(training.loss_tokens)),
         smooth.empty() ? "–" : Figure(smooth.front().second),
         smooth.empty() ? "–" : Figure(smooth.back().second),
         Count(static_cast<uint64_t>(training.skipped_steps))});
  }
  section.body = absl::StrCat(
      "<figure>\n",
      LineChart(curves, "tokens seen", "nats per token",
                "training loss over tokens"),
      "<figcaption>Loss per token of each run's own objective, averaged over a "
      "sliding window of 1/40 of the run. Losses of different objectives are "
      "different quantities: a divergence is zero at best, a cross-entropy is "
      "not.</figcaption></figure>\n",
      ToHtml(table));
  return section;
}

Section Costs(const ReportData& data) {
  Section section{"costs", "Costs", "", {"ledger.json"}};
  const JsonArray* rows = LedgerRows(data.ledger);
  if (rows == nullptr) return section;
  Table table;
  table.head = {"stage",     "wall",    "CPU",    "peak memory",
                "generated", "trained", "energy", "money"};
  table.numeric = {false, true, true, true, true, true, true, true};
  std::vector<Bar> bars;
  double longest = 0.0;
  for (const Json& row : *rows) {
    const Json& cost = *CostOf(row);
    table.rows.push_back(CostCells(Escape(NameOf(row)), cost));
    const double seconds = NumberAt(cost, "wall_seconds");
    longest = std::max(longest, seconds);
    Bar bar;
    bar.label = NameOf(row);
    bar.value = seconds;
    bar.text = Duration(seconds);
    bars.push_back(std::move(bar));
  }
  if (const Json* total = data.ledger.Find("total"); total != nullptr) {
    table.rows.push_back(CostCells("<b>total</b>", *total));
  }
  // Only what can be seen beside the longest stage.
  constexpr double kVisible = 0.01;
  std::erase_if(bars,
                [&](const Bar& bar) { return bar.value < kVisible * longest; });
  std::string currency = "EUR";
  if (const Json* name = data.ledger.Find("currency");
      name != nullptr && name->is_string()) {
    currency = name->string();
  }
  section.body = absl::StrCat(
      longest > 0.0 ? BarChart(bars, longest, false, "seconds per stage") : "",
      "<p class=\"soft\">Seconds of wall-clock time; stages under one per cent "
      "of the longest are left out of the picture. Money in ",
      Escape(currency), " by the recipe's price table.</p>\n", ToHtml(table));
  return section;
}

}  // namespace limbeck::report
