// The fused decoding step in every instruction set that this machine runs.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "kernels/decode/decode.h"
#include "student/decode_view.h"
#include "student/forward.h"
#include "tests/student/plain_decoder.h"
#include "tests/support/family_variants.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

std::vector<const kernels::CpuKernels*> RunnableKernels() {
  std::vector<const kernels::CpuKernels*> sets = {kernels::PortableKernels()};
  if (kernels::MachineHasAvx2()) sets.push_back(kernels::Avx2Kernels());
  if (kernels::MachineHasAvx512()) sets.push_back(kernels::Avx512Kernels());
  return sets;
}

class DecodeLoops
    : public ::testing::TestWithParam<const kernels::CpuKernels*> {
 protected:
  // Prefills all but the last `decoded` ids, decodes those; their logits.
  at::Tensor Run(const Model& model, const std::vector<int64_t>& ids,
                 size_t decoded) {
    KvCache cache = MakeKvCache(model.config, 2, 64, at::kFloat);
    const DecodeView view = MakeDecodeView(model.config, model.weights, cache);
    std::vector<kernels::DecodeToken> tokens;
    for (size_t t = 0; t < ids.size(); ++t) {
      tokens.push_back({ids[t], static_cast<int64_t>(t), 1});
    }
    const size_t prompt = ids.size() - decoded;
    at::Tensor hidden = at::empty({model.config.hidden_size});
    kernels::PrefillTokens(view.model,
                           {tokens.begin(), tokens.begin() + prompt},
                           hidden.mutable_data_ptr<float>(), *GetParam());
    at::Tensor logits =
        at::empty({static_cast<int64_t>(decoded), model.config.vocab_size});
    for (size_t i = 0; i < decoded; ++i) {
      float* to = logits.mutable_data_ptr<float>() +
                  static_cast<int64_t>(i) * model.config.vocab_size;
      kernels::DecodeTokens(view.model, {tokens[prompt + i]}, {to},
                            *GetParam());
    }
    return logits;
  }
};

INSTANTIATE_TEST_SUITE_P(InstructionSets, DecodeLoops,
                         ::testing::ValuesIn(RunnableKernels()),
                         [](const auto& tested) {
                           return std::string(tested.param->name);
                         });

TEST_P(DecodeLoops, EqualPlainLoops) {
  for (const ModelVariant& variant : AllVariants()) {
    const Model model = TinyModel(variant.config);
    const std::vector<int64_t> ids = TinyIds(variant.config, 45, 1);
    const at::Tensor ours =
        at::log_softmax(Run(model, ids, 25).to(at::kDouble), -1);
    const Matrix expected =
        PlainLogProbs(variant.config, PlainWeightsOf(model), ids);
    for (int64_t t = 0; t < 25; ++t) {
      const at::Tensor row =
          at::tensor(expected[static_cast<size_t>(20 + t)], at::kDouble);
      EXPECT_LT((ours[t] - row).abs().max().item<double>(), 3e-5)
          << variant.name << ", token " << t;
    }
  }
}

TEST_P(DecodeLoops, PrefillAndDecodingGiveTheSameBytes) {
  for (const ModelVariant& variant : AllVariants()) {
    const Model model = TinyModel(variant.config);
    const std::vector<int64_t> ids = TinyIds(variant.config, 45, 2);
    const at::Tensor few = Run(model, ids, 3);
    const at::Tensor many = Run(model, ids, 44);
    EXPECT_TRUE(at::equal(few, many.narrow(0, 41, 3))) << variant.name;
  }
}

// Widths beyond one block of the long sums.
TEST_P(DecodeLoops, WideLayersEqualPlainLoops) {
  ModelConfig config = TinyConfig();
  config.num_layers = 1;
  config.intermediate_size = 1100;
  const Model model = TinyModel(config);
  const std::vector<int64_t> ids = TinyIds(config, 8, 3);
  const at::Tensor ours =
      at::log_softmax(Run(model, ids, 4).to(at::kDouble), -1);
  const Matrix expected = PlainLogProbs(config, PlainWeightsOf(model), ids);
  for (int64_t t = 0; t < 4; ++t) {
    const at::Tensor row =
        at::tensor(expected[static_cast<size_t>(4 + t)], at::kDouble);
    // Logits are some 50 times larger with 1100 random units.
    EXPECT_LT((ours[t] - row).abs().max().item<double>(), 5e-4);
  }
}

}  // namespace
}  // namespace limbeck
