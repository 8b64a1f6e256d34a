// Shards, their index, and conversion from one layout and format to another.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "student/checkpoint/checkpoint.h"
#include "student/checkpoint/convert.h"
#include "student/checkpoint/safetensors.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

constexpr char kIndexName[] = "model.safetensors.index.json";

class CheckpointShards : public ::testing::Test {
 protected:
  void Save(uint64_t shard_bytes) {
    SaveOptions options;
    options.shard_bytes = shard_bytes;
    LIMBECK_ASSERT_OK(SaveCheckpoint(model_, options, path_));
  }

  std::string IndexPath() const { return JoinPath(path_, kIndexName); }

  // Loads with an edited index.
  absl::Status LoadWith(const Json& index) {
    const absl::Status written =
        WriteFileAtomically(IndexPath(), WriteJson(index));
    if (!written.ok()) return written;
    return LoadCheckpoint(path_).status();
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("model");
  const Model model_ = TinyModel(TinyConfig());
};

TEST_F(CheckpointShards, LayoutIsThatOfTransformers) {
  Save(4000);
  const Json index = *ParseJson(*ReadFile(IndexPath()));
  const Json* map = index.Find("weight_map");
  std::vector<std::string> files;
  const std::vector<std::string> names = *ListDirectory(path_);
  for (const std::string& name : names) {
    if (name.ends_with(".safetensors")) files.push_back(name);
  }
  ASSERT_GT(files.size(), 2u);
  int64_t total = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i], absl::StrCat("model-0000", i + 1, "-of-0000",
                                     files.size(), ".safetensors"));
    const SafetensorsFile file =
        *SafetensorsFile::Open(JoinPath(path_, files[i]));
    size_t bytes = 0;
    for (const SafetensorsEntry& entry : file.entries()) {
      EXPECT_EQ(map->Find(entry.name)->string(), files[i]);
      bytes += file.Bytes(entry).size();
    }
    EXPECT_TRUE(bytes <= 4000 || file.entries().size() == 1) << files[i];
    total += static_cast<int64_t>(bytes);
  }
  const Json* metadata = index.Find("metadata");
  EXPECT_EQ(*metadata->GetInt("total_size"), total);
  EXPECT_EQ(*metadata->GetInt("total_parameters"),
            model_.config.NumParameters());
}

TEST_F(CheckpointShards, WhatFitsIsOneFile) {
  Save(1 << 20);
  EXPECT_TRUE(FileExists(JoinPath(path_, "model.safetensors")));
  EXPECT_FALSE(FileExists(IndexPath()));
}

TEST_F(CheckpointShards, ThereAndBackKeepsEveryByte) {
  Save(0);
  const std::string before = *ReadFile(JoinPath(path_, "model.safetensors"));
  const std::string sharded = directory_.File("sharded");
  const std::string single = directory_.File("single");
  SaveOptions options;
  options.shard_bytes = 3000;
  LIMBECK_ASSERT_OK(ConvertCheckpoint(path_, std::nullopt, options, sharded));
  EXPECT_TRUE(FileExists(JoinPath(sharded, kIndexName)));
  EXPECT_EQ(*CheckpointDigest(sharded), *CheckpointDigest(path_));
  LIMBECK_ASSERT_OK(
      ConvertCheckpoint(sharded, std::nullopt, SaveOptions{}, single));
  EXPECT_EQ(*ReadFile(JoinPath(single, "model.safetensors")), before);
  EXPECT_EQ(*ReadFile(JoinPath(single, "config.json")),
            *ReadFile(JoinPath(path_, "config.json")));
}

TEST_F(CheckpointShards, TensorThatItsFileLacksIsNamed) {
  Save(4000);
  Json index = *ParseJson(*ReadFile(IndexPath()));
  Json map = *index.Find("weight_map");
  const std::string file = map.object()[0].second.string();
  map.Set("model.extra.weight", file);
  index.Set("weight_map", map);
  EXPECT_THAT(
      LoadWith(index),
      IsError(absl::StatusCode::kDataLoss,
              absl::StrCat("model.safetensors.index.json: weight_map and "
                           "files disagree; not where it says: 1 tensor "
                           "(model.extra.weight in ",
                           file, ")")));
}

TEST_F(CheckpointShards, TensorThatTheIndexLacksIsNamed) {
  Save(4000);
  Json index = *ParseJson(*ReadFile(IndexPath()));
  Json map = *index.Find("weight_map");
  std::erase_if(map.object(), [](const JsonMember& member) {
    return member.first == "model.norm.weight";
  });
  index.Set("weight_map", map);
  EXPECT_THAT(LoadWith(index),
              IsError(absl::StatusCode::kDataLoss,
                      "not in it: 1 tensor (model.norm.weight of model-"));
}

