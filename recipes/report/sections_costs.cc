// The section about costs, from ledger.json: the only one with timings.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "recipes/report/charts.h"
#include "recipes/report/collect.h"
#include "recipes/report/numbers.h"
#include "recipes/report/sections.h"

namespace limbeck::report {
namespace {

const JsonArray* RowsIn(const Json* object) {
  if (object == nullptr) return nullptr;
  const Json* rows = object->Find("rows");
  return rows != nullptr && rows->is_array() ? &rows->array() : nullptr;
}

std::string NameOf(const Json& row) {
  const Json* name = row.Find("name");
  return name != nullptr && name->is_string() ? name->string() : "?";
}

// The columns that have anything to show.
struct Columns {
  bool gpu = false;
  bool prompt = false;
  bool generated = false;
  bool trained = false;
  bool energy = false;
  bool money = false;
};

Columns ColumnsOf(const JsonArray& rows) {
  Columns columns;
  for (const Json& row : rows) {
    const auto any = [&](absl::string_view key) {
      return NumberOr(row, key, 0.0) > 0.0;
    };
    columns.gpu |= any("gpu_seconds");
    columns.prompt |= any("prompt_tokens");
    columns.generated |= any("generated_tokens");
    columns.trained |= any("trained_tokens");
    columns.energy |= any("joules");
    columns.money |= any("money");
  }
  return columns;
}

std::vector<std::string> Head(const Columns& columns) {
  std::vector<std::string> head = {"stage", "wall", "CPU"};
  if (columns.gpu) head.push_back("GPU");
  head.push_back("peak memory");
  if (columns.prompt) head.push_back("prompt tokens");
  if (columns.generated) head.push_back("generated");
  if (columns.trained) head.push_back("trained");
  if (columns.generated || columns.trained) head.push_back("tokens/s");
  if (columns.energy) head.push_back("energy");
  if (columns.money) head.push_back("money");
  return head;
}

std::string TokensAt(const Json& cost, absl::string_view key) {
  const uint64_t tokens = CountAt(cost, key);
  return tokens > 0 ? Count(tokens) : "–";
}

std::string Rate(const Json& cost) {
  const double tokens = NumberOr(cost, "generated_tokens", 0.0) +
                        NumberOr(cost, "trained_tokens", 0.0);
  const double seconds = NumberOr(cost, "wall_seconds", 0.0);
  return tokens > 0.0 && seconds > 0.0 ? Short(std::round(tokens / seconds))
                                       : "–";
}

std::vector<std::string> Cells(const std::string& name, const Json& cost,
                               const Columns& columns) {
  const auto number = [&](absl::string_view key) {
    return NumberOr(cost, key, 0.0);
  };
  std::vector<std::string> cells = {name, Duration(number("wall_seconds")),
                                    Duration(number("cpu_seconds"))};
  if (columns.gpu) cells.push_back(Duration(number("gpu_seconds")));
  cells.push_back(Bytes(number("peak_memory_bytes")));
  if (columns.prompt) cells.push_back(TokensAt(cost, "prompt_tokens"));
  if (columns.generated) cells.push_back(TokensAt(cost, "generated_tokens"));
  if (columns.trained) cells.push_back(TokensAt(cost, "trained_tokens"));
  if (columns.generated || columns.trained) cells.push_back(Rate(cost));
  if (columns.energy) {
    const double joules = NumberOr(cost, "joules", std::nan(""));
    cells.push_back(
        std::isfinite(joules) ? absl::StrFormat("%.2f kJ", joules / 1e3) : "–");
  }
  if (columns.money) cells.push_back(absl::StrFormat("%.4f", number("money")));
  return cells;
}

std::string CostTable(const JsonArray& rows, const Json* total) {
  const Columns columns = ColumnsOf(rows);
  Table table;
  table.head = Head(columns);
  table.numeric.assign(table.head.size(), true);
  table.numeric[0] = false;
  for (const Json& row : rows) {
    table.rows.push_back(Cells(Escape(NameOf(row)), row, columns));
  }
  if (total != nullptr) {
    table.rows.push_back(Cells("<b>total</b>", *total, columns));
  }
  return ToHtml(table);
}

std::string TimeBars(const JsonArray& rows) {
  constexpr size_t kMostBars = 10;
  std::vector<double> seconds;
  for (const Json& row : rows) {
    seconds.push_back(NumberOr(row, "wall_seconds", 0.0));
  }
  std::sort(seconds.rbegin(), seconds.rend());
  if (seconds.empty() || !(seconds[0] > 0.0)) return "";
  const double least = seconds[std::min(seconds.size(), kMostBars) - 1];
  std::vector<Bar> bars;
  for (const Json& row : rows) {
    Bar bar;
    bar.label = NameOf(row);
    bar.value = NumberOr(row, "wall_seconds", 0.0);
    bar.text = Duration(bar.value);
    bar.colour = kNeutralColour;
    if (bar.value >= least && bars.size() < kMostBars) {
      bars.push_back(std::move(bar));
    }
  }
  return absl::StrCat(
      "<figure>\n",
      BarChart(bars, seconds[0], Unit::kSeconds, "wall-clock time per stage"),
      "<figcaption>Wall-clock time",
      rows.size() > kMostBars
          ? absl::StrCat(" of the ", kMostBars, " longest stages")
          : "",
      ".</figcaption></figure>\n");
}

// The clock of the whole process against the sum of its parts.
std::string PartsAddUp(const Json& ledger) {
  const Json* run = ledger.Find("this_run");
  const JsonArray* rows = RowsIn(run);
  if (rows == nullptr) return "";
  double parts = 0.0;
  for (const Json& row : *rows) parts += NumberOr(row, "wall_seconds", 0.0);
  const double clock = NumberOr(*run, "wall_seconds", 0.0);
  if (!(clock > 0.0)) return "";
  return absl::StrCat("<p>The run that wrote this page took ", Duration(clock),
                      " by the clock; its parts add up to ", Duration(parts),
                      absl::StrFormat(" (%.2f s apart, %.2f %%).</p>\n",
                                      std::abs(parts - clock),
                                      100.0 * std::abs(parts - clock) / clock));
}

std::string PriceText(const Json& ledger) {
  const Json* prices = ledger.Find("prices");
  if (prices == nullptr) return "";
  std::vector<std::string> parts;
  const std::pair<const char*, const char*> kUnits[] = {
      {"cpu_hour", "CPU hour"},
      {"gpu_hour", "GPU hour"},
      {"kilowatt_hour", "kilowatt hour"}};
  for (const auto& [key, unit] : kUnits) {
    const double price = NumberOr(*prices, key, 0.0);
    if (price > 0.0) parts.push_back(absl::StrFormat("%g per %s", price, unit));
  }
  if (parts.empty()) return "";
  const Json* currency = ledger.Find("currency");
  return absl::StrCat(
      "<p>Money in ",
      Escape(currency != nullptr && currency->is_string() ? currency->string()
                                                          : "EUR"),
      ": ", absl::StrJoin(parts, ", "), ".</p>\n");
}

}  // namespace

Section Costs(const ReportData& data) {
  Section section{"costs", "Costs", "", "", {}};
  const JsonArray* rows = RowsIn(&data.ledger);
  if (rows == nullptr || rows->empty()) return section;
  section.guide =
      "What each stage has used over all its attempts, interrupted ones "
      "included; overhead is what belongs to no stage.";
  section.body =
      absl::StrCat(TimeBars(*rows), CostTable(*rows, data.ledger.Find("total")),
                   PartsAddUp(data.ledger), PriceText(data.ledger));
  section.sources = {"ledger.json"};
  return section;
}

}  // namespace limbeck::report
