// Tokens per second of whole training steps at the quickstart's two sizes, and
// what the optimizer takes of it.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/base/check.h"
#include "data/base/random.h"
#include "distill/step.h"

namespace limbeck {
namespace {

constexpr int64_t kVocab = 512;
constexpr int kBinTokens = 2048;
constexpr int kSequenceTokens = 128;
constexpr int kPromptTokens = 40;
constexpr int kBinsPerStep = 4;
constexpr uint32_t kTopK = 16;

// 0: the student of 0.23 million parameters; 1: the teacher of 1.28 million.
ModelConfig Config(int64_t size) {
  ModelConfig config;
  config.vocab_size = kVocab;
  config.hidden_size = size == 0 ? 64 : 128;
  config.num_layers = size == 0 ? 4 : 6;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = config.hidden_size / 4;
  config.intermediate_size = 3 * config.hidden_size;
  config.max_positions = 1024;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 10000.0;
  config.tied_head = true;
  return config;
}

PackedBin MakeBin(uint64_t index) {
  PackedBin bin;
  bin.set_index(index);
  const uint64_t key = RandomKey(index, RandomPurpose::kTest);
  for (int start = 0; start < kBinTokens; start += kSequenceTokens) {
    PackedSequence* sequence = bin.add_sequences();
    sequence->set_start(static_cast<uint32_t>(start));
    sequence->set_length(kSequenceTokens);
    sequence->set_weight(1.0f);
    sequence->set_output_start(kPromptTokens);
    LossRun* run = sequence->add_loss_runs();
    run->set_start(kPromptTokens);
    run->set_length(kSequenceTokens - kPromptTokens);
  }
  for (int i = 0; i < kBinTokens; ++i) {
    bin.add_ids(static_cast<uint32_t>(
        RandomBelow(kVocab, key, static_cast<uint64_t>(i))));
  }
  return bin;
}

// Sixteen equal probabilities and a tail for every output token.
PackedSignals MakeSignals(const PackedBin& bin) {
  constexpr float kLogprob = -3.0f;
  constexpr float kTail = -1.6f;
  PackedSignals signals;
  signals.set_bin_index(bin.index());
  for (int s = 0; s < bin.sequences_size(); ++s) {
    TeacherSignal* signal = signals.add_signals();
    signals.add_sequence_of_signal(static_cast<uint32_t>(s));
    signal->set_num_tokens(kSequenceTokens - kPromptTokens);
    signal->set_vocab_size(kVocab);
    TopKSignal* top_k = signal->mutable_top_k();
    top_k->set_codec(LOGPROB_CODEC_FLOAT32);
    for (uint32_t t = 0; t < signal->num_tokens(); ++t) {
      top_k->add_counts(kTopK);
      for (uint32_t k = 0; k < kTopK; ++k) {
        top_k->add_ids(t + 7 * k);
        top_k->mutable_logprobs()->append(
            reinterpret_cast<const char*>(&kLogprob), sizeof(kLogprob));
      }
      top_k->mutable_tail_logprobs()->append(
          reinterpret_cast<const char*>(&kTail), sizeof(kTail));
    }
  }
  return signals;
}

Objective MakeObjective(ObjectiveOptions::Kind kind) {
  Objective objective;
  objective.options.set_kind(kind);
  objective.options.set_divergence(ObjectiveOptions::DIVERGENCE_FORWARD_KL);
  objective.options.set_temperature(1.0);
  objective.rules.vocab_size = kVocab;
  objective.rules.max_positions = 1024;
  objective.rules.with_signals =
      kind == ObjectiveOptions::KIND_TOPK_DISTILLATION;
  return objective;
}

StepSettings MakeSettings(const Objective& objective) {
  StepSettings settings;
  settings.objective = &objective;
  settings.adamw.set_beta1(0.9);
  settings.adamw.set_beta2(0.95);
  settings.adamw.set_epsilon(1e-8);
  settings.adamw.set_weight_decay(0.1);
  settings.adamw.set_max_gradient_norm(1.0);
  settings.learning_rate = 1e-3;
  return settings;
}

void BM_Step(benchmark::State& state) {
  const auto kind = static_cast<ObjectiveOptions::Kind>(state.range(1));
  auto model = MakeRandomModel(Config(state.range(0)), 1);
  LIMBECK_CHECK(model.ok());
  Trainable trainable = MakeTrainable(*model, static_cast<int>(state.range(3)));
  AdamWState optimizer = MakeAdamWState(*model);
  std::vector<LoadedBin> bins(kBinsPerStep);
  for (size_t i = 0; i < bins.size(); ++i) {
    bins[i].bin = MakeBin(i);
    bins[i].signals = MakeSignals(bins[i].bin);
  }
  const Objective objective = MakeObjective(kind);
  StepSettings settings = MakeSettings(objective);
  settings.bins_per_micro_batch = static_cast<int>(state.range(2));
  double update_seconds = 0.0;
  for (auto _ : state) {
    const auto result = Step(settings, bins, trainable, optimizer);
    LIMBECK_CHECK(result.ok() && result->applied);
    update_seconds += result->update_seconds;
  }
  state.SetItemsProcessed(state.iterations() * kBinsPerStep * kBinTokens);
  state.counters["update_ms"] =
      1000.0 * update_seconds / static_cast<double>(state.iterations());
  state.SetLabel(std::to_string(model->config.NumParameters()) +
                 " parameters, items are tokens");
}
BENCHMARK(BM_Step)
    ->ArgNames({"size", "objective", "micro_batch", "lanes"})
    ->ArgsProduct({{0, 1},
                   {ObjectiveOptions::KIND_CROSS_ENTROPY,
                    ObjectiveOptions::KIND_TOPK_DISTILLATION},
                   {1},
                   {1, 4}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace limbeck
