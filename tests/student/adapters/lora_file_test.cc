// Adapter folders: what is refused, by name, and damaged files.
#include "student/adapters/lora_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "data/base/file.h"
#include "data/base/json.h"
#include "student/adapters/lora_settings.h"
#include "student/checkpoint/safetensors.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

constexpr char kPlain[] = "tests/testdata/lora/plain";

Json PlainSettings() {
  return *ParseJson(*ReadFile(std::string(kPlain) + "/adapter_config.json"));
}

absl::Status ParseWith(const std::string& key, Json value) {
  Json json = PlainSettings();
  json.Set(key, std::move(value));
  return ParseLoraSettings(json).status();
}

struct Refused {
  std::string key;
  std::string value;  // JSON
  std::string text;
};

class RefusedSetting : public ::testing::TestWithParam<Refused> {};

INSTANTIATE_TEST_SUITE_P(
    Settings, RefusedSetting,
    ::testing::Values(
        Refused{"peft_type", "\"LOHA\"", "peft_type is \"LOHA\""},
        Refused{"lora_bias", "true", "lora_bias is true"},
        Refused{"fan_in_fan_out", "true", "fan_in_fan_out is true"},
        Refused{"layer_replication", "[[0,2]]", "layer_replication"},
        Refused{"megatron_config", "{\"a\":1}", "megatron_config"},
        Refused{"target_parameters", "[\"experts.gate_up_proj\"]",
                "target_parameters"},
        Refused{"alora_invocation_tokens", "[1]", "alora_invocation_tokens"},
        Refused{"trainable_token_indices", "[4]", "trainable_token_indices"},
        Refused{"kasa_config", "{\"beta\":1}", "kasa_config"},
        Refused{"a_setting_of_next_year", "1", "a_setting_of_next_year is 1"},
        Refused{"init_lora_weights", "\"pissa\"", "changes the base weights"},
        Refused{"init_lora_weights", "\"olora\"", "changes the base weights"},
        Refused{"bias", "\"some\"", "bias is \"some\""},
        Refused{"r", "0", "r is 0"}, Refused{"r", "\"8\"", "r"},
        Refused{"rank_pattern", "{\"q_proj\":1.5}", "rank_pattern"},
        Refused{"target_modules", "[3]", "target_modules holds 3"},
        Refused{"modules_to_save", "\"lm_head\"", "modules_to_save is"}),
    [](const auto& tested) {
      return tested.param.key + std::to_string(tested.index);
    });

TEST_P(RefusedSetting, NamesTheSetting) {
  const absl::Status status =
      ParseWith(GetParam().key, *ParseJson(GetParam().value));
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find(GetParam().text), absl::string_view::npos)
      << status;
}

TEST(LoraSettings, WhatChangesNoNumberIsTaken) {
  LIMBECK_EXPECT_OK(ParseWith("init_lora_weights", "eva"));
  LIMBECK_EXPECT_OK(ParseWith("init_lora_weights", "gaussian"));
  LIMBECK_EXPECT_OK(ParseWith("lora_dropout", 0.1));
  LIMBECK_EXPECT_OK(ParseWith("a_setting_of_next_year", false));
  LIMBECK_EXPECT_OK(ParseWith("peft_version", "99"));
}

