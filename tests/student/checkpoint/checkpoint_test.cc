// Checkpoint folders: round trips, shards, and what is refused.
#include "student/checkpoint/checkpoint.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "data/base/file.h"
#include "student/checkpoint/safetensors.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Content of every file of a folder, by name.
std::vector<std::pair<std::string, std::string>> Contents(
    const std::string& directory) {
  std::vector<std::pair<std::string, std::string>> files;
  const std::vector<std::string> names = *ListDirectory(directory);
  for (const std::string& name : names) {
    files.emplace_back(name, *ReadFile(JoinPath(directory, name)));
  }
  return files;
}

NamedTensors TensorsOf(const std::string& directory) {
  const SafetensorsFile file =
      *SafetensorsFile::Open(JoinPath(directory, "model.safetensors"));
  NamedTensors tensors;
  for (const std::string& name : file.names()) {
    tensors.emplace_back(name, file.Get(name)->clone());
  }
  return tensors;
}

class Checkpoint : public ::testing::Test {
 protected:
  // A saved model of the plain variant.
  std::string Saved() {
    const std::string path = directory_.File("model");
    EXPECT_THAT(SaveCheckpoint(TinyModel(TinyConfig()), {}, path), IsOk());
    return path;
  }

  // Saves, edits the list of tensors, and loads what came of it.
  absl::Status LoadEdited(const std::function<void(NamedTensors&)>& edit) {
    const std::string path = Saved();
    NamedTensors tensors = TensorsOf(path);
    edit(tensors);
    const absl::Status written =
        WriteSafetensors(JoinPath(path, "model.safetensors"), tensors);
    if (!written.ok()) return written;
    return LoadCheckpoint(path).status();
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
};

class CheckpointVariants : public ::testing::TestWithParam<ModelVariant> {};

INSTANTIATE_TEST_SUITE_P(Variants, CheckpointVariants,
                         ::testing::ValuesIn(TinyVariants()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(CheckpointVariants, RoundTripKeepsEveryByte) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  const Model model = TinyModel(GetParam().config);
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    const std::string first = directory.File("first");
    const std::string second = directory.File("second");
    LIMBECK_ASSERT_OK(SaveCheckpoint(model, {.dtype = dtype}, first));
    LIMBECK_ASSERT_OK_AND_ASSIGN(const Model read, LoadCheckpoint(first));
    EXPECT_EQ(read.groups.front().flat.scalar_type(), dtype);
    for (size_t g = 0; g < model.groups.size(); ++g) {
      EXPECT_TRUE(
          at::equal(read.groups[g].flat, model.groups[g].flat.to(dtype)));
    }
    LIMBECK_ASSERT_OK(SaveCheckpoint(read, {.dtype = dtype}, second));
    EXPECT_EQ(Contents(first), Contents(second));
  }
}

TEST_P(CheckpointVariants, NamesAreThoseOfHuggingFace) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  const ModelConfig& config = GetParam().config;
  LIMBECK_ASSERT_OK(
      SaveCheckpoint(TinyModel(config), {}, directory.File("model")));
  std::vector<std::string> names;
  for (const auto& [name, tensor] : TensorsOf(directory.File("model"))) {
    names.push_back(name);
  }
  const auto has = [&](const std::string& name) {
    return std::count(names.begin(), names.end(), name) == 1;
  };
  EXPECT_EQ(has("lm_head.weight"), !config.tied_head);
  EXPECT_EQ(has("model.layers.0.self_attn.q_proj.bias"), config.qkv_bias);
  for (const char* name : {"model.embed_tokens.weight", "model.norm.weight",
                           "model.layers.0.input_layernorm.weight",
                           "model.layers.0.self_attn.q_proj.weight",
                           "model.layers.0.self_attn.k_proj.weight",
                           "model.layers.0.self_attn.v_proj.weight",
                           "model.layers.0.self_attn.o_proj.weight",
                           "model.layers.0.post_attention_layernorm.weight",
                           "model.layers.0.mlp.gate_proj.weight",
                           "model.layers.0.mlp.up_proj.weight",
                           "model.layers.0.mlp.down_proj.weight"}) {
    EXPECT_TRUE(has(name)) << name;
  }
}

