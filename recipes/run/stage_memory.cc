#include "recipes/run/stage_memory.h"

#include <algorithm>

#include "student/forward.h"

namespace limbeck {
namespace {

constexpr double kFloatBytes = 4;
// Weights, gradients and two moments in float32.
constexpr double kTrainingBytesPerParameter = 16;
constexpr double kIdBytes = 4;  // of a token in a loaded bin
// A reader and a writer with their blocks, raw and compressed, and a record.
constexpr double kOpenShardBytes = 4.0 * (1 << 20);
// Of a record that is kept whole: text, or ids, mask and message overhead.
constexpr double kKeptProblemBytes = 2000;
constexpr double kKeptSampleBytes = 200;
constexpr double kKeptBytesPerToken = 8;
constexpr double kDedupEntryBytes = 128;  // DedupEntry and the sort's moves
constexpr double kPackEntryBytes = 128;   // decision, candidate, signal's place
constexpr double kReferenceBytes = 3000;  // n-grams of one problem
// SentencePiece keeps every word with its counts several times.
constexpr double kVocabularyBytesPerDocument = 4000;

double PackBytes(const PackOptions& options, const StageSize& size) {
  const double window =
      std::min<double>(size.records, std::max(0, options.window_samples()));
  return size.records * kPackEntryBytes +
         window *
             (kKeptSampleBytes + size.tokens_per_record * kKeptBytesPerToken);
}

// Width of the feed-forward that a token meets in a layer.
double FeedForwardWidth(const ModelConfig& model, int64_t layer) {
  if (!model.HasExperts(layer)) {
    return static_cast<double>(model.intermediate_size);
  }
  const ExpertMixture& experts = *model.experts;
  return static_cast<double>((experts.num_chosen + experts.num_shared) *
                             experts.intermediate_size);
}

// What backward keeps and makes per token: inputs of norms, attention and
// feed-forward of each layer, and their gradients. Heads count where they are
// wider than the hidden state together, as in latent attention.
double ActivationBytesPerToken(const ModelConfig& model) {
  const double hidden = static_cast<double>(model.hidden_size);
  const double heads = static_cast<double>(model.num_heads * model.head_dim);
  double values = 0;
  for (int64_t layer = 0; layer < model.num_layers; ++layer) {
    values += 24.0 * hidden + 8.0 * std::max(0.0, heads - hidden) +
              8.0 * FeedForwardWidth(model, layer);
  }
  return values * kFloatBytes;
}

}  // namespace

double RecordStageBytes(const StageEntry& stage, const StageSize& size) {
  const double open = kOpenShardBytes * size.threads;
  switch (stage.options_case()) {
    case StageEntry::kArithmeticProblems:
    case StageEntry::kArithmeticCorpus:
      return open + size.records * kKeptProblemBytes;
    case StageEntry::kIngest:
      return open + 3.0 * size.file_bytes;
    case StageEntry::kDedup:
      return open + size.records * kDedupEntryBytes;
    case StageEntry::kDecontaminate:
      return open + size.reference_records * kReferenceBytes;
    case StageEntry::kPack:
      return open + PackBytes(stage.pack(), size);
    case StageEntry::kTrainTokenizer:
      return open + size.records * kVocabularyBytesPerDocument;
    default:  // a record at a time
      return open;
  }
}

double WeightBytes(const ModelConfig& model) {
  return static_cast<double>(model.NumParameters()) * kFloatBytes;
}

double SamplingBytes(const ModelConfig& model, double rows) {
  return WeightBytes(model) +
         KvCacheBytes(model, static_cast<int64_t>(rows), model.max_positions);
}

double TrainingBytes(const ModelConfig& model, const TrainOptions& options,
                     double bin_tokens) {
  const double batch_tokens =
      bin_tokens *
      std::min(options.bins_per_micro_batch(), options.bins_per_step());
  return static_cast<double>(model.NumParameters()) *
             kTrainingBytesPerParameter +
         batch_tokens * ActivationBytesPerToken(model) +
         bin_tokens * options.bins_per_step() * kIdBytes;
}

}  // namespace limbeck
