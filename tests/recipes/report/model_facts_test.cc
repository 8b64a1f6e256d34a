#include "recipes/report/model_facts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/recipes/report/example_files.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck::report {
namespace {

constexpr char kIndexName[] = "model.safetensors.index.json";

std::string OneTensor(const std::string& shape) {
  return SafetensorsBytes(absl::StrCat("{\"w\":{\"shape\":", shape, "}}"));
}

TEST(ModelFacts, CountsParametersFromTheHeader) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteExampleCheckpoint(directory.path()));
  ModelFacts facts;
  LIMBECK_ASSERT_OK(ReadCheckpointFacts(directory.path(), &facts));
  EXPECT_EQ(facts.parameters, kExampleParameters);
  EXPECT_EQ(facts.architecture,
            "llama, 2 layers, width 8, 2 heads, 1 key/value heads, "
            "vocabulary 16");
}

TEST(ModelFacts, NamesWhatNotEveryModelHas) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("config.json"), R"({
    "model_type": "deepseek_v3", "num_hidden_layers": 2, "hidden_size": 8,
    "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 16,
    "intermediate_size": 8, "max_position_embeddings": 64, "q_lora_rank": null,
    "kv_lora_rank": 6, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2,
    "v_head_dim": 4, "n_routed_experts": 8, "num_experts_per_tok": 3,
    "n_group": 2, "topk_group": 1, "moe_intermediate_size": 4,
    "first_k_dense_replace": 1, "routed_scaling_factor": 1,
    "rms_norm_eps": 1e-6,
    "rope_scaling": {"type": "linear", "factor": 2.5}})"));
  ModelFacts facts;
  LIMBECK_ASSERT_OK(ReadCheckpointFacts(directory.path(), &facts));
  EXPECT_EQ(facts.architecture,
            "deepseek_v3, 2 layers, width 8, 2 heads, 2 key/value heads, "
            "vocabulary 16, latent attention of 6, 8 experts, 3 for each "
            "token, linear RoPE by 2.5");
}

TEST(ModelFacts, FactorsOfFloat8BlocksAreNoParameters) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory.File("model.safetensors"),
                          SafetensorsBytes(R"({"w":{"shape":[4,5]},
                           "w_scale_inv":{"shape":[2,3]}})")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const uint64_t count,
                               CountParameters(directory.path()));
  EXPECT_EQ(count, 20u);
}

TEST(ModelFacts, AbsentFilesAreUnknown) {
  const TemporaryDirectory directory;
  ModelFacts facts;
  LIMBECK_ASSERT_OK(ReadCheckpointFacts(directory.File("nowhere"), &facts));
  EXPECT_EQ(facts.parameters, 0u);
  EXPECT_EQ(facts.architecture, "");
}

TEST(ModelFacts, SumsTheFilesOfAnIndex) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      directory.File(kIndexName),
      R"({"weight_map":{"a":"1.safetensors","b":"1.safetensors",
                        "c":"2.safetensors"}})"));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory.File("1.safetensors"), OneTensor("[3,4]")));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory.File("2.safetensors"), OneTensor("[]")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const uint64_t count,
                               CountParameters(directory.path()));
  EXPECT_EQ(count, 13u);
}

TEST(ModelFacts, AnIndexStaysInItsFolder) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(directory.File(kIndexName),
                          R"({"weight_map":{"a":"../1.safetensors"}})"));
  EXPECT_THAT(CountParameters(directory.path()),
              IsError(absl::StatusCode::kDataLoss, "no file of this folder"));
}

TEST(ModelFacts, ImpossibleShapesAreErrors) {
  const TemporaryDirectory directory;
  for (const char* shape :
       {"[-1]", "[1.5]", "\"3\"", "[4294967296,4294967296]"}) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("model.safetensors"),
                                          OneTensor(shape)));
    EXPECT_THAT(CountParameters(directory.path()),
                IsError(absl::StatusCode::kDataLoss, "tensor 'w'"))
        << shape;
  }
}

TEST(ModelFacts, EveryCutIsAnError) {
  const TemporaryDirectory directory(TemporaryPlace::kMemory);
  const std::string path = directory.File("model.safetensors");
  ForEachCut(OneTensor("[3,4]"), [&](const std::string& cut, size_t size) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, cut));
    EXPECT_EQ(CountParameters(directory.path()).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  });
}

TEST(ModelFacts, DamageNeverCrashes) {
  const TemporaryDirectory directory(TemporaryPlace::kMemory);
  const std::string path = directory.File("model.safetensors");
  ForEachMutation(OneTensor("[3,4]"), 500, 11, [&](const std::string& bytes) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, bytes));
    const auto count = CountParameters(directory.path());
    if (!count.ok()) {
      EXPECT_FALSE(count.status().message().empty());
    }
  });
}

TEST(Licences, AreThoseOfAllAncestors) {
  Recipe recipe;
  for (const auto& [name, licence] :
       {std::pair("teacher", "MIT"), std::pair("base", "")}) {
    recipe.add_models()->set_name(name);
    if (*licence != '\0') {
      recipe.mutable_models(recipe.models_size() - 1)->set_licence(licence);
    }
  }
  StageEntry* traces = recipe.add_stages();
  traces->set_name("traces");
  traces->add_inputs("teacher");
  StageEntry* student = recipe.add_stages();
  student->set_name("student");
  student->add_inputs("traces");
  student->add_inputs("base");
  student->add_inputs("traces");
  EXPECT_EQ(LicencesOf(recipe, "student"), "teacher: MIT, base: not stated");
  EXPECT_EQ(LicencesOf(recipe, "base"), "base: not stated");
}

}  // namespace
}  // namespace limbeck::report
