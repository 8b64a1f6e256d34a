// The files of the example run that are no shards.
#ifndef LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_FILES_H_
#define LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_FILES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Parameters that the example's checkpoints state.
inline constexpr uint64_t kExampleParameters = 8 * 16 + 16;

// config.json and a model.safetensors with header and no tensor data.
absl::Status WriteExampleCheckpoint(const std::string& directory);

// model.safetensors with this JSON as its header.
std::string SafetensorsBytes(absl::string_view header);

// metrics.jsonl of 200 steps, one of them skipped; losses fall towards
// `lowest`.
std::string ExampleMetrics(double lowest);

// scores.json from right answers by problem id; `model` as its settings call
// it.
std::string ExampleScores(
    const std::vector<std::pair<std::string, int>>& right_of, int samples,
    const std::string& benchmark, const std::string& model);

// scores.json where all these problems were refused.
std::string ExampleRefusal(
    const std::vector<std::pair<std::string, int>>& right_of);

// comparison.json: one clear and one unclear difference, and an entry without
// problems in common.
std::string ExampleComparison();

// run.json of two attempts on one machine, the first with an older build.
std::string ExampleRunRecord();

// ledger.json with one row per artefact.
absl::Status WriteExampleLedger(
    const std::string& path,
    const std::vector<std::pair<std::string, std::string>>& artefacts,
    double slowness);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_FILES_H_
