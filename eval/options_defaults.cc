// See options_defaults.h.
#include "eval/options_defaults.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/stages/option_resolver.h"
#include "data/text/chat_messages.h"
#include "eval/benchmark_file.h"

namespace limbeck {

namespace {

// The tokens of DeepSeek-R1's setting.
constexpr int64_t kBenchmarkTokens = 32768;

absl::Status ResolveBenchmarkFile(BenchmarkFileOptions& file) {
  if (file.name() == BenchmarkFileOptions::NAME_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        "EvaluateOptions.benchmark_file.name is not stated; it says whose file "
        "it is, NAME_JSONL for one's own");
  }
  if (file.path().empty()) {
    return absl::InvalidArgumentError(
        "EvaluateOptions.benchmark_file.path is empty; it names the "
        "benchmark's file");
  }
  return OptionResolver(&file)
      .Enum("name", BenchmarkFileOptions::NAME_JSONL)
      .Enum("prompt", BenchmarkFileOptions::PROMPT_DEEPSEEK_R1)
      .Enum("mode", BenchmarkFileOptions::MODE_SOUND)
      .String("version", "")
      .String("first_date", "")
      .String("last_date", "")
      .String("tests_path", "")
      .String("standings_path", "")
      .String("population_path", "")
      .Enum("min_isolation", BenchmarkFileOptions::ISOLATION_B)
      .status();
}

}  // namespace

absl::StatusOr<EvaluateOptions> ResolveOptions(const EvaluateOptions& given) {
  EvaluateOptions options = given;
  std::string name;
  int64_t samples = 8, tokens = 512;
  if (options.has_benchmark_file()) {
    LIMBECK_RETURN_IF_ERROR(
        ResolveBenchmarkFile(*options.mutable_benchmark_file()));
    const BenchmarkId benchmark = BenchmarkIdOf(options.benchmark_file());
    name = std::string(NameOf(benchmark));
    samples = DefaultSamples(benchmark);
    tokens = kBenchmarkTokens;
  }
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .String("benchmark", name)
          .Integer("samples_per_problem", samples, 1, 100'000)
          .Double("temperature", 0.6, 0.0, 100.0)
          .Double("top_p", 0.95, 0.0, 1.0)
          .Integer("max_tokens", tokens, 1, 1 << 24)
          .Integer("max_problems", 0, 0, INT32_MAX)
          .Integer("rows", 32, 1, 4096)
          .String("note", "")
          .status());
  LIMBECK_RETURN_IF_ERROR(CheckChatOptions(options.chat()));
  if (options.top_p() == 0.0) {
    return absl::InvalidArgumentError(
        "EvaluateOptions.top_p is 0, must be above 0 and at most 1; greedy "
        "sampling is temperature 0");
  }
  if (options.temperature() == 0.0 && options.samples_per_problem() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "EvaluateOptions.temperature is 0 with samples_per_problem ",
        options.samples_per_problem(),
        ": greedy samples of a problem are all the same, ask for 1"));
  }
  return options;
}

absl::StatusOr<CompareOptions> ResolveOptions(const CompareOptions& given) {
  CompareOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Integer("permutations", 10000, 100, 10'000'000)
                              .Double("confidence", 0.95, 0.5, 0.9999)
                              .status());
  return options;
}

}  // namespace limbeck
