// Damaged and absurd config.json files: an error or a valid configuration.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "data/base/file.h"
#include "data/base/random.h"
#include "student/config/config.h"
#include "tests/support/config_examples.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

constexpr char kGeneration[] =
    R"({"bos_token_id":1,"eos_token_id":[2,300],"temperature":0.6})";

// What is accepted is a valid configuration that reads back equal.
void ExpectErrorOrValid(const Json& config, const Json& generation) {
  auto parsed = ParseModelConfig(config, generation);
  if (!parsed.ok()) return;
  LIMBECK_ASSERT_OK(ValidateConfig(*parsed)) << WriteJson(config);
  EXPECT_GT(parsed->NumActiveParameters(), 0) << WriteJson(config);
  EXPECT_LE(parsed->NumActiveParameters(), parsed->NumParameters());
  EXPECT_GT(parsed->AttentionScale(), 0.0) << WriteJson(config);
  auto again =
      ParseModelConfig(ConfigToJson(*parsed), GenerationConfigToJson(*parsed));
  LIMBECK_ASSERT_OK(again) << WriteJson(config);
  again->original = parsed->original = Json();
  again->original_generation = parsed->original_generation = Json();
  again->fp8_blocks = parsed->fp8_blocks;
  again->num_prediction_layers = parsed->num_prediction_layers;
  EXPECT_EQ(*again, *parsed) << WriteJson(config);
}

void ExpectErrorOrValid(const std::string& config,
                        const std::string& generation) {
  const absl::StatusOr<Json> config_json = ParseJson(config);
  const absl::StatusOr<Json> generation_json = ParseJson(generation);
  if (!config_json.ok() || !generation_json.ok()) return;
  ExpectErrorOrValid(*config_json, *generation_json);
}

const std::string& ExampleText(const std::string& name) {
  for (const ConfigExample& example : ConfigExamples()) {
    if (example.name == name) return example.config;
  }
  return ConfigExamples().front().config;
}

TEST(ConfigFuzz, CutsOfBothFilesAreErrors) {
  TemporaryDirectory directory(TemporaryPlace::kMemory);
  const auto reads = [&](const std::string& config,
                         const std::string& generation) {
    EXPECT_THAT(WriteFileAtomically(directory.File("config.json"), config),
                IsOk());
    EXPECT_THAT(WriteFileAtomically(directory.File("generation_config.json"),
                                    generation),
                IsOk());
    return ReadModelConfig(directory.path()).ok();
  };
  const std::string& config = ExampleText("deepseek");
  ASSERT_TRUE(reads(config, kGeneration));
  ForEachCut(config, [&](const std::string& cut, size_t size) {
    ASSERT_FALSE(reads(cut, kGeneration)) << "cut at " << size;
  });
  ForEachCut(kGeneration, [&](const std::string& cut, size_t size) {
    ASSERT_FALSE(reads(config, cut)) << "cut at " << size;
  });
}

TEST(ConfigFuzz, FlippedBits) {
  for (const ConfigExample& example : ConfigExamples()) {
    ForEachBitFlip(example.config, [](const std::string& flipped, size_t) {
      ExpectErrorOrValid(flipped, kGeneration);
    });
  }
  ForEachBitFlip(kGeneration, [](const std::string& flipped, size_t) {
    ExpectErrorOrValid(ExampleText("qwen2"), flipped);
  });
}

TEST(ConfigFuzz, RandomEdits) {
  for (const ConfigExample& example : ConfigExamples()) {
    ForEachMutation(example.config, 2000, /*key=*/17,
                    [](const std::string& edited) {
                      ExpectErrorOrValid(edited, kGeneration);
                    });
  }
  ForEachMutation(kGeneration, 2000, /*key=*/19, [](const std::string& edited) {
    ExpectErrorOrValid(ExampleText("qwen2"), edited);
  });
}

