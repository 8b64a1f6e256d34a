// What an estimate counts is what a stage holds in memory.
#include "recipes/run/estimate.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gtest/gtest.h"
#include "recipes/language/recipe_text.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

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

// Of the last stage.
StageEstimate EstimateOf(const std::string& stages,
                         const std::string& workspace = "/no/such/workspace") {
  const auto source = ParseRecipe(absl::StrCat(kStages, stages), "r");
  EXPECT_TRUE(source.ok()) << source.status();
  if (!source.ok()) return {};
  ResolvedRecipe recipe;
  recipe.recipe = source->recipe;
  std::vector<PlannedStage> planned;
  for (int i = 0; i < recipe.recipe.stages_size(); ++i) {
    PlannedStage stage;
    stage.index = i;
    stage.name = recipe.recipe.stages(i).name();
    planned.push_back(std::move(stage));
  }
  return EstimateStages(recipe, planned, workspace).back();
}

double MemoryOf(const std::string& stages) {
  return EstimateOf(stages).memory_bytes.value_or(0);
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

// As many traces as `records`, from recorded problems, then `stage`.
std::string OnTraces(int records, const std::string& stage) {
  return absl::StrCat(
      "threads: 2 stages { name: \"p\" arithmetic_problems { num_problems: ",
      records,
      " } } stages { name: \"t\" inputs: \"p\" generate { teacher: "
      "KIND_REFERENCE samples_per_problem: 1 } } stages { name: \"s\" inputs: "
      "\"t\" ",
      stage, " }");
}

TEST(Estimate, EveryStageOfThePipelineHasMemoryAndTime) {
  for (const char* stage :
       {"verify {}", "filter {}", "dedup {}", "split {}", "tokenize {}",
        "pack { window_samples: 20000 }", "decontaminate {}"}) {
    const StageEstimate few = EstimateOf(OnTraces(1000, stage));
    const StageEstimate many = EstimateOf(OnTraces(1000000, stage));
    ASSERT_TRUE(few.memory_bytes.has_value()) << stage;
    ASSERT_TRUE(few.seconds.has_value()) << stage;
    EXPECT_GT(*few.memory_bytes, 100e6) << stage;  // the program itself
    EXPECT_GE(*many.memory_bytes, *few.memory_bytes) << stage;
    EXPECT_NEAR(*many.seconds, 1000 * *few.seconds, 1e-6) << stage;
    EXPECT_EQ(few.time_source, StageEstimate::TimeSource::kRates);
  }
}

TEST(Estimate, DedupAndPackKeepSomethingOfEachRecord) {
  const auto more = [](const std::string& stage) {
    return MemoryOf(OnTraces(2000000, stage)) -
           MemoryOf(OnTraces(1000000, stage));
  };
  EXPECT_EQ(more("verify {}"), 0);
  EXPECT_EQ(more("filter {}"), 0);
  // DedupEntry has 104 bytes.
  EXPECT_GE(more("dedup {}"), 104e6);
  EXPECT_GE(more("pack { window_samples: 20000 }"), 24e6);
  // The window is kept whole.
  EXPECT_GT(MemoryOf(OnTraces(1000000, "pack { window_samples: 500000 }")),
            MemoryOf(OnTraces(1000000, "pack { window_samples: 20000 }")) +
                480000 * 100.0);
}

TEST(Estimate, TimeFollowsTheEarlierRunInProportion) {
  TemporaryDirectory workspace;
  const auto artefact = [&](const std::string& name, int out,
                            const std::string& seconds) {
    const std::string folder = workspace.File(name);
    LIMBECK_EXPECT_OK(MakeDirectories(folder));
    LIMBECK_EXPECT_OK(WriteFileAtomically(
        JoinPath(folder, "manifest.textproto"),
        absl::StrCat("stage_name: \"p\" counts { out: ", out, " }")));
    LIMBECK_EXPECT_OK(WriteFileAtomically(
        JoinPath(folder, "run.json"),
        absl::StrCat("{\"attempts\": [{\"cost\": {\"wall_seconds\": ", seconds,
                     "}}]}")));
  };
  const std::string stage =
      "stages { name: \"p\" arithmetic_problems { num_problems: 300 } }";
  EXPECT_EQ(EstimateOf(stage, workspace.path()).time_source,
            StageEstimate::TimeSource::kRates);
  artefact("p-0123456789ab", 100, "7");
  const StageEstimate estimate = EstimateOf(stage, workspace.path());
  EXPECT_EQ(estimate.time_source, StageEstimate::TimeSource::kEarlierRun);
  EXPECT_DOUBLE_EQ(estimate.seconds.value_or(0), 21);
}

// Of ten samples that took 8 seconds when a limit of 100 tokens let them get 40
// tokens long on average.
double SecondsOfSampling(const std::string& options) {
  TemporaryDirectory workspace;
  const std::string folder = workspace.File("g-0123456789ab");
  LIMBECK_EXPECT_OK(MakeDirectories(folder));
  LIMBECK_EXPECT_OK(
      WriteFileAtomically(JoinPath(folder, "manifest.textproto"),
                          "stage_name: \"g\" stage_kind: \"generate\" "
                          "options: \"max_tokens: 100\" counts { out: 10 }"));
  LIMBECK_EXPECT_OK(
      WriteFileAtomically(JoinPath(folder, "run.json"),
                          "{\"attempts\": [{\"cost\": {\"wall_seconds\": 8, "
                          "\"generated_tokens\": 400}}]}"));
  return EstimateOf(
             absl::StrCat("stages { name: \"p\" arithmetic_problems { "
                          "num_problems: 10 } } stages { name: \"g\" "
                          "inputs: \"p\" generate { teacher: KIND_LOCAL ",
                          options, " } }"),
             workspace.path())
      .seconds.value_or(0);
}

TEST(Estimate, TimeFollowsTheLengthOfSamples) {
  const auto seconds = [](int samples, int limit) {
    return SecondsOfSampling(
        absl::StrCat("samples_per_problem: ", samples, " max_tokens: ", limit));
  };
  EXPECT_DOUBLE_EQ(seconds(1, 100), 8);
  EXPECT_DOUBLE_EQ(seconds(1, 300), 24);
  EXPECT_DOUBLE_EQ(seconds(2, 300), 48);
  EXPECT_DOUBLE_EQ(seconds(1, 50), 8);  // 40 tokens fit
  EXPECT_DOUBLE_EQ(seconds(1, 20), 4);
}

TEST(Estimate, SamplesEndWhereTheContextDoes) {
  const auto tokens = [](int limit) {
    return EstimateOf(absl::StrCat(Training(""),
                                   "stages { name: \"p\" arithmetic_problems { "
                                   "num_problems: 10 } } stages { name: \"e\" "
                                   "inputs: \"p\" inputs: \"student\" evaluate "
                                   "{ samples_per_problem: 2 max_tokens: ",
                                   limit, " } }"))
        .tokens.value_or(0);
  };
  EXPECT_EQ(tokens(100), 10 * 2 * 100);
  EXPECT_EQ(tokens(1000000), 10 * 2 * 512);
}

TEST(Estimate, BenchmarkFilesHaveTheirPublishedSizes) {
  const auto records = [](const std::string& file, const std::string& more) {
    return EstimateOf(absl::StrCat(Training(""),
                                   "stages { name: \"e\" inputs: \"student\" "
                                   "evaluate { benchmark_file { ",
                                   file, " path: \"/no/such/file\" } ", more,
                                   " } }"))
        .records.value_or(0);
  };
  EXPECT_EQ(records("name: NAME_AIME24", "samples_per_problem: 64"), 30 * 64);
  EXPECT_EQ(records("name: NAME_MATH500", "samples_per_problem: 4"), 500 * 4);
  EXPECT_EQ(records("name: NAME_GPQA_DIAMOND",
                    "samples_per_problem: 8 max_problems: 5"),
            5 * 8);
  EXPECT_EQ(records("name: NAME_JSONL", "samples_per_problem: 4"), 0);
}

TEST(Estimate, TeacherAndThreadsCountInTheTime) {
  const std::string teacher = absl::StrCat(
      "stages { name: \"teacher\" inputs: \"bins\" train { epochs: 1 ", kShape,
      " } }\n");
  const auto seconds = [&](const std::string& front, const std::string& more) {
    return EstimateOf(front + teacher + Training("max_tokens: 1000000 " + more))
        .seconds.value_or(0);
  };
  const double alone = seconds("threads: 1 ", "");
  EXPECT_GT(alone, 0);
  EXPECT_DOUBLE_EQ(seconds("threads: 2 ", ""), alone / 2);
  // Backward costs twice what forward does; the teacher goes forward only.
  EXPECT_DOUBLE_EQ(seconds("threads: 1 ", "teacher_input: \"teacher\""),
                   alone * 8 / 6);
}

}  // namespace
}  // namespace limbeck
