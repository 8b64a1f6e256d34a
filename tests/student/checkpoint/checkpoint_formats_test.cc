// Checkpoints as others write them: float8 blocks, fused experts, layers for
// further tokens (tests/golden/make_fp8_golden.py).
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/base/file.h"
#include "data/base/json.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/convert.h"
#include "student/checkpoint/safetensors.h"
#include "student/forward.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

constexpr char kFp8[] = "tests/testdata/checkpoints/deepseek_v3_fp8";
constexpr char kFused[] = "tests/testdata/checkpoints/deepseek_v3_fused";

SafetensorsFile ReadExpected(const std::string& folder) {
  return *SafetensorsFile::Open(JoinPath(folder, "expected.safetensors"));
}

void ExpectWeights(const Model& model, const SafetensorsFile& expected) {
  size_t weights = 0;
  for (const ParameterGroup& group : model.groups) {
    for (const WeightSlot& slot : group.slots) {
      LIMBECK_ASSERT_OK_AND_ASSIGN(const at::Tensor wanted,
                                   expected.Get(slot.name));
      const at::Tensor weight = ViewSlot(group.flat, slot);
      EXPECT_TRUE(at::equal(weight, wanted.to(weight.scalar_type())))
          << slot.name;
      ++weights;
    }
  }
  EXPECT_EQ(weights + 2, expected.names().size());  // ids and logprobs
}

class CheckpointFormats : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Folders, CheckpointFormats,
                         ::testing::Values(kFp8, kFused),
                         [](const auto& tested) {
                           return BaseName(tested.param);
                         });

TEST_P(CheckpointFormats, WeightsAreThoseOfTorch) {
  const SafetensorsFile expected = ReadExpected(GetParam());
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model,
                                 LoadCheckpoint(GetParam(), dtype));
    ExpectWeights(model, expected);
  }
}

TEST_P(CheckpointFormats, LogProbsAreThoseOfTransformers) {
  const SafetensorsFile expected = ReadExpected(GetParam());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model,
                               LoadCheckpoint(GetParam(), at::kFloat));
  const at::Tensor ids = *expected.Get("ids");
  const PackedLayout layout =
      MakePackedLayout(model.config, {0, ids.numel()}, at::kFloat);
  const at::Tensor hidden =
      ForwardPacked(model.config, ParameterStore(model.weights), layout, ids);
  const at::Tensor logprobs =
      at::log_softmax(at::linear(hidden, model.weights.head), -1);
  const double difference =
      (logprobs - *expected.Get("logprobs")).abs().max().item<double>();
  EXPECT_LT(difference, 2e-5);
}

TEST_P(CheckpointFormats, ConvertedTheyAreOrdinary) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  const std::string path = directory.File("model");
  LIMBECK_ASSERT_OK(
      ConvertCheckpoint(GetParam(), at::kFloat, SaveOptions{}, path));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model, LoadCheckpoint(path));
  EXPECT_EQ(model.config.dtype, "float32");
  ExpectWeights(model, ReadExpected(GetParam()));
  const Json config = *ParseJson(*ReadFile(JoinPath(path, "config.json")));
  EXPECT_EQ(config.Find("quantization_config"), nullptr);
  EXPECT_FALSE(FileExists(JoinPath(path, "model.safetensors.index.json")));
}

TEST(Fp8Checkpoint, ByDefaultItIsBfloat16AndSaysWhatItPassedOver) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model, LoadCheckpoint(kFp8));
  EXPECT_EQ(model.config.dtype, "bfloat16");
  EXPECT_EQ(model.weights.embedding.scalar_type(), at::kBFloat16);
  EXPECT_EQ(model.weights.blocks[1].router_bias.scalar_type(), at::kFloat);
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Conversion conversion,
      ConvertCheckpoint(kFp8, std::nullopt, SaveOptions{},
                        directory.File("model")));
  EXPECT_THAT(conversion.remarks,
              ::testing::ElementsAre(::testing::HasSubstr(
                  "tensors of layers for further tokens passed over")));
}

// Stacks of experts that lack one, or are of another shape.
TEST(FusedCheckpoint, MisshapenStackIsNamedOnce) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  LIMBECK_ASSERT_OK(CopyFileAtomically(JoinPath(kFused, "config.json"),
                                       directory.File("config.json")));
  const SafetensorsFile file =
      *SafetensorsFile::Open(JoinPath(kFused, "model.safetensors"));
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const std::string& name : file.names()) {
    at::Tensor tensor = *file.Get(name);
    if (name.ends_with("experts.gate_up_proj")) tensor = tensor.narrow(0, 0, 3);
    tensors.emplace_back(name, tensor);
  }
  LIMBECK_ASSERT_OK(
      WriteSafetensors(directory.File("model.safetensors"), tensors));
  EXPECT_THAT(
      LoadCheckpoint(directory.path()),
      IsError(absl::StatusCode::kInvalidArgument,
              "1 of another shape: \"model.layers.1.mlp.experts.gate_up_proj\" "
              "is [3, 24, 20] in model.safetensors and [4, 24, 20] by "
              "config.json"));
}

}  // namespace
}  // namespace limbeck
