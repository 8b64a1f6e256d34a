// Parity with transformers on checkpoints that it wrote
// (tests/golden/make_student_golden.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/base/file.h"
#include "student/checkpoint.h"
#include "student/forward.h"
#include "student/safetensors.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

struct Expected {
  std::vector<int64_t> ids;
  at::Tensor logprobs;          // [ids, vocab], computed in float32
  at::Tensor logprobs_rounded;  // computed in the stored type, if another
};

std::string GoldenPath(const std::string& name) {
  return "tests/testdata/student/" + name;
}

Expected ReadExpected(const std::string& name) {
  const SafetensorsFile file =
      *SafetensorsFile::Open(GoldenPath(name) + "/expected.safetensors");
  const at::Tensor ids = *file.Get("ids");
  const int64_t* data = ids.const_data_ptr<int64_t>();
  Expected expected;
  expected.ids.assign(data, data + ids.numel());
  expected.logprobs = file.Get("logprobs")->clone();
  if (file.Get("logprobs_rounded").ok()) {
    expected.logprobs_rounded = file.Get("logprobs_rounded")->clone();
  }
  return expected;
}

at::Tensor TrainingLogProbs(const Model& model,
                            const std::vector<int64_t>& ids) {
  const PackedLayout layout =
      MakePackedLayout(model.config, {0, static_cast<int64_t>(ids.size())},
                       model.weights.embedding.scalar_type());
  const at::Tensor hidden =
      ForwardPacked(model.config, ParameterStore(model.weights), layout,
                    at::tensor(ids, at::kLong));
  return at::log_softmax(at::linear(hidden, model.weights.head).to(at::kDouble),
                         -1)
      .to(at::kFloat);
}

at::Tensor DecodedLogProbs(const Model& model,
                           const std::vector<int64_t>& ids) {
  KvCache cache = MakeKvCache(model.config, 1, 64, at::kFloat);
  std::vector<at::Tensor> rows;
  for (size_t t = 0; t < ids.size(); ++t) {
    rows.push_back(DecodeStep(model.config, model.weights, {ids[t]},
                              {static_cast<int64_t>(t)}, cache)[0]
                       .clone());
  }
  return at::log_softmax(at::stack(rows).to(at::kDouble), -1).to(at::kFloat);
}

double LargestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

// float32 on both sides, matrix products summed in different orders.
constexpr double kParity = 2e-5;

class Golden : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Checkpoints, Golden,
                         ::testing::Values("llama", "llama_tied_bfloat16",
                                           "qwen2"),
                         [](const auto& tested) { return tested.param; });

TEST_P(Golden, TrainingForwardEqualsTransformers) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Model model, LoadCheckpoint(GoldenPath(GetParam()), at::kFloat));
  const Expected expected = ReadExpected(GetParam());
  EXPECT_LT(LargestDifference(TrainingLogProbs(model, expected.ids),
                              expected.logprobs),
            kParity);
}

TEST_P(Golden, DecodingEqualsTransformers) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Model model, LoadCheckpoint(GoldenPath(GetParam()), at::kFloat));
  const Expected expected = ReadExpected(GetParam());
  EXPECT_LT(LargestDifference(DecodedLogProbs(model, expected.ids),
                              expected.logprobs),
            kParity);
}

TEST_P(Golden, ExportHoldsTheSameTensorsAndSettings) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model,
                               LoadCheckpoint(GoldenPath(GetParam())));
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  const std::string path = directory.File("export");
  LIMBECK_ASSERT_OK(
      SaveCheckpoint(model, model.weights.embedding.scalar_type(), "", path));
  EXPECT_EQ(*CheckpointDigest(path), *CheckpointDigest(GoldenPath(GetParam())));
  const Json original =
      *ParseJson(*ReadFile(GoldenPath(GetParam()) + "/config.json"));
  const Json exported = *ParseJson(*ReadFile(path + "/config.json"));
  for (const auto& [key, value] : original.object()) {
    ASSERT_NE(exported.Find(key), nullptr) << key;
    if (key == "eos_token_id") continue;  // the union with generation_config
    EXPECT_EQ(*exported.Find(key), value) << key;
  }
}

// In bfloat16 our rounding follows the reference's: we differ from it by far
// less than it differs from float32.
TEST(GoldenBfloat16, RoundsLikeTransformers) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Model model, LoadCheckpoint(GoldenPath("llama_tied_bfloat16")));
  const Expected expected = ReadExpected("llama_tied_bfloat16");
  const at::Tensor ours = TrainingLogProbs(model, expected.ids);
  const double to_reference =
      (ours - expected.logprobs_rounded).abs().mean().item<double>();
  const double of_rounding = (expected.logprobs - expected.logprobs_rounded)
                                 .abs()
                                 .mean()
                                 .item<double>();
  EXPECT_LT(to_reference, 0.1 * of_rounding);
}

}  // namespace
}  // namespace limbeck
