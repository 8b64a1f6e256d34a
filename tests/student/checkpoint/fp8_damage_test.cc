// Float8 checkpoints that are damaged or not what they should be.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/safetensors.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

constexpr char kFp8[] = "tests/testdata/checkpoints/deepseek_v3_fp8";
constexpr char kDown[] = "model.layers.0.mlp.down_proj.weight";  // [20, 27]
constexpr char kFactors[] = "model.layers.0.mlp.down_proj.weight_scale_inv";

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;
using Edit = std::function<void(at::Tensor& tensor)>;

class EditedFp8Checkpoint : public ::testing::Test {
 protected:
  // Loads the checkpoint after an edit of one tensor; undefined, it is left
  // out.
  absl::Status LoadWith(const std::string& edited, const Edit& edit) {
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
      if (name == edited) edit(tensor);
      if (tensor.defined()) kept.emplace_back(name, tensor);
    }
    const absl::Status written =
        WriteSafetensors(directory_.File("model.safetensors"), kept);
    if (!written.ok()) return written;
    return LoadCheckpoint(directory_.path()).status();
  }

  absl::Status LoadUntouched() { return LoadWith("", nullptr); }

  void SetUp() override {
    LIMBECK_ASSERT_OK(CopyFileAtomically(JoinPath(kFp8, "config.json"),
                                         directory_.File("config.json")));
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
};

TEST_F(EditedFp8Checkpoint, Untouched) { LIMBECK_EXPECT_OK(LoadUntouched()); }

TEST_F(EditedFp8Checkpoint, NotANumberIsNamedWithItsPlace) {
  const auto edit = [](at::Tensor& codes) {
    codes.view(at::kByte)[17][9] = 0xFF;
  };
  EXPECT_THAT(LoadWith(kDown, edit),
              IsError(absl::StatusCode::kDataLoss,
                      "\"model.layers.0.mlp.down_proj.weight\" is not a finite "
                      "number in row 17, column 9: float8 code 0xFF times the "
                      "factor in row 1, column 1 of "
                      "\"model.layers.0.mlp.down_proj.weight_scale_inv\""));
}

TEST_F(EditedFp8Checkpoint, MissingFactorsAreNamed) {
  const auto edit = [](at::Tensor& factors) { factors = at::Tensor(); };
  EXPECT_THAT(LoadWith(kFactors, edit),
              IsError(absl::StatusCode::kInvalidArgument,
                      "1 missing: \"model.layers.0.mlp.down_proj.weight_"
                      "scale_inv\" [2, 4]"));
}

TEST_F(EditedFp8Checkpoint, MisshapenFactorsNameBothShapes) {
  const auto edit = [](at::Tensor& factors) { factors = factors.t(); };
  EXPECT_THAT(LoadWith(kFactors, edit),
              IsError(absl::StatusCode::kInvalidArgument,
                      "is [4, 2] in model.safetensors and [2, 4] by "
                      "config.json"));
}

TEST_F(EditedFp8Checkpoint, FactorsMustBeFloat32) {
  const auto edit = [](at::Tensor& factors) {
    factors = factors.to(at::kBFloat16);
  };
  EXPECT_THAT(LoadWith(kFactors, edit),
              IsError(absl::StatusCode::kInvalidArgument,
                      "is stored as BF16, expected F32"));
}

TEST_F(EditedFp8Checkpoint, FactorsWithoutFloat8AreExtra) {
  const auto edit = [](at::Tensor& codes) { codes = codes.to(at::kBFloat16); };
  EXPECT_THAT(LoadWith(kDown, edit),
              IsError(absl::StatusCode::kInvalidArgument,
                      "1 without a place: \"model.layers.0.mlp.down_proj."
                      "weight_scale_inv\""));
}

TEST_F(EditedFp8Checkpoint, OtherFloat8FormatsAreRefused) {
  const auto edit = [](at::Tensor& codes) {
    codes = codes.to(at::kFloat8_e5m2);
  };
  EXPECT_THAT(LoadWith(kDown, edit), IsError(absl::StatusCode::kInvalidArgument,
                                             "is stored as F8_E5M2"));
}

TEST_F(EditedFp8Checkpoint, ConfigMustTellTheBlocks) {
  Json config = *ParseJson(*ReadFile(JoinPath(kFp8, "config.json")));
  config.Set("quantization_config", Json());
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory_.File("config.json"), WriteJson(config)));
  EXPECT_THAT(LoadUntouched(), IsError(absl::StatusCode::kInvalidArgument,
                                       "config.json has no blocks of float8"));
}

// A name, a shape or a code may become another one; the model is still whole
// or refused.
TEST_F(EditedFp8Checkpoint, RandomEditsOfTheFileAreHarmless) {
  LIMBECK_ASSERT_OK(LoadUntouched());
  const std::string path = directory_.File("model.safetensors");
  const std::string whole = *ReadFile(path);
  const size_t header = whole.find("}}") + 2;
  int loaded = 0;
  const auto load = [&](const std::string& bytes) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, bytes));
    loaded += LoadCheckpoint(directory_.path()).ok();
  };
  ForEachMutation(whole, 100, /*key=*/5, load);
  // Half of the file is header: damage there is met more often alone.
  ForEachMutation(
      whole.substr(0, header), 300, /*key=*/6,
      [&](const std::string& edited) { load(edited + whole.substr(header)); });
  EXPECT_LT(loaded, 100);
}

TEST_F(EditedFp8Checkpoint, EveryCutIsAnError) {
  LIMBECK_ASSERT_OK(LoadUntouched());
  const std::string path = directory_.File("model.safetensors");
  const std::string whole = *ReadFile(path);
  for (size_t size = 0; size < whole.size(); size += 97) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, whole.substr(0, size)));
    EXPECT_FALSE(LoadCheckpoint(directory_.path()).ok()) << size << " bytes";
  }
}

}  // namespace
}  // namespace limbeck
