// Checkpoints as others write them: float8 blocks, fused experts, layers for
// further tokens (tests/golden/make_fp8_golden.py).
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "data/base/file.h"
#include "data/base/json.h"
#include "student/checkpoint.h"
#include "student/convert.h"
#include "student/forward.h"
#include "student/safetensors.h"
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
                  "of 1 layers for further tokens passed over")));
}

class EditedFp8Checkpoint : public ::testing::Test {
 protected:
  using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

  // Loads the checkpoint after an edit of all its tensors.
  absl::Status Load(const std::function<void(const std::string& name,
                                             at::Tensor& tensor)>& edit) {
    NamedTensors tensors;
    for (const char* shard : {"1", "2"}) {
      const SafetensorsFile file = *SafetensorsFile::Open(
          absl::StrCat(kFp8, "/model-0000", shard, "-of-000002.safetensors"));
      for (const std::string& name : file.names()) {
        tensors.emplace_back(name, file.Get(name)->clone());
      }
    }
    NamedTensors kept;
    for (auto& [name, tensor] : tensors) {
      edit(name, tensor);
      if (tensor.defined()) kept.emplace_back(name, tensor);
    }
    const absl::Status written =
        WriteSafetensors(directory_.File("model.safetensors"), kept);
    if (!written.ok()) return written;
    return LoadCheckpoint(directory_.path()).status();
  }

  void SetUp() override {
    LIMBECK_ASSERT_OK(CopyFileAtomically(JoinPath(kFp8, "config.json"),
                                         directory_.File("config.json")));
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
};

constexpr char kDown[] = "model.layers.0.mlp.down_proj.weight";  // [20, 27]

TEST_F(EditedFp8Checkpoint, Untouched) {
  LIMBECK_EXPECT_OK(Load([](const std::string&, at::Tensor&) {}));
}

TEST_F(EditedFp8Checkpoint, NotANumberIsNamedWithItsPlace) {
  EXPECT_THAT(Load([](const std::string& name, at::Tensor& tensor) {
                if (name == kDown) tensor.view(at::kByte)[17][9] = 0xFF;
              }),
              IsError(absl::StatusCode::kDataLoss,
                      "\"model.layers.0.mlp.down_proj.weight\" is not a finite "
                      "number in row 17, column 9: float8 code 0xFF times the "
                      "factor in row 1, column 1 of "
                      "\"model.layers.0.mlp.down_proj.weight_scale_inv\""));
}

TEST_F(EditedFp8Checkpoint, MissingFactorsAreNamed) {
  EXPECT_THAT(Load([](const std::string& name, at::Tensor& tensor) {
                if (name == std::string(kDown) + "_scale_inv") {
                  tensor = at::Tensor();
                }
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "1 missing: \"model.layers.0.mlp.down_proj.weight_"
                      "scale_inv\" [2, 4]"));
}

TEST_F(EditedFp8Checkpoint, MisshapenFactorsNameBothShapes) {
  EXPECT_THAT(Load([](const std::string& name, at::Tensor& tensor) {
                if (name == std::string(kDown) + "_scale_inv") {
                  tensor = tensor.t().contiguous();
                }
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "is [4, 2] in model.safetensors and [2, 4] by "
                      "config.json"));
}

TEST_F(EditedFp8Checkpoint, FactorsMustBeFloat32) {
  EXPECT_THAT(Load([](const std::string& name, at::Tensor& tensor) {
                if (name == std::string(kDown) + "_scale_inv") {
                  tensor = tensor.to(at::kBFloat16);
                }
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "is stored as BF16, expected F32"));
}

TEST_F(EditedFp8Checkpoint, FactorsWithoutFloat8AreExtra) {
  EXPECT_THAT(Load([](const std::string& name, at::Tensor& tensor) {
                if (name == kDown) tensor = tensor.to(at::kBFloat16);
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "1 without a place: \"model.layers.0.mlp.down_proj."
                      "weight_scale_inv\""));
}

TEST_F(EditedFp8Checkpoint, OtherFloat8FormatsAreRefused) {
  EXPECT_THAT(
      Load([](const std::string& name, at::Tensor& tensor) {
        if (name == kDown) tensor = tensor.to(at::kFloat8_e5m2);
      }),
      IsError(absl::StatusCode::kInvalidArgument, "is stored as F8_E5M2"));
}

TEST_F(EditedFp8Checkpoint, ConfigMustTellTheBlocks) {
  Json config = *ParseJson(*ReadFile(JoinPath(kFp8, "config.json")));
  config.Set("quantization_config", Json());
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory_.File("config.json"), WriteJson(config)));
  EXPECT_THAT(Load([](const std::string&, at::Tensor&) {}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "config.json has no blocks of float8"));
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