TEST_F(Checkpoint, DtypeOnRequest) {
  const std::string path = Saved();
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model,
                               LoadCheckpoint(path, at::kBFloat16));
  EXPECT_EQ(model.weights.embedding.scalar_type(), at::kBFloat16);
  EXPECT_EQ(model.config.dtype, "float32");
}

TEST_F(Checkpoint, ShardsWithAnIndex) {
  const std::string path = Saved();
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string whole, CheckpointDigest(path));
  const Model expected = *LoadCheckpoint(path);
  const NamedTensors tensors = TensorsOf(path);
  Json map = Json::Object();
  for (int shard = 0; shard < 2; ++shard) {
    const std::string name = "model-" + std::to_string(shard) + ".safetensors";
    NamedTensors part;
    for (size_t i = static_cast<size_t>(shard); i < tensors.size(); i += 2) {
      part.push_back(tensors[i]);
      map.Set(tensors[i].first, name);
    }
    LIMBECK_ASSERT_OK(WriteSafetensors(JoinPath(path, name), part));
  }
  Json index = Json::Object();
  index.Set("weight_map", std::move(map));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      JoinPath(path, "model.safetensors.index.json"), WriteJson(index)));
  LIMBECK_ASSERT_OK(RemoveTree(JoinPath(path, "model.safetensors")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model, LoadCheckpoint(path));
  EXPECT_TRUE(at::equal(model.groups[1].flat, expected.groups[1].flat));
  EXPECT_EQ(*CheckpointDigest(path), whole);
}

TEST_F(Checkpoint, IndexMayNotLeaveTheFolder) {
  const std::string path = Saved();
  LIMBECK_ASSERT_OK(RemoveTree(JoinPath(path, "model.safetensors")));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(JoinPath(path, "model.safetensors.index.json"),
                          R"({"weight_map":{"x":"../x.safetensors"}})"));
  EXPECT_THAT(LoadCheckpoint(path),
              IsError(absl::StatusCode::kDataLoss, "same folder"));
}