TEST(LoraSettings, FirstPatternThatMatchesAnEndWins) {
  Json json = PlainSettings();
  json.Set("rank_pattern", *ParseJson(R"({"0\\.self_attn\\.q_proj": 2,
      "q_proj": 3, "^model\\.norm": 5, "proj": 6})"));
  json.Set("alpha_pattern", *ParseJson(R"({"self_attn\\..*": 32})"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const LoraSettings settings,
                               ParseLoraSettings(json));
  EXPECT_EQ(*RankOf(settings, "model.layers.0.self_attn.q_proj"), 2);
  EXPECT_EQ(*RankOf(settings, "model.layers.1.self_attn.q_proj"), 3);
  // "proj" is no whole last word.
  EXPECT_EQ(*RankOf(settings, "model.layers.1.self_attn.v_proj"), 4);
  EXPECT_EQ(*RankOf(settings, "model.norm"), 5);
  EXPECT_EQ(*ScaleOf(settings, "model.layers.1.self_attn.v_proj", 4), 8.0);
  EXPECT_EQ(*ScaleOf(settings, "model.layers.1.mlp.up_proj", 4), 2.0);
}

TEST(LoraSettings, RankStabilisedScaleDividesByTheRoot) {
  Json json = PlainSettings();
  json.Set("use_rslora", true);
  EXPECT_EQ(*ScaleOf(*ParseLoraSettings(json), "lm_head", 16), 2.0);
}

TEST(LoraSettings, TargetsAreEndsAfterADotOrOneWholeExpression) {
  Json json = PlainSettings();
  LoraSettings settings = *ParseLoraSettings(json);
  EXPECT_TRUE(*IsTarget(settings, "model.layers.0.self_attn.q_proj"));
  EXPECT_TRUE(*IsTarget(settings, "lm_head"));
  EXPECT_FALSE(*IsTarget(settings, "model.layers.0.self_attn.my_q_proj"));
  json.Set("target_modules", ".*q_proj");
  settings = *ParseLoraSettings(json);
  EXPECT_TRUE(*IsTarget(settings, "model.layers.0.self_attn.q_proj"));
  EXPECT_FALSE(*IsTarget(settings, "model.layers.0.self_attn.q_proj.x"));
  json.Set("target_modules", "all-linear");
  settings = *ParseLoraSettings(json);
  EXPECT_TRUE(*IsTarget(settings, "model.layers.0.mlp.up_proj"));
  EXPECT_FALSE(*IsTarget(settings, "lm_head"));
}

TEST(LoraSettings, PatternsAreBoundedAndMayBeWrong) {
  Json json = PlainSettings();
  json.Set("target_modules", "(a+)+$");
  LoraSettings settings = *ParseLoraSettings(json);
  EXPECT_THAT(IsTarget(settings, std::string(40, 'a') + "b"),
              IsError(absl::StatusCode::kInvalidArgument, "fails on the name"));
  json.Set("target_modules", "(unclosed");
  settings = *ParseLoraSettings(json);
  EXPECT_THAT(IsTarget(settings, "lm_head"),
              IsError(absl::StatusCode::kInvalidArgument, "is wrong at byte"));
}

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

class LoraFile : public ::testing::Test {
 protected:
  LoraFile() { EXPECT_THAT(MakeDirectories(path_), IsOk()); }

  absl::Status ReadEdited(const std::function<void(NamedTensors&)>& edit) {
    const SafetensorsFile file = *SafetensorsFile::Open(
        std::string(kPlain) + "/adapter_model.safetensors");
    NamedTensors tensors;
    for (const std::string& name : file.names()) {
      tensors.emplace_back(name, file.Get(name)->clone());
    }
    edit(tensors);
    EXPECT_THAT(WriteSafetensors(path_ + "/adapter_model.safetensors", tensors),
                IsOk());
    EXPECT_THAT(WriteFileAtomically(path_ + "/adapter_config.json",
                                    WriteJson(PlainSettings())),
                IsOk());
    return ReadLoraAdapter(path_).status();
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("adapter");
};

TEST_F(LoraFile, TensorsThatSettingsDoNotExplainAreRefused) {
  const std::string prefix = "base_model.model.model.layers.0.self_attn.";
  LIMBECK_EXPECT_OK(ReadEdited([](NamedTensors&) {}));
  EXPECT_THAT(ReadEdited([&](NamedTensors& tensors) {
                tensors.emplace_back(prefix + "k_proj.lora_A.weight",
                                     at::zeros({4, 24}));
                tensors.emplace_back(prefix + "k_proj.lora_B.weight",
                                     at::zeros({12, 4}));
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "self_attn.k_proj\" has tensors, but target_modules"));
  EXPECT_THAT(ReadEdited([&](NamedTensors& tensors) {
                tensors.emplace_back(prefix + "q_proj.lora_B.bias",
                                     at::zeros({24}));
              }),
              IsError(absl::StatusCode::kUnimplemented, "q_proj.lora_B.bias"));
  EXPECT_THAT(ReadEdited([&](NamedTensors& tensors) {
                tensors.emplace_back("model.x.lora_A.weight", at::zeros({4}));
              }),
              IsError(absl::StatusCode::kInvalidArgument, "does not begin"));
  EXPECT_THAT(ReadEdited([&](NamedTensors& tensors) {
                tensors.emplace_back(prefix + "q_proj.lora_magnitude_vector",
                                     at::zeros({24}));
              }),
              IsError(absl::StatusCode::kDataLoss, "use_dora is false"));
}

TEST_F(LoraFile, FactorsThatAreNoPairAreRefused) {
  EXPECT_THAT(ReadEdited([](NamedTensors& tensors) { tensors.pop_back(); }),
              IsError(absl::StatusCode::kDataLoss, "needs lora_A and lora_B"));
  EXPECT_THAT(ReadEdited([](NamedTensors& tensors) {
                tensors.back().second = at::zeros({12, 3});
              }),
              IsError(absl::StatusCode::kDataLoss, "[12, 3]"));
  EXPECT_THAT(ReadEdited([](NamedTensors& tensors) {
                const size_t last = tensors.size() - 1;
                tensors[last].second = at::zeros({12, 3});
                tensors[last - 1].second = at::zeros({3, 24});
              }),
              IsError(absl::StatusCode::kInvalidArgument,
                      "factors of rank 3, adapter_config.json gives it rank "
                      "4"));
  EXPECT_THAT(ReadEdited([](NamedTensors& tensors) {
                tensors.back().second[0][0] = std::nanf("");
              }),
              IsError(absl::StatusCode::kDataLoss, "not finite"));
  EXPECT_THAT(ReadEdited([](NamedTensors& tensors) {
                tensors.back().second = at::zeros({12, 4}, at::kLong);
              }),
              IsError(absl::StatusCode::kUnimplemented, "stored as"));
}

// What PEFT stores of a module in modules_to_save after a resize
// (testdata/lora/resized): copies that contradict each other are no adapter.
TEST_F(LoraFile, WrappedCopiesMustBeThoseOfTheModule) {
  const SafetensorsFile file = *SafetensorsFile::Open(
      "tests/testdata/lora/resized/adapter_model.safetensors");
  LIMBECK_ASSERT_OK(MakeDirectories(path_));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      path_ + "/adapter_config.json",
      *ReadFile("tests/testdata/lora/resized/adapter_config.json", 1 << 16)));
  const std::string head = "base_model.model.lm_head";
  const auto read = [&](const std::string& without, const std::string& name,
                        const at::Tensor& values) {
    NamedTensors tensors;
    for (const std::string& stored : file.names()) {
      if (stored == without || stored == name) continue;
      tensors.emplace_back(stored, file.Get(stored)->clone());
    }
    if (!name.empty()) tensors.emplace_back(name, values);
    EXPECT_THAT(WriteSafetensors(path_ + "/adapter_model.safetensors", tensors),
                IsOk());
    return ReadLoraAdapter(path_);
  };
  const at::Tensor copy = file.Get(head + ".weight")->clone();
  for (const char* without : {"", ".weight", ".modules_to_save.weight"}) {
    const auto adapter = read(head + without, "", {});
    LIMBECK_ASSERT_OK(adapter.status());
    EXPECT_EQ(adapter->saved.size(), 2u);
    EXPECT_TRUE(adapter->saved.at("lm_head.weight").equal(copy)) << without;
  }
  EXPECT_THAT(read("", head + ".modules_to_save.weight", copy + 1).status(),
              IsError(absl::StatusCode::kDataLoss, "stored twice"));
  EXPECT_THAT(
      read("", head + ".original_module.weight", at::zeros({64, 24})).status(),
      IsError(absl::StatusCode::kDataLoss, "has shape [66, 24], with"));
  EXPECT_THAT(read("", "base_model.model.model.norm.modules_to_save.weight",
                   at::zeros({24}))
                  .status(),
              IsError(absl::StatusCode::kInvalidArgument,
                      "modules_to_save does not name its module"));
  EXPECT_THAT(read("", "base_model.model.model.norm.original_module.weight",
                   at::zeros({24}))
                  .status(),
              IsError(absl::StatusCode::kDataLoss, "not the copy"));
}

TEST_F(LoraFile, Float64IsRead) {
  LIMBECK_EXPECT_OK(ReadEdited([](NamedTensors& tensors) {
    for (auto& [name, values] : tensors) values = values.to(at::kDouble);
  }));
  EXPECT_EQ(ReadLoraAdapter(path_)->modules[0].a.scalar_type(), at::kFloat);
}

TEST_F(LoraFile, TrailingSlashMeansNothing) {
  const LoraAdapter adapter = *ReadLoraAdapter(kPlain);
  const std::string path = directory_.File("written");
  LIMBECK_ASSERT_OK(WriteLoraAdapter(adapter, path + "/"));
  EXPECT_EQ(ReadLoraAdapter(path)->modules.size(), adapter.modules.size());
  EXPECT_EQ(ListDirectory(directory_.path())->size(), 2u);
  EXPECT_THAT(WriteLoraAdapter(adapter, path + "/"),
              IsError(absl::StatusCode::kAlreadyExists, "exists"));
}

TEST_F(LoraFile, PickleIsRefusedByName) {
  LIMBECK_ASSERT_OK(WriteFileAtomically(path_ + "/adapter_config.json",
                                        WriteJson(PlainSettings())));
  LIMBECK_ASSERT_OK(WriteFileAtomically(path_ + "/adapter_model.bin", "x"));
  EXPECT_THAT(ReadLoraAdapter(path_),
              IsError(absl::StatusCode::kUnimplemented, "a pickle"));
}

TEST_F(LoraFile, DamagedSettingsAreAnErrorOrAnAdapter) {
  const std::string text =
      *ReadFile("tests/testdata/lora/patterns/adapter_config.json");
  int refused = 0;
  const auto parse = [&](const std::string& damaged) {
    const absl::StatusOr<Json> json = ParseJson(damaged);
    if (!json.ok() || !json->is_object()) return;
    const absl::StatusOr<LoraSettings> settings = ParseLoraSettings(*json);
    if (!settings.ok()) {
      ++refused;
      return;
    }
    IsTarget(*settings, "model.layers.0.self_attn.q_proj").IgnoreError();
    RankOf(*settings, "model.layers.0.self_attn.q_proj").IgnoreError();
  };
  ForEachCut(text, [&](const std::string& cut, size_t) { parse(cut); });
  ForEachMutation(text, 3000, 7, parse);
  EXPECT_GT(refused, 50);
}

TEST_F(LoraFile, DamagedTensorsAreAnErrorOrAnAdapter) {
  const std::string bytes =
      *ReadFile(std::string(kPlain) + "/adapter_model.safetensors");
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const std::string rest = bytes.substr(8 + header);
  LIMBECK_ASSERT_OK(WriteFileAtomically(path_ + "/adapter_config.json",
                                        WriteJson(PlainSettings())));
  int refused = 0;
  ForEachMutation(
      bytes.substr(0, 8 + header), 600, 11, [&](const std::string& damaged) {
        EXPECT_THAT(WriteFileAtomically(path_ + "/adapter_model.safetensors",
                                        damaged + rest),
                    IsOk());
        const absl::Status status = ReadLoraAdapter(path_).status();
        if (status.ok()) return;
        ++refused;
        EXPECT_EQ(status.message().rfind(path_, 0), size_t{0}) << status;
      });
  EXPECT_GT(refused, 400);
}

}  // namespace
}  // namespace limbeck
