// Scores that others have published, as reference rows beside our own: each
// with who measured it and how, so that a table can show "ours | re-measured
// by others | published".
#ifndef LIMBECK_EVAL_PUBLISHED_PUBLISHED_H_
#define LIMBECK_EVAL_PUBLISHED_PUBLISHED_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace limbeck {

enum class ReferenceKind {
  kPublished,   // by the makers of the model
  kRemeasured,  // by others, one run of many samples
  kSeeds,       // by others, mean and spread over several seeds
};

// Where a value stands and how it was measured.
struct ReferenceSource {
  ReferenceKind kind = ReferenceKind::kPublished;
  absl::string_view name;      // short, for a table's head
  absl::string_view citation;  // title, place and revision
  absl::string_view setting;   // sampling, prompt, samples
};

enum class ReferenceMetric {
  kPassAt1,           // percent
  kConsAt64,          // percent
  kCodeforcesRating,  // points
};

struct ReferenceRow {
  absl::string_view model;      // "DeepSeek-R1-Distill-Qwen-7B"
  absl::string_view benchmark;  // a name of `limbeck benchmark`
  ReferenceMetric metric = ReferenceMetric::kPassAt1;
  double value = 0;              // percent or points, digits as printed there
  std::optional<double> spread;  // standard deviation over seeds
  const ReferenceSource* source = nullptr;
};

// "pass@1", "cons@64", "rating".
absl::string_view MetricName(ReferenceMetric metric);

// All rows, by source, then model, then benchmark.
absl::Span<const ReferenceRow> AllReferences();

// Names of the models with rows of this benchmark, in the order of the table.
std::vector<absl::string_view> ReferenceModels(absl::string_view benchmark);

// The rows of one model on one benchmark. An owner before the model's name
// ("deepseek-ai/...") and case do not matter.
std::vector<ReferenceRow> FindReferences(absl::string_view benchmark,
                                         absl::string_view model);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_PUBLISHED_PUBLISHED_H_
