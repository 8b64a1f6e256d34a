// Time of one verdict: both answers parsed, then compared. Counters give the
// mean, the 99th percentile and the slowest pair in microseconds. The folder
// of the tables is named by LIMBECK_TESTDATA.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/base/json.h"
#include "data/verify/math/math_answer.h"

namespace limbeck {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::vector<Json> ReadRows(const std::string& file) {
  std::vector<Json> rows;
  const char* folder = std::getenv("LIMBECK_TESTDATA");
  if (folder == nullptr) return rows;
  std::ifstream in(std::string(folder) + "/" + file);
  std::string line;
  while (std::getline(in, line)) {
    absl::StatusOr<Json> row = ParseJson(line);
    if (row.ok()) rows.push_back(*std::move(row));
  }
  return rows;
}

std::string Field(const Json& row, const char* key) {
  const absl::StatusOr<std::string> field = row.GetString(key, "");
  return field.ok() ? *field : std::string();
}

Pairs TablePairs() {
  Pairs pairs;
  for (const Json& row : ReadRows("math_cases.jsonl")) {
    const std::string kind = Field(row, "kind");
    const bool pair =
        kind == "verify" || kind == "equal" || kind == "normalize";
    if (pair) pairs.emplace_back(Field(row, "gold"), Field(row, "pred"));
    if (kind == "parse")
      pairs.emplace_back(Field(row, "pred"), Field(row, "pred") + "+1");
  }
  return pairs;
}

// Every 7th of the 90,300 ordered pairs of distinct answers.
Pairs Math500Pairs() {
  std::set<std::string> answers;
  for (const Json& row : ReadRows("math500/math500.jsonl")) {
    answers.insert(Field(row, "answer"));
  }
  Pairs pairs;
  size_t count = 0;
  for (const std::string& gold : answers) {
    for (const std::string& answer : answers) {
      if (gold != answer && count++ % 7 == 0) pairs.emplace_back(gold, answer);
    }
  }
  return pairs;
}

void MeasureVerdicts(benchmark::State& state, const Pairs& pairs) {
  if (pairs.empty()) {
    state.SkipWithError("LIMBECK_TESTDATA does not name the tables' folder");
    return;
  }
  std::vector<double> microseconds;
  for (auto _ : state) {
    microseconds.clear();
    for (const auto& [gold, answer] : pairs) {
      const auto begin = std::chrono::steady_clock::now();
      const absl::StatusOr<MathAnswer> g = ParseMathAnswer(gold);
      const absl::StatusOr<MathAnswer> a = ParseMathAnswer(answer);
      if (g.ok() && a.ok()) {
        benchmark::DoNotOptimize(CompareMathAnswers(*g, *a));
      }
      microseconds.push_back(std::chrono::duration<double, std::micro>(
                                 std::chrono::steady_clock::now() - begin)
                                 .count());
    }
  }
  std::sort(microseconds.begin(), microseconds.end());
  double total = 0;
  for (const double value : microseconds) total += value;
  const auto count = static_cast<double>(microseconds.size());
  state.counters["mean_us"] = total / count;
  state.counters["p99_us"] =
      microseconds[static_cast<size_t>(0.99 * (count - 1))];
  state.counters["max_us"] = microseconds.back();
  state.SetItemsProcessed(state.iterations() *
                          static_cast<int64_t>(pairs.size()));
}

void BM_Table(benchmark::State& state) { MeasureVerdicts(state, TablePairs()); }
BENCHMARK(BM_Table)->Unit(benchmark::kMillisecond);

void BM_Math500(benchmark::State& state) {
  MeasureVerdicts(state, Math500Pairs());
}
BENCHMARK(BM_Math500)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace limbeck