TEST_F(Checkpoint, MissingTensorIsNamed) {
  EXPECT_THAT(LoadEdited([](NamedTensors& tensors) {
                for (auto& [name, tensor] : tensors) {
                  if (name == "model.norm.weight") name = "model.norm.other";
                }
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "1 missing: \"model.norm.weight\" [16]; 1 without a "
                      "place: \"model.norm.other\" [16] in "
                      "model.safetensors"));
}

TEST_F(Checkpoint, ExtraTensorIsNamed) {
  EXPECT_THAT(LoadEdited([](NamedTensors& tensors) {
                tensors.emplace_back("model.layers.0.self_attn.q_norm.weight",
                                     at::ones({8}));
              }),
              IsError(absl::StatusCode::kInvalidArgument, "q_norm.weight"));
}

TEST_F(Checkpoint, FrequenciesOfOldFilesAreIgnored) {
  LIMBECK_EXPECT_OK(LoadEdited([](NamedTensors& tensors) {
    tensors.emplace_back("model.layers.0.self_attn.rotary_emb.inv_freq",
                         at::ones({4}));
  }));
}

TEST_F(Checkpoint, WrongShapeNamesBoth) {
  EXPECT_THAT(LoadEdited([](NamedTensors& tensors) {
                for (auto& [name, tensor] : tensors) {
                  if (name == "model.layers.1.mlp.up_proj.weight") {
                    tensor = tensor.t().contiguous();
                  }
                }
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "\"model.layers.1.mlp.up_proj.weight\" is [16, 24] in "
                      "model.safetensors and [24, 16] by config.json"));
}

TEST_F(Checkpoint, IntegerWeightsAreRefused) {
  EXPECT_THAT(LoadEdited([](NamedTensors& tensors) {
                tensors[0].second = tensors[0].second.to(at::kInt);
              }),
              IsError(absl::StatusCode::kInvalidArgument, "stored as I32"));
}

TEST_F(Checkpoint, MixedFormatsTakeTheOneThatHoldsAll) {
  LIMBECK_ASSERT_OK(LoadEdited([](NamedTensors& tensors) {
    tensors[0].second = tensors[0].second.to(at::kBFloat16);
    tensors[1].second = tensors[1].second.to(at::kHalf);
  }));
  const Model model = *LoadCheckpoint(directory_.File("model"));
  EXPECT_EQ(model.config.dtype, "float32");
}

TEST_F(Checkpoint, TiedHeadMustEqualTheEmbedding) {
  ModelConfig config = TinyConfig();
  config.tied_head = true;
  const std::string path = directory_.File("tied");
  LIMBECK_ASSERT_OK(SaveCheckpoint(TinyModel(config), {}, path));
  NamedTensors tensors = TensorsOf(path);
  const at::Tensor embedding = tensors[0].second;
  ASSERT_EQ(tensors[0].first, "model.embed_tokens.weight");
  tensors.emplace_back("lm_head.weight", embedding.clone());
  const std::string file = JoinPath(path, "model.safetensors");
  LIMBECK_ASSERT_OK(WriteSafetensors(file, tensors));
  LIMBECK_EXPECT_OK(LoadCheckpoint(path));
  tensors.back().second[0][0] += 1.0;
  LIMBECK_ASSERT_OK(WriteSafetensors(file, tensors));
  EXPECT_THAT(LoadCheckpoint(path),
              IsError(absl::StatusCode::kInvalidArgument, "lm_head.weight"));
}

TEST_F(Checkpoint, TiedHeadMayBeStoredInAnotherFormat) {
  ModelConfig config = TinyConfig();
  config.tied_head = true;
  const std::string path = directory_.File("tied");
  LIMBECK_ASSERT_OK(
      SaveCheckpoint(TinyModel(config), {.dtype = at::kBFloat16}, path));
  NamedTensors tensors = TensorsOf(path);
  const at::Tensor embedding = tensors[0].second;
  const std::string file = JoinPath(path, "model.safetensors");
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    tensors.emplace_back("lm_head.weight", embedding.to(dtype));
    LIMBECK_ASSERT_OK(WriteSafetensors(file, tensors));
    LIMBECK_EXPECT_OK(LoadCheckpoint(path));
    tensors.back().second[2][3] = 0.75;
    tensors[0].second[2][3] = 0.5;
    LIMBECK_ASSERT_OK(WriteSafetensors(file, tensors));
    const std::string place = "in row 2, column 3: 0.75 and 0.5";
    EXPECT_THAT(LoadCheckpoint(path),
                IsError(absl::StatusCode::kInvalidArgument, place));
    const std::string names = dtype == at::kFloat ? "(F32 [" : "(F64 [";
    EXPECT_THAT(
        LoadCheckpoint(path).status().message(),
        ::testing::AllOf(::testing::HasSubstr("lm_head.weight " + names),
                         ::testing::HasSubstr("embed_tokens.weight (BF16 [")));
    tensors.pop_back();
  }
  tensors.emplace_back("lm_head.weight", embedding.to(at::kInt));
  LIMBECK_ASSERT_OK(WriteSafetensors(file, tensors));
  EXPECT_THAT(LoadCheckpoint(path),
              IsError(absl::StatusCode::kInvalidArgument, "(I32 ["));
  tensors.back().second = embedding.narrow(0, 1, 3).clone();
  LIMBECK_ASSERT_OK(WriteSafetensors(file, tensors));
  EXPECT_THAT(LoadCheckpoint(path),
              IsError(absl::StatusCode::kInvalidArgument, "in its shape"));
}

TEST_F(Checkpoint, HugeConfigDoesNotAllocate) {
  const std::string path = Saved();
  LIMBECK_ASSERT_OK_AND_ASSIGN(ModelConfig config, ReadModelConfig(path));
  config.hidden_size = 1 << 20;
  config.intermediate_size = 1 << 20;
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(path, "config.json"),
                                        WriteJson(ConfigToJson(config))));
  EXPECT_THAT(LoadCheckpoint(path),
              IsError(absl::StatusCode::kInvalidArgument, "of another shape"));
}