TEST_F(CheckpointShards, AnotherTotalSizeIsOnlyRemarked) {
  Save(4000);
  Json index = *ParseJson(*ReadFile(IndexPath()));
  Json metadata = Json::Object();
  metadata.Set("total_size", 7);
  index.Set("metadata", metadata);
  LIMBECK_ASSERT_OK(LoadWith(index));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Conversion conversion,
      ConvertCheckpoint(path_, std::nullopt, {}, directory_.File("other")));
  EXPECT_THAT(conversion.remarks,
              ::testing::ElementsAre(::testing::HasSubstr("total_size is 7")));
}

TEST_F(CheckpointShards, OneFileComesBeforeAnIndex) {
  Save(0);
  LIMBECK_ASSERT_OK(WriteFileAtomically(IndexPath(), "{"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Conversion conversion,
      ConvertCheckpoint(path_, std::nullopt, {}, directory_.File("other")));
  EXPECT_THAT(conversion.remarks,
              ::testing::ElementsAre(::testing::HasSubstr("not read")));
}

TEST_F(CheckpointShards, MissingShardIsNamed) {
  Save(4000);
  LIMBECK_ASSERT_OK(RemoveTree(JoinPath(path_, ParseJson(*ReadFile(IndexPath()))
                                                   ->Find("weight_map")
                                                   ->object()[0]
                                                   .second.string())));
  EXPECT_THAT(LoadCheckpoint(path_),
              IsError(absl::StatusCode::kNotFound, "model-0000"));
}

TEST_F(CheckpointShards, ProgressEndsAtTheTotal) {
  SaveOptions options;
  options.shard_bytes = 4000;
  uint64_t last = 0;
  uint64_t all = 0;
  options.progress = [&](uint64_t done, uint64_t total) {
    EXPECT_GT(done, last);
    last = done;
    all = total;
  };
  LIMBECK_ASSERT_OK(SaveCheckpoint(model_, options, path_));
  EXPECT_GT(last, 0u);
  EXPECT_EQ(last, all);
}

// A model with one strange weight, stored as `dtype`.
absl::StatusOr<Conversion> ConvertWith(float value, at::ScalarType dtype) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  Model model = *MakeModel(TinyConfig(), at::kFloat);
  model.weights.final_norm[3] = value;
  const std::string path = directory.File("model");
  const absl::Status saved = SaveCheckpoint(model, {}, path);
  if (!saved.ok()) return saved;
  return ConvertCheckpoint(path, dtype, {}, directory.File("converted"));
}

TEST(Conversion, WhatIsHeldExactlyIsNoLoss) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const Conversion conversion,
                                 ConvertWith(1.5f, dtype));
    EXPECT_EQ(CastLossText(conversion.loss), "");
    EXPECT_EQ(conversion.loss.values, conversion.config.NumParameters());
  }
  EXPECT_EQ(ConvertWith(INFINITY, at::kHalf)->loss.rounded, 0);
  EXPECT_EQ(ConvertWith(NAN, at::kHalf)->loss.rounded, 0);
}

TEST(Conversion, RoundedValuesAreCounted) {
  // Between 1 and 1 + 2^-7, the next number of bfloat16.
  const Conversion rounded = *ConvertWith(1.0f + 0x1p-9f, at::kBFloat16);
  EXPECT_EQ(rounded.loss.rounded, 1);
  EXPECT_EQ(rounded.loss.vanished, 0);
  EXPECT_DOUBLE_EQ(rounded.loss.largest_relative_error, 0x1p-9 / (1 + 0x1p-9));
  const Conversion vanished = *ConvertWith(1e-9f, at::kHalf);
  EXPECT_EQ(vanished.loss.vanished, 1);
  EXPECT_THAT(CastLossText(vanished.loss),
              ::testing::EndsWith("values were rounded (1 to zero), the "
                                  "largest relative error is 1 in "
                                  "model.norm.weight"));
}

TEST(Conversion, OverflowIsAnErrorWithItsPlace) {
  EXPECT_THAT(ConvertWith(70000.0f, at::kHalf),
              IsError(absl::StatusCode::kOutOfRange,
                      "weight \"model.norm.weight\" is 70000 at element 3, "
                      "more than float16 can hold"));
  LIMBECK_EXPECT_OK(ConvertWith(70000.0f, at::kBFloat16));
  Model model = *MakeModel(TinyConfig(), at::kFloat);
  model.weights.final_norm[3] = -70000.0f;
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  EXPECT_THAT(
      SaveCheckpoint(model, {.dtype = at::kHalf}, directory.File("model")),
      IsError(absl::StatusCode::kOutOfRange, "-70000"));
  EXPECT_TRUE(ListDirectory(directory.path())->empty());
}

