// Adapters written by PEFT (tests/golden/make_lora_golden.py) and by us:
// merging gives what PEFT computes with the adapter beside its base.
#include "student/adapters/lora.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "data/base/file.h"
#include "student/adapters/lora_file.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/safetensors.h"
#include "student/forward.h"
#include "student/vocabulary.h"
#include "tests/support/family_variants.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

struct GoldenCase {
  std::string name;
  std::string base;
  bool untied = false;
  bool mergeable = true;  // by PEFT, without changing what it computes
  int64_t rows = 0;       // of the vocabulary; 0: the base's
};

std::string AdapterPath(const std::string& name) {
  return "tests/testdata/lora/" + name;
}

Model LoadBase(const std::string& name) {
  return *LoadCheckpoint("tests/testdata/student/" + name);
}

Model LoadBase(const GoldenCase& tested) {
  const Model base = LoadBase(tested.base);
  return tested.rows == 0 ? base
                          : *ResizeVocabulary(base, tested.rows, nullptr);
}

at::Tensor LogProbs(const Model& model, const at::Tensor& ids) {
  const PackedLayout layout =
      MakePackedLayout(model.config, {0, ids.size(0)}, at::kFloat);
  const at::Tensor hidden =
      ForwardPacked(model.config, ParameterStore(model.weights), layout, ids);
  return at::log_softmax(at::linear(hidden, model.weights.head).to(at::kDouble),
                         -1)
      .to(at::kFloat);
}

double LargestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

class LoraGolden : public ::testing::TestWithParam<GoldenCase> {};

INSTANTIATE_TEST_SUITE_P(
    Adapters, LoraGolden,
    ::testing::Values(GoldenCase{"plain", "llama"},
                      GoldenCase{"patterns", "qwen2"},
                      GoldenCase{"dora", "llama"}, GoldenCase{"saved", "llama"},
                      GoldenCase{"tied_embedding", "qwen2", true, false},
                      GoldenCase{"tied_head", "qwen2", true, false},
                      GoldenCase{"tied_both", "llama_tied_bfloat16", false,
                                 false},
                      GoldenCase{"tied_saved", "qwen2", true},
                      GoldenCase{"resized", "llama", false, true, 66}),
    [](const auto& tested) { return tested.param.name; });

TEST_P(LoraGolden, MergedModelComputesWhatPeftComputes) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraAdapter adapter,
                               ReadLoraAdapter(AdapterPath(GetParam().name)));
  const Model base = LoadBase(GetParam());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge, MergeLora(base, adapter));
  const SafetensorsFile expected = *SafetensorsFile::Open(
      AdapterPath(GetParam().name) + "/expected.safetensors");
  // float32 on both sides, products summed in other orders.
  EXPECT_LT(LargestDifference(LogProbs(merge.model, *expected.Get("ids")),
                              *expected.Get("logprobs")),
            2e-5);
  // The same over 128 tokens, among log-probabilities far below zero.
  EXPECT_LT(merge.check.largest, 1e-4);
  EXPECT_EQ(merge.check.tokens, 128);  // two sequences of max_positions
  EXPECT_EQ(merge.untied, GetParam().untied);
  EXPECT_EQ(merge.model.config.tied_head,
            base.config.tied_head && !GetParam().untied);
  EXPECT_EQ(merge.merged, static_cast<int64_t>(adapter.modules.size()));
  EXPECT_GT(merge.largest_change, 0.01);
}

TEST_P(LoraGolden, MergedWeightsAreThoseOfPeft) {
  const LoraAdapter adapter = *ReadLoraAdapter(AdapterPath(GetParam().name));
  const Model base = LoadBase(GetParam());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge, MergeLora(base, adapter));
  const auto weights = NamedWeights(merge.model);
  const auto before = NamedWeights(base);
  const SafetensorsFile expected = *SafetensorsFile::Open(
      AdapterPath(GetParam().name) + "/expected.safetensors");
  int compared = 0;
  for (const std::string& stored : expected.names()) {
    absl::string_view name = stored;
    if (!absl::ConsumePrefix(&name, "merged.")) continue;
    ASSERT_EQ(weights.count(std::string(name)), size_t{1}) << name;
    EXPECT_LT(
        LargestDifference(weights.at(std::string(name)), *expected.Get(stored)),
        1e-6)
        << name;
    ++compared;
  }
  EXPECT_EQ(compared > 0, GetParam().mergeable);
  if (!GetParam().mergeable) return;
  // And nothing else changed.
  for (const auto& [name, weight] : before) {
    if (expected.Get("merged." + name).ok()) continue;
    EXPECT_TRUE(weight.to(at::kFloat).equal(weights.at(name))) << name;
  }
}