const JsonArray& AbsurdValues() {
  static const auto* values =
      new JsonArray{Json(),
                    Json(0),
                    Json(1),
                    Json(2),
                    Json(7),
                    Json(-1),
                    Json(4096),
                    Json(int64_t{1} << 24),
                    Json(int64_t{1} << 53),
                    Json(std::numeric_limits<int64_t>::max()),
                    Json(std::numeric_limits<int64_t>::min()),
                    Json(std::numeric_limits<uint64_t>::max()),
                    Json(0.5),
                    Json(-0.5),
                    Json(1e-300),
                    Json(1e300),
                    Json(std::numeric_limits<double>::infinity()),
                    Json(std::numeric_limits<double>::quiet_NaN()),
                    Json(true),
                    Json(false),
                    Json(""),
                    Json("x"),
                    Json("yarn"),
                    Json(std::string(1000, '9')),
                    Json::Array(),
                    Json::Object(),
                    Json(JsonArray{1}),
                    Json(JsonArray{1, -1}),
                    Json(JsonArray{"sliding_attention"})};
  return *values;
}

// Calls visit with every setting, also those within settings, replaced by
// `value`.
void ForEachReplacement(const Json& json, const Json& value,
                        const std::function<void(const Json&)>& visit) {
  for (size_t i = 0; i < json.object().size(); ++i) {
    Json changed = json;
    changed.object()[i].second = value;
    visit(changed);
    const Json& inner = json.object()[i].second;
    if (!inner.is_object()) continue;
    ForEachReplacement(inner, value, [&](const Json& changed_inner) {
      changed.object()[i].second = changed_inner;
      visit(changed);
    });
  }
}

TEST(ConfigFuzz, AbsurdValuesInEverySetting) {
  const Json generation = *ParseJson(kGeneration);
  for (const ConfigExample& example : ConfigExamples()) {
    const Json json = ExampleJson(example.name);
    for (const Json& value : AbsurdValues()) {
      ForEachReplacement(json, value, [&](const Json& changed) {
        ExpectErrorOrValid(changed, generation);
      });
    }
  }
}

// Three settings at once, so that one absurd size meets another.
TEST(ConfigFuzz, AbsurdValuesInSeveralSettings) {
  const uint64_t key = RandomKey(23, RandomPurpose::kTest);
  uint64_t count = 0;
  const auto draw = [&](size_t limit) {
    return static_cast<size_t>(RandomBelow(limit, key, count++));
  };
  for (const ConfigExample& example : ConfigExamples()) {
    const Json json = ExampleJson(example.name);
    for (int round = 0; round < 3000; ++round) {
      Json changed = json;
      for (int edit = 0; edit < 3; ++edit) {
        changed.object()[draw(json.object().size())].second =
            AbsurdValues()[draw(AbsurdValues().size())];
      }
      ExpectErrorOrValid(changed, Json());
    }
  }
}

TEST(ConfigFuzz, SettingsTakenOut) {
  for (const ConfigExample& example : ConfigExamples()) {
    const Json json = ExampleJson(example.name);
    for (const JsonMember& member : json.object()) {
      const auto config = ParseWithout(example.name, member.first);
      if (config.ok()) ExpectErrorOrValid(config->original, Json());
    }
  }
}

TEST(ConfigFuzz, LongListsEndQuickly) {
  Json ids = Json::Array();
  Json types = Json::Array();
  for (int i = 0; i < 300000; ++i) {
    ids.Push(i);
    types.Push("full_attention");
  }
  EXPECT_THAT(ParseChanged("llama31", "eos_token_id", ids),
              IsError(absl::StatusCode::kInvalidArgument,
                      "eos_token_id holds 300000 ids"));
  EXPECT_THAT(ParseChanged("qwen2", "layer_types", types),
              IsError(absl::StatusCode::kInvalidArgument,
                      "layer_types has 300000 entries"));
}

}  // namespace
}  // namespace limbeck
