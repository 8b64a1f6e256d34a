// What CheckGraph refuses, each with its place.
#include "recipes/language/recipe_graph.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipes/language/recipe_text.h"
#include "recipes/language/stage_kinds.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Checked {
  std::vector<int> order;
  std::string errors;
};

Checked Check(const std::string& text) {
  auto source = ParseRecipe(text, "r");
  EXPECT_THAT(source, IsOk());
  RecipeErrors errors;
  Checked checked;
  checked.order = CheckGraph(source->recipe, source->sources, errors);
  checked.errors = std::string(errors.ToStatus().message());
  return checked;
}

constexpr char kGood[] = R"(
models { name: "m" path: "m" }
stages { name: "bins" inputs: "tokens" inputs: "traces" pack {} }
stages { name: "tokens" inputs: "kept" inputs: "m" tokenize {} }
stages { name: "kept" inputs: "traces" filter {} }
stages {
  name: "traces" inputs: "problems" inputs: "m" generate { capture_top_k: 4 }
}
stages { name: "part" inputs: "problems" split {} }
stages { name: "problems" arithmetic_problems {} }
stages {
  name: "student" inputs: "bins" inputs: "m"
  train { initial_model_input: "m" }
}
stages { name: "scores" inputs: "part" inputs: "student" evaluate {} }
stages { name: "teacher_scores" inputs: "part" inputs: "m" evaluate {} }
stages { name: "table" inputs: "scores" inputs: "teacher_scores" compare {} }
)";

TEST(RecipeGraph, InputsComeFirst) {
  const Checked checked = Check(kGood);
  EXPECT_EQ(checked.errors, "");
  EXPECT_THAT(checked.order, ElementsAre(5, 3, 2, 1, 0, 4, 6, 7, 8, 9));
}

TEST(RecipeGraph, RefusesWithPlace) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"name: \"x\"", "r: the recipe has no stages"},
      {"stages { name: \"../x\" dedup {} }",
       "r:1:1: ../x: names are 1 to 64 letters"},
      {"stages { name: \"recipe\" dedup {} }", "r:1:1: recipe: names are"},
      {"stages { name: \"a\" }",
       "r:1:1: a: does not say what it does; add one of: arithmetic_problems"},
      {"stages { name: \"a\"\ninputs: \"problem\" dedup {} }\n"
       "stages { name: \"problems\" ingest {} }",
       "r:2:1: a.inputs[0]: no stage or model 'problem' (did you mean "
       "'problems'?)"},
      {"stages { name: \"t\" arithmetic_corpus {} }\n"
       "stages { name: \"a\" inputs: \"t\" inputs: \"t\" decontaminate {} }",
       "r:2:32: a.inputs[1]: 't' is listed twice"},
      {"stages { name: \"a\" inputs: \"b\" dedup {} }\n"
       "stages { name: \"b\" inputs: \"a\" dedup {} }",
       "r:1:20: a: stages wait for each other in a circle: a, b"},
      {"stages { name: \"a\" inputs: \"a\" dedup {} }", "in a circle: a"},
      {"stages { name: \"p\" ingest {} }\n"
       "stages { name: \"a\" inputs: \"p\" verify {} }",
       "r:2:20: a.inputs[0]: 'p' holds problems, verify needs traces here"},
      {"stages { name: \"p\" ingest {} }\n"
       "stages { name: \"a\" inputs: \"p\" evaluate {} }",
       "r:2:1: a.inputs: 1 inputs, evaluate takes problems, then a model"},
      {"models { name: \"m\" path: \"m\" }\n"
       "stages { name: \"p\" ingest {} }\n"
       "stages { name: \"a\" inputs: \"p\" inputs: \"m\" evaluate { "
       "benchmark_file { name: NAME_AIME24 path: \"x\" } } }",
       "r:3:1: a.inputs: 2 inputs, evaluate takes a model"},
      {"stages { name: \"p\" ingest {} }\n"
       "stages { name: \"q\" inputs: \"p\" ingest {} }",
       "q.inputs: 1 inputs, ingest takes no inputs"},
      {"stages { name: \"p\" arithmetic_problems {} }\n"
       "stages { name: \"s\" inputs: \"p\" split {} }\n"
       "stages { name: \"a\" inputs: \"s\" verify {} }",
       "r:3:20: a.inputs[0]: 's' holds problems, verify needs traces"},
      {"models { name: \"m\" path: \"m\" }\n"
       "stages { name: \"m\" ingest {} }",
       "m: this name is taken already"},
      {"stages { name: \"p\" arithmetic_problems {} }\n"
       "stages { name: \"t\" inputs: \"p\" generate {} }\n"
       "stages { name: \"v\" train_tokenizer {} }\n"
       "stages { name: \"k\" inputs: \"t\" inputs: \"v\" tokenize {} }\n"
       "stages { name: \"b\" inputs: \"k\" inputs: \"t\" pack {} }",
       "r:5:32: b.inputs[1]: 't' holds traces, pack needs signals here"},
  };
  for (const auto& test : kCases) {
    auto source = ParseRecipe(test.text, "r");
    const std::string errors = source.ok()
                                   ? Check(test.text).errors
                                   : std::string(source.status().message());
    EXPECT_THAT(errors, HasSubstr(test.error)) << test.text;
  }
}

TEST(RecipeGraph, EveryKindOfTheRecipeIsInTheTable) {
  const auto* oneof = StageEntry::descriptor()->FindOneofByName("options");
  ASSERT_EQ(static_cast<size_t>(oneof->field_count()), AllStageKinds().size());
  for (int i = 0; i < oneof->field_count(); ++i) {
    const auto* kind = FindStageKind(
        static_cast<StageEntry::OptionsCase>(oneof->field(i)->number()));
    ASSERT_NE(kind, nullptr) << oneof->field(i)->name();
    EXPECT_EQ(kind->name, oneof->field(i)->name());
  }
}

}  // namespace
}  // namespace limbeck
