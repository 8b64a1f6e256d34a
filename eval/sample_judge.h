// Judges one sample of any benchmark: mathematics, letters and programs behind
// one call.
#ifndef LIMBECK_EVAL_SAMPLE_JUDGE_H_
#define LIMBECK_EVAL_SAMPLE_JUDGE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "data/base/json.h"
#include "data/judge/judge.h"
#include "data/records.pb.h"
#include "data/verify/verify_mode.h"
#include "eval/benchmarks/benchmark_problem.h"

namespace limbeck {

// Where the answer stands in a text that is no program. Compat mode knows only
// the published harness's own rule.
enum class ExtractionRule {
  kDefault,  // AIME: kBox; GSM8K: kHashes; everything else: kStated
  kBox,      // the last \boxed{}, or no answer
  kStated,   // there, or a sentence that says so, or the bare answer
  kHashes,   // a box, or what follows the last "####", or as kStated
};

// "default", "box", "stated", "hashes".
const std::vector<std::string>& ExtractionRuleNames();
absl::StatusOr<ExtractionRule> ExtractionRuleFromName(absl::string_view name);

struct SampleJudgeOptions {
  BenchmarkId benchmark = BenchmarkId::kJsonl;
  VerifyMode mode = VerifyMode::kSound;
  ExtractionRule extraction = ExtractionRule::kDefault;
  JudgeOptions code;  // of code benchmarks; its mode is set from `mode`
};

class SampleJudge {
 public:
  // For code benchmarks this probes the machine's isolation, and weaker than
  // asked for is an error.
  static absl::StatusOr<std::unique_ptr<SampleJudge>> Create(
      SampleJudgeOptions options);
  // With a judge of one's own, for tests.
  static std::unique_ptr<SampleJudge> CreateWith(
      SampleJudgeOptions options, std::unique_ptr<const Judge> judge);

  // One verdict, from any thread. `option_order` is the sample's, of multiple
  // choice only: the extracted text is the number of the stored option. Of a
  // program the extracted text is the program and the method kJudgeMethod; a
  // judge that failed is VERDICT_UNKNOWN. Errors: an option order that is none,
  // hidden tests that cannot be read, a machine that lacks the language.
  absl::StatusOr<Verification> Judge(const BenchmarkProblem& problem,
                                     absl::string_view text,
                                     absl::Span<const int> option_order) const;

  // How verdicts come about: extraction, versions, isolation.
  Json Settings() const;

 private:
  SampleJudge(SampleJudgeOptions options,
              std::unique_ptr<const limbeck::Judge> judge);

  ExtractionRule Rule() const;
  Verification JudgeAnswer(const BenchmarkProblem& problem,
                           absl::string_view text) const;
  absl::StatusOr<Verification> JudgeChoice(
      const BenchmarkProblem& problem, absl::string_view text,
      absl::Span<const int> option_order) const;
  absl::StatusOr<Verification> JudgeProgram(const BenchmarkProblem& problem,
                                            absl::string_view text) const;

  const SampleJudgeOptions options_;
  const std::unique_ptr<const limbeck::Judge> judge_;
};

}  // namespace limbeck

#endif  // LIMBECK_EVAL_SAMPLE_JUDGE_H_
