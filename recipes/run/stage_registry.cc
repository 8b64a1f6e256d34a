#include "recipes/run/stage_registry.h"

#include "absl/strings/str_cat.h"
#include "data/stages/arithmetic_corpus.h"
#include "data/stages/arithmetic_problems.h"
#include "data/stages/decontaminate.h"
#include "data/stages/dedup.h"
#include "data/stages/filter.h"
#include "data/stages/ingest.h"
#include "data/stages/options_defaults.h"
#include "data/stages/pack.h"
#include "data/stages/split.h"
#include "data/stages/tokenize.h"
#include "data/stages/train_tokenizer.h"
#include "data/stages/verify.h"
#include "distill/options_defaults.h"
#include "distill/train_stage.h"
#include "eval/compare_stage.h"
#include "eval/evaluate_stage.h"
#include "eval/options_defaults.h"
#include "recipes/run/torch_boundary.h"
#include "teacher/generate_stage.h"
#include "teacher/options_defaults.h"
#include "teacher/score_stage.h"

namespace limbeck {
namespace {

absl::Status NoOptions(const StageEntry& entry) {
  return absl::InvalidArgumentError(
      absl::StrCat("stage '", entry.name(), "' does not say what it does"));
}

// Replaces *options by what ResolveOptions makes of it.
template <typename Options>
absl::Status ResolveInPlace(Options* options) {
  absl::StatusOr<Options> resolved = ResolveOptions(*options);
  if (!resolved.ok()) return resolved.status();
  *options = *std::move(resolved);
  return absl::OkStatus();
}

absl::Status ResolveEntry(StageEntry* entry) {
  switch (entry->options_case()) {
    case StageEntry::kArithmeticProblems:
      return ResolveInPlace(entry->mutable_arithmetic_problems());
    case StageEntry::kArithmeticCorpus:
      return ResolveInPlace(entry->mutable_arithmetic_corpus());
    case StageEntry::kIngest:
      return ResolveInPlace(entry->mutable_ingest());
    case StageEntry::kSplit:
      return ResolveInPlace(entry->mutable_split());
    case StageEntry::kVerify:
      return ResolveInPlace(entry->mutable_verify());
    case StageEntry::kFilter:
      return ResolveInPlace(entry->mutable_filter());
    case StageEntry::kDedup:
      return ResolveInPlace(entry->mutable_dedup());
    case StageEntry::kDecontaminate:
      return ResolveInPlace(entry->mutable_decontaminate());
    case StageEntry::kTrainTokenizer:
      return ResolveInPlace(entry->mutable_train_tokenizer());
    case StageEntry::kTokenize:
      return ResolveInPlace(entry->mutable_tokenize());
    case StageEntry::kPack:
      return ResolveInPlace(entry->mutable_pack());
    case StageEntry::kGenerate:
      return ResolveInPlace(entry->mutable_generate());
    case StageEntry::kScore:
      return ResolveInPlace(entry->mutable_score());
    case StageEntry::kTrain:
      return ResolveInPlace(entry->mutable_train());
    case StageEntry::kEvaluate:
      return ResolveInPlace(entry->mutable_evaluate());
    case StageEntry::kCompare:
      return ResolveInPlace(entry->mutable_compare());
    case StageEntry::OPTIONS_NOT_SET:
      break;
  }
  return NoOptions(*entry);
}

absl::Status RunEntry(const StageEntry& entry, const StageRun& run) {
  switch (entry.options_case()) {
    case StageEntry::kArithmeticProblems:
      return RunArithmeticProblemsStage(entry.arithmetic_problems(), run);
    case StageEntry::kArithmeticCorpus:
      return RunArithmeticCorpusStage(entry.arithmetic_corpus(), run);
    case StageEntry::kIngest:
      return RunIngestStage(entry.ingest(), run);
    case StageEntry::kSplit:
      return RunSplitStage(entry.split(), run);
    case StageEntry::kVerify:
      return RunVerifyStage(entry.verify(), run);
    case StageEntry::kFilter:
      return RunFilterStage(entry.filter(), run);
    case StageEntry::kDedup:
      return RunDedupStage(entry.dedup(), run);
    case StageEntry::kDecontaminate:
      return RunDecontaminateStage(entry.decontaminate(), run);
    case StageEntry::kTrainTokenizer:
      return RunTrainTokenizerStage(entry.train_tokenizer(), run);
    case StageEntry::kTokenize:
      return RunTokenizeStage(entry.tokenize(), run);
    case StageEntry::kPack:
      return RunPackStage(entry.pack(), run);
    case StageEntry::kGenerate:
      return RunGenerateStage(entry.generate(), run);
    case StageEntry::kScore:
      return RunScoreStage(entry.score(), run);
    case StageEntry::kTrain:
      return RunTrainStage(entry.train(), run);
    case StageEntry::kEvaluate:
      return RunEvaluateStage(entry.evaluate(), run);
    case StageEntry::kCompare:
      return RunCompareStage(entry.compare(), run);
    case StageEntry::OPTIONS_NOT_SET:
      break;
  }
  return NoOptions(entry);
}

}  // namespace

absl::StatusOr<StageEntry> ResolveStage(const StageEntry& entry) {
  StageEntry resolved = entry;
  const absl::Status status = ResolveEntry(&resolved);
  if (!status.ok()) return status;
  return resolved;
}

uint32_t StageVersion(const StageEntry& entry) {
  switch (entry.options_case()) {
    case StageEntry::kArithmeticProblems:
      return kArithmeticProblemsStageVersion;
    case StageEntry::kArithmeticCorpus:
      return kArithmeticCorpusStageVersion;
    case StageEntry::kIngest:
      return kIngestStageVersion;
    case StageEntry::kSplit:
      return kSplitStageVersion;
    case StageEntry::kVerify:
      return kVerifyStageVersion;
    case StageEntry::kFilter:
      return kFilterStageVersion;
    case StageEntry::kDedup:
      return kDedupStageVersion;
    case StageEntry::kDecontaminate:
      return kDecontaminateStageVersion;
    case StageEntry::kTrainTokenizer:
      return kTrainTokenizerStageVersion;
    case StageEntry::kTokenize:
      return kTokenizeStageVersion;
    case StageEntry::kPack:
      return kPackStageVersion;
    case StageEntry::kGenerate:
      return kGenerateStageVersion;
    case StageEntry::kScore:
      return kScoreStageVersion;
    case StageEntry::kTrain:
      return kTrainStageVersion;
    case StageEntry::kEvaluate:
      return kEvaluateStageVersion;
    case StageEntry::kCompare:
      return kCompareStageVersion;
    case StageEntry::OPTIONS_NOT_SET:
      break;
  }
  return 0;
}

absl::Status RunStage(const StageEntry& resolved, const StageRun& run) {
  return CatchLibTorch([&] { return RunEntry(resolved, run); });
}

}  // namespace limbeck