TEST_F(Checkpoint, TokenizerFilesTravelAlong) {
  const std::string tokenizer = directory_.File("tokenizer");
  LIMBECK_ASSERT_OK(MakeDirectories(tokenizer));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(JoinPath(tokenizer, "tokenizer.json"), "{}"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(tokenizer, "notes"), "x"));
  const std::string path = directory_.File("model");
  const Model model = TinyModel(TinyConfig());
  LIMBECK_ASSERT_OK(
      SaveCheckpoint(model, {.tokenizer_directory = tokenizer}, path));
  // Again over the existing folder, with itself as the source.
  LIMBECK_ASSERT_OK(SaveCheckpoint(model, {.tokenizer_directory = path}, path));
  EXPECT_THAT(*ListDirectory(path),
              ::testing::ElementsAre("config.json", "generation_config.json",
                                     "model.safetensors", "tokenizer.json"));
  EXPECT_THAT(*ListDirectory(directory_.path()),
              ::testing::ElementsAre("model", "tokenizer"));
}

TEST_F(Checkpoint, FailedSaveLeavesTheOldFolder) {
  const std::string path = Saved();
  const auto before = Contents(path);
  EXPECT_THAT(
      SaveCheckpoint(TinyModel(TinyConfig(), 9),
                     {.tokenizer_directory = directory_.File("nowhere")}, path),
      IsError(absl::StatusCode::kNotFound, "nowhere"));
  EXPECT_EQ(Contents(path), before);
  EXPECT_THAT(*ListDirectory(directory_.path()),
              ::testing::ElementsAre("model"));
}

TEST_F(Checkpoint, FullDiskLeavesTheOldFolder) {
  const std::string path = Saved();
  const auto before = Contents(path);
  const Model other = TinyModel(TinyConfig(), 9);
  // config.json fits, the weights do not.
  const absl::Status status = RunWithFileSizeLimit(
      4096, [&] { return SaveCheckpoint(other, {}, path); });
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("model.safetensors"), std::string::npos)
      << status.ToString();
  EXPECT_EQ(Contents(path), before);
  EXPECT_THAT(*ListDirectory(directory_.path()),
              ::testing::ElementsAre("model"));
}

TEST_F(Checkpoint, TrailingSlashMeansNothing) {
  const std::string path = directory_.File("model");
  for (int i = 0; i < 2; ++i) {
    LIMBECK_ASSERT_OK(SaveCheckpoint(TinyModel(TinyConfig()), {}, path + "/"));
    EXPECT_THAT(*ListDirectory(directory_.path()),
                ::testing::ElementsAre("model"));
    EXPECT_THAT(*ListDirectory(path),
                ::testing::ElementsAre("config.json", "generation_config.json",
                                       "model.safetensors"));
  }
}

// What a killed save left behind is in nobody's way.
TEST_F(Checkpoint, LeftoversOfAKilledSaveAreReplaced) {
  const std::string path = directory_.File("model");
  const std::string leftover = path + std::string(kTemporarySuffix);
  LIMBECK_ASSERT_OK(MakeDirectories(leftover));
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(leftover, "junk"), "x"));
  Saved();
  EXPECT_THAT(*ListDirectory(directory_.path()),
              ::testing::ElementsAre("model"));
  EXPECT_THAT(*ListDirectory(path),
              ::testing::ElementsAre("config.json", "generation_config.json",
                                     "model.safetensors"));
}

TEST_F(Checkpoint, DigestFollowsTheWeights) {
  const std::string first = directory_.File("first");
  const std::string second = directory_.File("second");
  Model model = TinyModel(TinyConfig());
  LIMBECK_ASSERT_OK(SaveCheckpoint(model, {}, first));
  model.groups[1].flat[5] += 1e-3;
  LIMBECK_ASSERT_OK(SaveCheckpoint(model, {}, second));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string digest,
                               CheckpointDigest(first));
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(*CheckpointDigest(first), digest);
  EXPECT_NE(*CheckpointDigest(second), digest);
}

}  // namespace
}  // namespace limbeck
