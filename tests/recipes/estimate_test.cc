// What an estimate counts is what a stage holds in memory.
#include "recipes/estimate.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "recipes/recipe_text.h"

namespace limbeck {
namespace {

constexpr char kStages[] = R"(
stages { name: "bins" pack { bin_tokens: 1000 } }
stages { name: "words" train_tokenizer { vocab_size: 300 } }
)";
constexpr char kShape[] = R"(
    tokenizer_input: "words"
    architecture {
      hidden_size: 16 num_layers: 1 num_heads: 2 num_kv_heads: 1 head_dim: 8
      intermediate_size: 32 max_positions: 512 tied_head: true
    }
)";

// Memory of the last stage.
double MemoryOf(const std::string& stages) {
  const auto source = ParseRecipe(absl::StrCat(kStages, stages), "r");
  EXPECT_TRUE(source.ok()) << source.status();
  if (!source.ok()) return 0;
  ResolvedRecipe recipe;
  recipe.recipe = source->recipe;
  std::vector<PlannedStage> planned;
  for (int i = 0; i < recipe.recipe.stages_size(); ++i) {
    PlannedStage stage;
    stage.index = i;
    stage.name = recipe.recipe.stages(i).name();
    planned.push_back(std::move(stage));
  }
  return EstimateStages(recipe, planned, "/no/such/workspace")
      .back()
      .memory_bytes.value_or(0);
}

std::string Training(const std::string& options) {
  return absl::StrCat(
      "stages { name: \"student\" inputs: \"bins\" train { epochs: 1 ", kShape,
      options, " } }\n");
}

TEST(Estimate, BinsOfAStepAreInMemory) {
  const double one =
      MemoryOf(Training("bins_per_step: 1 "
                        "bins_per_micro_batch: 1"));
  const double many =
      MemoryOf(Training("bins_per_step: 65536 "
                        "bins_per_micro_batch: 1"));
  EXPECT_GT(one, 0);
  EXPECT_EQ(many - one, 65535.0 * 1000 * 4);
}

TEST(Estimate, MicroBatchIsAtMostAStep) {
  const std::string step = "bins_per_step: 2 bins_per_micro_batch: ";
  EXPECT_LT(MemoryOf(Training(step + "1")), MemoryOf(Training(step + "2")));
  EXPECT_EQ(MemoryOf(Training(step + "65536")), MemoryOf(Training(step + "2")));
}

TEST(Estimate, ResidentTeacherIsInMemory) {
  const std::string teacher = absl::StrCat(
      "stages { name: \"teacher\" inputs: \"bins\" train { epochs: 1 ", kShape,
      " } }\n");
  const double alone = MemoryOf(teacher + Training(""));
  const double with =
      MemoryOf(teacher + Training("teacher_input: \"teacher\""));
  // Embedding, attention (queries, keys, values, output), feed-forward, norms.
  const double parameters =
      300 * 16 + 16 * (16 + 8 + 8 + 16) + 3 * 16 * 32 + 3 * 16;
  EXPECT_EQ(with - alone, parameters * 4);
}

}  // namespace
}  // namespace limbeck
