// What a run costs, stage by stage: time, memory, tokens, energy, money.
#ifndef LIMBECK_RECIPES_CONSOLE_COST_LEDGER_H_
#define LIMBECK_RECIPES_CONSOLE_COST_LEDGER_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/stages/stage.h"
#include "recipes/console/resource_usage.h"
#include "recipes/recipe.pb.h"

namespace limbeck {

struct Cost {
  double wall_seconds = 0;
  double cpu_seconds = 0;
  double gpu_seconds = 0;  // 0 without one
  uint64_t peak_memory_bytes = 0;
  uint64_t prompt_tokens = 0;
  uint64_t generated_tokens = 0;
  uint64_t trained_tokens = 0;
  std::optional<double> joules;  // where the machine tells

  void Add(const Cost& other);  // peak memory: the larger one
};

// Prices from the recipe's report options; 0: not counted.
struct Prices {
  double cpu_hour = 0;
  double gpu_hour = 0;
  double kilowatt_hour = 0;
  std::string currency = "EUR";

  double Of(const Cost& cost) const;
};
Prices PricesOf(const ReportOptions& options);

Json CostToJson(const Cost& cost, const Prices& prices);
// Absent fields count as zero.
Cost CostFromJson(const Json& json);

// Attributes all time since the last Enter to one row, so that the rows add up
// to the whole run: what belongs to no stage is the row "overhead".
// Thread-safe.
class CostLedger : public CostSink {
 public:
  CostLedger();

  // Everything from now on belongs to `row`. A row may be entered again.
  void Enter(absl::string_view row);
  void AddPromptTokens(uint64_t tokens) override;
  void AddGeneratedTokens(uint64_t tokens) override;
  void AddTrainedTokens(uint64_t tokens) override;

  struct Row {
    std::string name;
    Cost cost;
  };
  // In the order of their first Enter, up to this moment.
  std::vector<Row> Rows();
  // Of the row that is open now, since it was first entered.
  Cost Current();
  // Largest of all rows.
  uint64_t PeakMemory();
  // Since the ledger was made; measured apart from the rows.
  double WallSeconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  Row& OpenRow() { return rows_[open_]; }
  void Settle();  // books what was used since the last call

  std::mutex mutex_;
  EnergyMeter energy_;
  const Clock::time_point start_;
  Clock::time_point last_time_;
  double last_cpu_seconds_;
  double last_joules_ = 0;
  std::vector<Row> rows_;
  size_t open_ = 0;
};

// Rows that are no stages; their names are none that a stage may have.
inline constexpr absl::string_view kOverheadRow = "(overhead)";
inline constexpr absl::string_view kReportRow = "(report)";

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_COST_LEDGER_H_