TEST(Conversion, ValuesThatAreNotFiniteAreRemarked) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    for (const float value : {INFINITY, -INFINITY, NAN}) {
      const Conversion conversion = *ConvertWith(value, dtype);
      EXPECT_EQ(conversion.loss.not_finite, 1);
      EXPECT_THAT(conversion.remarks,
                  ::testing::ElementsAre(absl::StrCat(
                      "1 of ", conversion.config.NumParameters(),
                      " values are not finite (NaN or infinite), the first in "
                      "model.norm.weight; they are kept")));
    }
    EXPECT_TRUE(ConvertWith(3e4f, dtype)->remarks.empty());
  }
}

// Of every format the bits are looked at, the stored ones as they are.
TEST(Conversion, ValuesThatAreNotFiniteAreCountedInEveryFormat) {
  for (const at::ScalarType dtype :
       {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf}) {
    const at::Tensor from =
        at::tensor({1.0f, NAN, -0.0f, -INFINITY, 65504.0f, INFINITY})
            .to(dtype)
            .nan_to_num(NAN, INFINITY, -INFINITY);
    at::Tensor out = at::empty_like(from);
    CastLoss loss;
    LIMBECK_ASSERT_OK(CastElements(from, "w", 0, out, loss));
    EXPECT_EQ(loss.not_finite, 3) << c10::toString(dtype);
    EXPECT_EQ(loss.first_not_finite, "w");
  }
}

class DoubleCheckpoint : public ::testing::Test {
 protected:
  // The plain model with all weights in float64, its norm beginning with these.
  void Write(double first, double second) {
    LIMBECK_ASSERT_OK(SaveCheckpoint(TinyModel(TinyConfig()), {}, path_));
    const std::string file = JoinPath(path_, "model.safetensors");
    std::vector<std::pair<std::string, at::Tensor>> tensors;
    {
      const SafetensorsFile stored = *SafetensorsFile::Open(file);
      for (const std::string& name : stored.names()) {
        tensors.emplace_back(name, stored.Get(name)->to(at::kDouble));
      }
    }
    for (auto& [name, values] : tensors) {
      if (name != "model.norm.weight") continue;
      values[0] = first;
      values[1] = second;
    }
    count_ = tensors.size();
    LIMBECK_ASSERT_OK(WriteSafetensors(file, tensors));
    Json config = *ParseJson(*ReadFile(JoinPath(path_, "config.json")));
    config.Set("dtype", "float64");
    config.Set("torch_dtype", "float64");
    LIMBECK_ASSERT_OK(
        WriteFileAtomically(JoinPath(path_, "config.json"), WriteJson(config)));
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("model");
  size_t count_ = 0;
};

TEST_F(DoubleCheckpoint, IsReadAsFloat32) {
  Write(0.1, 1.0 + 0x1p-30);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model, LoadCheckpoint(path_));
  EXPECT_EQ(model.config.dtype, "float32");
  EXPECT_EQ(model.weights.final_norm[0].item<float>(), 0.1f);
  EXPECT_EQ(model.weights.final_norm[1].item<float>(), 1.0f);
  const Model expected = TinyModel(TinyConfig());
  EXPECT_TRUE(at::equal(model.weights.embedding, expected.weights.embedding));
}

TEST_F(DoubleCheckpoint, ConversionTellsWhatIsLost) {
  Write(0.1, 1.0);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Conversion conversion,
      ConvertCheckpoint(path_, std::nullopt, {}, directory_.File("to")));
  EXPECT_EQ(conversion.config.dtype, "float32");
  EXPECT_EQ(conversion.loss.rounded, 1);
  EXPECT_EQ(conversion.loss.worst, "model.norm.weight");
  EXPECT_THAT(conversion.remarks,
              ::testing::ElementsAre(
                  absl::StrCat(count_,
                               " weights are stored as float64 and read as "
                               "float32")));
  Write(1e300, 1.0);
  EXPECT_THAT(
      ConvertCheckpoint(path_, std::nullopt, {}, directory_.File("to2")),
      IsError(absl::StatusCode::kOutOfRange,
              "is 1e+300 at element 0, more than float32 can hold"));
}

// Computed by hand from the definition; ids of old artefacts depend on it.
TEST(CheckpointDigest, KnownValue) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  LIMBECK_ASSERT_OK(WriteSafetensors(directory.File("model.safetensors"),
                                     {{"b", at::ones({1, 1}, at::kBFloat16)},
                                      {"x.rotary_emb.inv_freq", at::ones({4})},
                                      {"a", at::tensor({1.0f, -2.5f})}}));
  EXPECT_EQ(*CheckpointDigest(directory.path()),
            "a6d6614e46a2b3427e64f7a268b7ce408f422d9831189d1e349f9c1b5ffce26a");
}

}  // namespace
}  // namespace limbeck
