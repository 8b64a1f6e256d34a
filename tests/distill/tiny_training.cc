// A model and packed bins small enough to train in milliseconds.
#include "tests/distill/tiny_training.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/str_format.h"
#include "data/base/random.h"
#include "student/forward.h"

namespace limbeck {
namespace {

void AppendFloat(std::string* bytes, float value) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Entries of output tokens [first, first + count) of one sequence.
TeacherSignal SignalOf(const at::Tensor& top_ids, const at::Tensor& top,
                       int64_t first_row, int first_token, int count) {
  TeacherSignal signal;
  signal.set_first_token(static_cast<uint32_t>(first_token));
  signal.set_num_tokens(static_cast<uint32_t>(count));
  signal.set_vocab_size(kTinyVocab);
  signal.set_tokenizer_fingerprint("tiny");
  TopKSignal* top_k = signal.mutable_top_k();
  top_k->set_codec(LOGPROB_CODEC_FLOAT32);
  const int64_t k = top.size(1);
  for (int token = 0; token < count; ++token) {
    const int64_t row = first_row + first_token + token;
    double mass = 0.0;
    for (int64_t i = 0; i < k; ++i) {
      const float logprob = top[row][i].item().toFloat();
      mass += std::exp(static_cast<double>(logprob));
      top_k->add_ids(static_cast<uint32_t>(top_ids[row][i].item().toLong()));
      AppendFloat(top_k->mutable_logprobs(), logprob);
    }
    top_k->add_counts(static_cast<uint32_t>(k));
    const double tail = k == kTinyVocab || mass >= 1.0
                            ? -std::numeric_limits<double>::infinity()
                            : std::log1p(-mass);
    AppendFloat(top_k->mutable_tail_logprobs(), static_cast<float>(tail));
  }
  return signal;
}

}  // namespace

Model TinyModel(uint64_t seed, bool tied_head) {
  return FreshModel(TinyTrainingConfig(tied_head), seed);
}

PackedBin TinyBin(uint64_t index, const std::vector<TinySequence>& sequences) {
  PackedBin bin;
  bin.set_index(index);
  for (const TinySequence& tiny : sequences) {
    PackedSequence* sequence = bin.add_sequences();
    sequence->mutable_sample()->set_trace_id(
        absl::StrFormat("trace-%010d", tiny.seed));
    sequence->set_start(static_cast<uint32_t>(bin.ids_size()));
    sequence->set_length(static_cast<uint32_t>(tiny.length));
    sequence->set_weight(tiny.weight);
    sequence->set_output_start(static_cast<uint32_t>(tiny.loss_start));
    LossRun* run = sequence->add_loss_runs();
    run->set_start(static_cast<uint32_t>(tiny.loss_start));
    run->set_length(static_cast<uint32_t>(tiny.length - tiny.loss_start));
    const uint64_t key = RandomKey(tiny.seed, RandomPurpose::kTest);
    for (int i = 0; i < tiny.length; ++i) {
      bin.add_ids(static_cast<uint32_t>(
          RandomBelow(kTinyVocab, key, static_cast<uint64_t>(i))));
    }
  }
  return bin;
}

std::vector<LoadedBin> Loaded(const std::vector<PackedBin>& bins) {
  std::vector<LoadedBin> loaded;
  for (const PackedBin& bin : bins) {
    LoadedBin entry;
    entry.bin = bin;
    entry.global_position = loaded.size();
    loaded.push_back(std::move(entry));
  }
  return loaded;
}

Objective TinyObjective(ObjectiveOptions::Kind kind) {
  Objective objective;
  objective.options.set_kind(kind);
  objective.options.set_divergence(ObjectiveOptions::DIVERGENCE_FORWARD_KL);
  objective.options.set_mix(0.5);
  objective.options.set_temperature(1.0);
  objective.rules.vocab_size = kTinyVocab;
  objective.rules.max_positions = 64;
  objective.rules.tokenizer_fingerprint = "tiny";
  objective.rules.with_signals =
      kind == ObjectiveOptions::KIND_TOPK_DISTILLATION;
  return objective;
}

at::Tensor LogitsOf(const Model& model, const PackedBin& bin) {
  const c10::NoGradGuard no_grad;
  std::vector<int64_t> starts;
  for (const PackedSequence& sequence : bin.sequences()) {
    starts.push_back(sequence.start());
  }
  starts.push_back(bin.ids_size());
  std::vector<int64_t> ids(bin.ids().begin(), bin.ids().end());
  const PackedLayout layout =
      MakePackedLayout(model.config, starts, at::kFloat);
  const at::Tensor hidden =
      ForwardPacked(model.config, ParameterStore(model.weights), layout,
                    at::tensor(ids, at::kLong));
  return at::matmul(hidden, model.weights.head.t());
}

PackedSignals SignalsFrom(const at::Tensor& logits, const PackedBin& bin,
                          int k) {
  const auto [top, top_ids] = at::log_softmax(logits, -1).topk(k, -1);
  PackedSignals signals;
  signals.set_bin_index(bin.index());
  for (int s = 0; s < bin.sequences_size(); ++s) {
    const PackedSequence& sequence = bin.sequences(s);
    // The row that predicts the first output token.
    const int64_t first_row =
        int64_t{sequence.start()} + sequence.output_start() - 1;
    const int count =
        static_cast<int>(sequence.length() - sequence.output_start());
    const int half = count / 2;
    for (const auto& [first, size] :
         {std::pair{0, half}, std::pair{half, count - half}}) {
      if (size == 0) continue;
      *signals.add_signals() = SignalOf(top_ids, top, first_row, first, size);
      signals.add_sequence_of_signal(static_cast<uint32_t>(s));
    }
  }
  return signals;
}

at::Tensor Joined(const std::vector<at::Tensor>& groups) {
  return at::cat(groups).clone();
}

}  // namespace limbeck