TEST_P(LoraGolden, WrittenAgainItMergesToTheSameBytes) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  LoraAdapter adapter = *ReadLoraAdapter(AdapterPath(GetParam().name));
  if (adapter.target_modules.empty()) {
    // One regular expression; written, it is a list of names.
    EXPECT_EQ(GetParam().name, "patterns");
  }
  const std::string path = directory.File("adapter");
  LIMBECK_ASSERT_OK(WriteLoraAdapter(adapter, path));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraAdapter again, ReadLoraAdapter(path));
  const Model base = LoadBase(GetParam());
  const LoraMerge first = *MergeLora(base, adapter);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge second, MergeLora(base, again));
  const auto weights = NamedWeights(second.model);
  for (const auto& [name, weight] : NamedWeights(first.model)) {
    EXPECT_TRUE(weight.equal(weights.at(name))) << name;
  }
}

class LoraFamilies : public ::testing::TestWithParam<ModelVariant> {};

INSTANTIATE_TEST_SUITE_P(Variants, LoraFamilies,
                         ::testing::ValuesIn(FamilyVariants()),
                         [](const auto& tested) { return tested.param.name; });

// Every matrix of a model with factors of its own, routers apart.
LoraAdapter WholeAdapter(const Model& model) {
  LoraAdapter adapter;
  uint64_t seed = 1;
  const auto random = [&](at::IntArrayRef shape) {
    return at::randn(shape, at::detail::createCPUGenerator(seed++),
                     at::TensorOptions().dtype(at::kFloat)) *
           0.1;
  };
  for (const auto& [name, weight] : NamedWeights(model)) {
    absl::string_view module = name;
    absl::ConsumeSuffix(&module, ".weight");
    if (weight.dim() != 2 || absl::EndsWith(module, ".mlp.gate")) continue;
    adapter.modules.push_back({.name = std::string(module),
                               .a = random({2, weight.size(1)}),
                               .b = random({weight.size(0), 2}),
                               .scale = 0.5});
  }
  return adapter;
}

TEST_P(LoraFamilies, EveryMatrixMergesToWhatItDoesBeside) {
  const Model base = TinyModel(GetParam().config);
  const LoraAdapter adapter = WholeAdapter(base);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge, MergeLora(base, adapter));
  EXPECT_EQ(merge.merged, static_cast<int64_t>(adapter.modules.size()));
  // float32 sums in two orders; a router may break a tie another way.
  EXPECT_LT(
      GetParam().config.experts ? merge.check.median : merge.check.largest,
      2e-4);
  // One matrix less is another model: the check would see it.
  LoraAdapter less = adapter;
  less.modules.pop_back();
  const LoraMerge other = *MergeLora(base, less);
  const at::Tensor ids = at::arange(20, at::kLong);
  EXPECT_GT(
      LargestDifference(LogProbs(merge.model, ids), LogProbs(other.model, ids)),
      1e-3);
}

// A rank-2 adapter for TinyConfig.
LoraAdapter TinyAdapter(const ModelConfig& config) {
  LoraAdapter adapter;
  const std::string layer = "model.layers.1.";
  const int64_t hidden = config.hidden_size;
  adapter.modules.push_back({.name = layer + "mlp.down_proj",
                             .a = at::full({2, config.intermediate_size}, 0.03),
                             .b = at::full({hidden, 2}, 0.05),
                             .scale = 1.5});
  adapter.modules.push_back(
      {.name = layer + "self_attn.q_proj",
       .a = at::full({2, hidden}, -0.02),
       .b = at::full({config.num_heads * config.head_dim, 2}, 0.04),
       .scale = 0.5});
  return adapter;
}

class Lora : public ::testing::Test {
 protected:
  absl::Status MergeEdited(const std::function<void(LoraAdapter&)>& edit) {
    LoraAdapter adapter = TinyAdapter(config_);
    edit(adapter);
    return MergeLora(TinyModel(config_), adapter).status();
  }

  const ModelConfig config_ = TinyConfig();
};

