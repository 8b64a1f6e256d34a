// What a model is asked: the wording of a published setting around a problem.
#ifndef LIMBECK_EVAL_BENCHMARKS_PROMPT_H_
#define LIMBECK_EVAL_BENCHMARKS_PROMPT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eval/benchmarks/benchmark_problem.h"

namespace limbeck {

enum class PromptStyle {
  kDeepSeekR1,    // all instructions in the user turn; the default
  kLighteval,     // "Therefore, the final answer is: ..." (mathematics)
  kMathArena,     // box, integer from 0 to 999 (AIME)
  kQwen,          // the box in a system turn (mathematics)
  kQuestionOnly,  // the problem alone
};

// "deepseek_r1", "lighteval", "matharena", "qwen", "question_only".
const std::vector<std::string>& PromptStyleNames();
absl::string_view NameOf(PromptStyle style);
absl::StatusOr<PromptStyle> PromptStyleFromName(absl::string_view name);

struct BenchmarkPrompt {
  std::string system;  // mostly empty
  std::string user;
  // Multiple choice: the stored option shown at A, B, ...; else empty. Goes
  // with the sample, or it cannot be judged.
  std::vector<int> option_order;
};

struct PromptRequest {
  PromptStyle style = PromptStyle::kDeepSeekR1;
  uint64_t seed = 0;   // of the order of options
  int64_t sample = 0;  // its number, from 0
};

// The prompt of one sample. A style that has no words for the benchmark is an
// error that names both.
absl::StatusOr<BenchmarkPrompt> MakePrompt(const BenchmarkProblem& problem,
                                           const PromptRequest& request);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_PROMPT_H_
