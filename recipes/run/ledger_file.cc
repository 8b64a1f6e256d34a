#include "recipes/run/ledger_file.h"

#include <utility>

#include "data/base/file.h"
#include "recipes/run/run_record.h"

namespace limbeck {
namespace {

// {"name": ..., [facts...], cost...}
Json Row(const std::string& name, const Cost& cost, const Prices& prices) {
  Json row = Json::Object();
  row.Set("name", name);
  const Json figures = CostToJson(cost, prices);
  for (const JsonMember& member : figures.object()) {
    row.Set(member.first, member.second);
  }
  return row;
}

Json PricesToJson(const Prices& prices) {
  Json json = Json::Object();
  json.Set("cpu_hour", prices.cpu_hour);
  json.Set("gpu_hour", prices.gpu_hour);
  json.Set("kilowatt_hour", prices.kilowatt_hour);
  return json;
}

Json ThisRun(const std::vector<CostLedger::Row>& rows, double wall_seconds,
             const Prices& prices) {
  Json list = Json::Array();
  Cost total;
  for (const CostLedger::Row& row : rows) {
    list.Push(Row(row.name, row.cost, prices));
    total.Add(row.cost);
  }
  Json json = Json::Object();
  json.Set("rows", std::move(list));
  json.Set("total", CostToJson(total, prices));
  json.Set("wall_seconds", wall_seconds);
  return json;
}

}  // namespace

absl::Status WriteLedger(const std::string& path, const std::string& recipe,
                         const std::vector<StageOutcome>& stages,
                         const Prices& prices, CostLedger& ledger) {
  Json rows = Json::Array();
  Cost total;
  for (const StageOutcome& stage : stages) {
    const Cost cost = RecordedCost(stage.directory);
    total.Add(cost);
    Json row = Row(stage.name, cost, prices);
    row.Set("kind", stage.kind);
    row.Set("artefact", BaseName(stage.directory));
    row.Set("reused", stage.reused);
    rows.Push(std::move(row));
  }
  const std::vector<CostLedger::Row> this_run = ledger.Rows();
  const double wall_seconds = ledger.WallSeconds();
  for (const CostLedger::Row& row : this_run) {
    if (row.name != kOverheadRow && row.name != kReportRow) continue;
    total.Add(row.cost);
    rows.Push(Row(row.name, row.cost, prices));
  }
  Json json = Json::Object();
  json.Set("recipe", recipe);
  json.Set("currency", prices.currency);
  json.Set("prices", PricesToJson(prices));
  json.Set("rows", std::move(rows));
  json.Set("total", CostToJson(total, prices));
  json.Set("this_run", ThisRun(this_run, wall_seconds, prices));
  return WriteFileAtomically(path, WriteJsonIndented(json));
}

}  // namespace limbeck
