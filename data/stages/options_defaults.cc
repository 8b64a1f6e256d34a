#include "data/stages/options_defaults.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/arithmetic_families.h"
#include "data/stages/option_resolver.h"
#include "data/text/chat_messages.h"
#include "data/verify/reward.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxInt64 = std::numeric_limits<int64_t>::max();
constexpr int64_t kDefaultPartitions = 4;
constexpr int64_t kMaxPartitions = 9999;  // PartitionName has four digits
constexpr int64_t kMaxGeneratedProblems = 10'000'000;
constexpr int64_t kMaxGeneratedDocuments = 1'000'000'000;
constexpr int64_t kMaxTokens = 1 << 24;
// Every byte is a piece, so that nothing is unknown.
constexpr int64_t kMinVocabSize = 256;

absl::Status CheckFamilies(const ArithmeticProblemsOptions& options) {
  const std::vector<std::string>& known = ArithmeticFamilies();
  for (const std::string& family : options.families()) {
    if (std::find(known.begin(), known.end(), family) != known.end()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("ArithmeticProblemsOptions.families has '", family,
                     "'; allowed: ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ArithmeticProblemsOptions> ResolveOptions(
    const ArithmeticProblemsOptions& given) {
  ArithmeticProblemsOptions options = given;
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .Integer("num_problems", 1000, 1, kMaxGeneratedProblems)
          .Integer("min_difficulty", kMinArithmeticDifficulty,
                   kMinArithmeticDifficulty, kMaxArithmeticDifficulty)
          .Integer("max_difficulty", kMaxArithmeticDifficulty,
                   kMinArithmeticDifficulty, kMaxArithmeticDifficulty)
          .Ordered("min_difficulty", "max_difficulty")
          .Double("split_begin", 0, 0, 1)
          .Double("split_end", 1, 0, 1)
          .StrictlyOrdered("split_begin", "split_end")
          .Integer("partitions", kDefaultPartitions, 1, kMaxPartitions)
          .status());
  LIMBECK_RETURN_IF_ERROR(CheckFamilies(options));
  return options;
}

absl::StatusOr<ArithmeticCorpusOptions> ResolveOptions(
    const ArithmeticCorpusOptions& given) {
  ArithmeticCorpusOptions options = given;
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .Integer("num_documents", 10'000, 1, kMaxGeneratedDocuments)
          .Double("split_begin", 0, 0, 1)
          .Double("split_end", 1, 0, 1)
          .StrictlyOrdered("split_begin", "split_end")
          .Integer("partitions", kDefaultPartitions, 1, kMaxPartitions)
          .status());
  return options;
}

absl::StatusOr<IngestOptions> ResolveOptions(const IngestOptions& given) {
  IngestOptions options = given;
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .RequiredString("path")
          .Enum("format", INGEST_FORMAT_GENERIC)
          .String("dataset", BaseName(options.path()))
          .String("split", "")
          .String("licence", "")
          .Enum("answer_kind", ANSWER_KIND_INTEGER)
          .Integer("partitions", kDefaultPartitions, 1, kMaxPartitions)
          .Integer("max_problems", 0, 0, kMaxInt64)
          .status());
  return options;
}

absl::StatusOr<SplitOptions> ResolveOptions(const SplitOptions& given) {
  SplitOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Double("begin", 0, 0, 1)
                              .Double("end", 1, 0, 1)
                              .StrictlyOrdered("begin", "end")
                              .status());
  return options;
}

absl::StatusOr<VerifyOptions> ResolveOptions(const VerifyOptions& given) {
  VerifyOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .String("compare_with", "")
                              .Bool("note_compat", false)
                              .status());
  if (options.has_answer_kind() &&
      AnswerKindName(options.answer_kind()).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "VerifyOptions.answer_kind is ", AnswerKind_Name(options.answer_kind()),
        "; allowed: a kind that is compared with a gold answer"));
  }
  if (options.has_reward()) {
    const absl::Status status = CheckReward(options.reward());
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("VerifyOptions.reward: ", status.message()));
    }
  }
  return options;
}

absl::StatusOr<FilterOptions> ResolveOptions(const FilterOptions& given) {
  FilterOptions options = given;
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .Bool("require_stop", true)
          .Bool("require_format", true)
          .Bool("require_correct", true)
          .Integer("min_output_tokens", 1, 0, kMaxTokens)
          .Integer("max_output_tokens", 16'384, 1, kMaxTokens)
          .Ordered("min_output_tokens", "max_output_tokens")
          .Integer("max_ngram_repeats", 20, 1, kMaxInt32)
          .Integer("repetition_ngram", 20, 1, 1000)
          .Integer("max_paragraph_repeats", 25, 1, kMaxInt32)
          .status());
  return options;
}

absl::StatusOr<DedupOptions> ResolveOptions(const DedupOptions& given) {
  DedupOptions options = given;
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .Integer("max_traces_per_problem", 0, 0, kMaxInt32)
          .status());
  return options;
}

absl::StatusOr<DecontaminateOptions> ResolveOptions(
    const DecontaminateOptions& given) {
  DecontaminateOptions options = given;
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options).Integer("ngram", 8, 1, 100).status());
  return options;
}

absl::StatusOr<TrainTokenizerOptions> ResolveOptions(
    const TrainTokenizerOptions& given) {
  TrainTokenizerOptions options = given;
  LIMBECK_RETURN_IF_ERROR(
      OptionResolver(&options)
          .Integer("vocab_size", 512, kMinVocabSize, kMaxTokens)
          .Enum("algorithm", TrainTokenizerOptions::ALGORITHM_BPE)
          .Bool("split_digits", true)
          .status());
  return options;
}

absl::StatusOr<TokenizeOptions> ResolveOptions(const TokenizeOptions& given) {
  TokenizeOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Enum("target", TokenizeOptions::TARGET_TRACE)
                              .status());
  const bool whole_trace = options.target() == TokenizeOptions::TARGET_TRACE;
  if (!options.has_use_captured_ids()) {
    options.set_use_captured_ids(whole_trace);
  }
  if (options.use_captured_ids() && !whole_trace) {
    return absl::InvalidArgumentError(absl::StrCat(
        "TokenizeOptions.use_captured_ids is true; allowed: false with ",
        TokenizeOptions::Target_Name(options.target()),
        ", since captured ids are of the whole trace"));
  }
  LIMBECK_RETURN_IF_ERROR(CheckChatOptions(options.chat()));
  if (options.has_chat() &&
      options.target() == TokenizeOptions::TARGET_PLAIN_TEXT) {
    return absl::InvalidArgumentError(
        "TokenizeOptions.chat is set, but TARGET_PLAIN_TEXT has no prompts");
  }
  return options;
}

absl::StatusOr<PackOptions> ResolveOptions(const PackOptions& given) {
  PackOptions options = given;
  LIMBECK_RETURN_IF_ERROR(OptionResolver(&options)
                              .Integer("bin_tokens", 1024, 2, kMaxTokens)
                              .Integer("window_samples", 20'000, 1, 10'000'000)
                              .Integer("max_loss_tokens", 0, 0, kMaxInt64)
                              .status());
  return options;
}

}  // namespace limbeck
