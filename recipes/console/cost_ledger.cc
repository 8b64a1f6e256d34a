#include "recipes/console/cost_ledger.h"

#include <algorithm>
#include <utility>

namespace limbeck {
namespace {

constexpr double kSecondsPerHour = 3600.0;
constexpr double kJoulesPerKilowattHour = 3.6e6;

uint64_t ReadCount(const Json& json, absl::string_view key) {
  const auto value = json.GetInt(key, int64_t{0});
  return value.ok() && *value > 0 ? static_cast<uint64_t>(*value) : 0;
}

double ReadSeconds(const Json& json, absl::string_view key) {
  const auto value = json.GetDouble(key, 0.0);
  return value.ok() ? *value : 0.0;
}

}  // namespace

void Cost::Add(const Cost& other) {
  wall_seconds += other.wall_seconds;
  cpu_seconds += other.cpu_seconds;
  gpu_seconds += other.gpu_seconds;
  peak_memory_bytes = std::max(peak_memory_bytes, other.peak_memory_bytes);
  prompt_tokens += other.prompt_tokens;
  generated_tokens += other.generated_tokens;
  trained_tokens += other.trained_tokens;
  if (other.joules.has_value()) joules = joules.value_or(0) + *other.joules;
}

double Prices::Of(const Cost& cost) const {
  return cost.cpu_seconds / kSecondsPerHour * cpu_hour +
         cost.gpu_seconds / kSecondsPerHour * gpu_hour +
         cost.joules.value_or(0) / kJoulesPerKilowattHour * kilowatt_hour;
}

Prices PricesOf(const ReportOptions& options) {
  Prices prices;
  prices.cpu_hour = options.price_per_cpu_hour();
  prices.gpu_hour = options.price_per_gpu_hour();
  prices.kilowatt_hour = options.price_per_kilowatt_hour();
  if (!options.currency().empty()) prices.currency = options.currency();
  return prices;
}

Json CostToJson(const Cost& cost, const Prices& prices) {
  Json json = Json::Object();
  json.Set("wall_seconds", cost.wall_seconds);
  json.Set("cpu_seconds", cost.cpu_seconds);
  json.Set("gpu_seconds", cost.gpu_seconds);
  json.Set("peak_memory_bytes", cost.peak_memory_bytes);
  json.Set("prompt_tokens", cost.prompt_tokens);
  json.Set("generated_tokens", cost.generated_tokens);
  json.Set("trained_tokens", cost.trained_tokens);
  json.Set("joules",
           cost.joules.has_value() ? Json(*cost.joules) : Json(nullptr));
  json.Set("money", prices.Of(cost));
  return json;
}

Cost CostFromJson(const Json& json) {
  Cost cost;
  cost.wall_seconds = ReadSeconds(json, "wall_seconds");
  cost.cpu_seconds = ReadSeconds(json, "cpu_seconds");
  cost.gpu_seconds = ReadSeconds(json, "gpu_seconds");
  cost.peak_memory_bytes = ReadCount(json, "peak_memory_bytes");
  cost.prompt_tokens = ReadCount(json, "prompt_tokens");
  cost.generated_tokens = ReadCount(json, "generated_tokens");
  cost.trained_tokens = ReadCount(json, "trained_tokens");
  const Json* joules = json.Find("joules");
  if (joules != nullptr && joules->is_number()) cost.joules = joules->number();
  return cost;
}

CostLedger::CostLedger()
    : start_(Clock::now()),
      last_time_(start_),
      last_cpu_seconds_(CpuSeconds()) {
  rows_.push_back({std::string(kOverheadRow), {}});
}

void CostLedger::Settle() {
  const Clock::time_point now = Clock::now();
  const double cpu_seconds = CpuSeconds();
  const std::optional<double> joules = energy_.Joules();
  Cost used;
  used.wall_seconds = std::chrono::duration<double>(now - last_time_).count();
  used.cpu_seconds = cpu_seconds - last_cpu_seconds_;
  used.peak_memory_bytes = PeakMemoryBytes();
  if (joules.has_value()) {
    used.joules = *joules - last_joules_;
    last_joules_ = *joules;
  }
  last_time_ = now;
  last_cpu_seconds_ = cpu_seconds;
  OpenRow().cost.Add(used);
}

void CostLedger::Enter(absl::string_view row) {
  std::lock_guard<std::mutex> lock(mutex_);
  Settle();
  ResetPeakMemory();
  for (open_ = 0; open_ < rows_.size(); ++open_) {
    if (rows_[open_].name == row) return;
  }
  rows_.push_back({std::string(row), {}});
}

void CostLedger::AddPromptTokens(uint64_t tokens) {
  std::lock_guard<std::mutex> lock(mutex_);
  OpenRow().cost.prompt_tokens += tokens;
}

void CostLedger::AddGeneratedTokens(uint64_t tokens) {
  std::lock_guard<std::mutex> lock(mutex_);
  OpenRow().cost.generated_tokens += tokens;
}

void CostLedger::AddTrainedTokens(uint64_t tokens) {
  std::lock_guard<std::mutex> lock(mutex_);
  OpenRow().cost.trained_tokens += tokens;
}

std::vector<CostLedger::Row> CostLedger::Rows() {
  std::lock_guard<std::mutex> lock(mutex_);
  Settle();
  return rows_;
}

Cost CostLedger::Current() {
  std::lock_guard<std::mutex> lock(mutex_);
  Settle();
  return OpenRow().cost;
}

uint64_t CostLedger::PeakMemory() {
  uint64_t peak = 0;
  for (const Row& row : Rows()) {
    peak = std::max(peak, row.cost.peak_memory_bytes);
  }
  return peak;
}

double CostLedger::WallSeconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

}  // namespace limbeck
