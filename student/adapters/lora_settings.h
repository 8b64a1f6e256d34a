// adapter_config.json of PEFT: which settings are read, which are harmless and
// which are refused.
#ifndef LIMBECK_STUDENT_ADAPTERS_LORA_SETTINGS_H_
#define LIMBECK_STUDENT_ADAPTERS_LORA_SETTINGS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

struct LoraSettings {
  int64_t rank = 0;
  double alpha = 0.0;
  bool rank_stabilized = false;
  bool dora = false;
  bool ties_embeddings = false;
  // Regular expressions for ends of module names; the first that matches wins.
  std::vector<std::pair<std::string, int64_t>> rank_pattern;
  std::vector<std::pair<std::string, double>> alpha_pattern;
  // A list of names or ends of names, or one regular expression.
  std::vector<std::string> target_modules;
  std::string target_expression;  // "all-linear" is the word PEFT knows
  std::vector<std::string> modules_to_save;
  std::string base_model;
};

absl::StatusOr<LoraSettings> ParseLoraSettings(const Json& json);

absl::StatusOr<int64_t> RankOf(const LoraSettings& settings,
                               absl::string_view module);
// alpha / rank, or alpha / sqrt(rank).
absl::StatusOr<double> ScaleOf(const LoraSettings& settings,
                               absl::string_view module, int64_t rank);
// Whether target_modules (or tying) gives this module an adapter.
absl::StatusOr<bool> IsTarget(const LoraSettings& settings,
                              absl::string_view module);
// Whether modules_to_save names this module.
bool IsSaved(const LoraSettings& settings, absl::string_view module);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_ADAPTERS_LORA_SETTINGS_H_