TEST_F(Lora, MergeIsTheSumInFloat32OfARoundedBase) {
  const Model base = *CastModel(TinyModel(config_), at::kBFloat16);
  const LoraAdapter adapter = TinyAdapter(config_);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraMerge merge, MergeLora(base, adapter));
  EXPECT_EQ(merge.merged, 2);
  EXPECT_EQ(merge.replaced, 0);
  const auto before = NamedWeights(base);
  const auto after = NamedWeights(merge.model);
  for (const LoraModule& module : adapter.modules) {
    const std::string name = module.name + ".weight";
    const at::Tensor sum =
        before.at(name).to(at::kDouble) +
        at::mm(module.b.to(at::kDouble), module.a.to(at::kDouble)) *
            module.scale;
    EXPECT_LT(LargestDifference(after.at(name).to(at::kDouble), sum), 1e-7);
    EXPECT_EQ(after.at(name).scalar_type(), at::kFloat);
  }
  // |change| = scale * 2 * 0.03 * 0.05 in every element.
  const at::Tensor& down = before.at("model.layers.1.mlp.down_proj.weight");
  const double change =
      1.5 * 2 * 0.03 * 0.05 * std::sqrt(static_cast<double>(down.numel()));
  EXPECT_EQ(merge.most_changed, "model.layers.1.mlp.down_proj");
  EXPECT_NEAR(merge.largest_change,
              change / down.to(at::kDouble).norm().item<double>(), 1e-5);
}

TEST_F(Lora, ModuleWithoutAPlaceIsRefused) {
  EXPECT_THAT(MergeEdited([](LoraAdapter& adapter) {
                adapter.modules[0].name = "model.layers.7.mlp.down_proj";
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "\"model.layers.7.mlp.down_proj.weight\""));
  EXPECT_THAT(MergeEdited([](LoraAdapter& adapter) {
                adapter.saved["score.weight"] = at::zeros({2, 16});
              }),
              IsError(absl::StatusCode::kInvalidArgument, "\"score.weight\""));
  EXPECT_THAT(MergeEdited([](LoraAdapter& adapter) {
                adapter.modules[0].name = "model.norm";
              }),
              IsError(absl::StatusCode::kInvalidArgument, "as a matrix"));
}

TEST_F(Lora, ShapesThatDoNotFitAreRefusedWithBoth) {
  EXPECT_THAT(MergeEdited([](LoraAdapter& adapter) {
                adapter.modules[1].b = at::zeros({18, 2});
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "as [18, 16], the base has [32, 16]"));
  EXPECT_THAT(MergeEdited([](LoraAdapter& adapter) {
                adapter.modules[1].magnitude = at::ones({5});
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "has 5 numbers, the weight needs 32"));
  EXPECT_THAT(MergeEdited([&](LoraAdapter& adapter) {
                adapter.saved["lm_head.weight"] = at::zeros({40, 16});
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "has shape [40, 16], the base has [37, 16]"));
}

TEST_F(Lora, MergeThatComputesSomethingElseIsRefused) {
  // Factors so large that float32 cannot hold the sum: beside the base they
  // are not what they are inside.
  EXPECT_THAT(MergeEdited([](LoraAdapter& adapter) {
                adapter.modules[1].b.fill_(3e30);
                adapter.modules[1].a.fill_(3e30);
              }),
              IsError(absl::StatusCode::kInternal,
                      "is not the base with the adapter beside it"));
}

TEST_F(Lora, TiedModelStaysTiedWhereNothingOfItIsTouched) {
  ModelConfig config = config_;
  config.tied_head = true;
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const LoraMerge merge, MergeLora(TinyModel(config), TinyAdapter(config)));
  EXPECT_TRUE(merge.model.config.tied_head);
  EXPECT_FALSE(merge.untied);
}

TEST_F(Lora, TwoBaseWeightsForOneTiedTensorAreRefused) {
  ModelConfig config = config_;
  config.tied_head = true;
  LoraAdapter adapter = TinyAdapter(config);
  adapter.base_weights["lm_head.weight"] = at::zeros({37, 16});
  adapter.base_weights["model.embed_tokens.weight"] = at::ones({37, 16});
  EXPECT_THAT(
      MergeLora(TinyModel(config), adapter),
      IsError(absl::StatusCode::kInvalidArgument, "the base ties them"));
}

}  // namespace
}  // namespace limbeck
