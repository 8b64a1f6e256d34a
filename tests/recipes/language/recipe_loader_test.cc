// Inheritance, overrides, paths and the search for recipes.
#include "recipes/language/recipe_loader.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RecipeLoader : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_.File(name);
    EXPECT_THAT(MakeDirectories(DirName(path)), IsOk());
    EXPECT_THAT(WriteFileAtomically(path, text), IsOk());
    return path;
  }
  LoadOptions WithVariable(const std::string& name, const std::string& value) {
    LoadOptions options;
    options.environment = [=](const std::string& asked) {
      return asked == name ? std::optional<std::string>(value) : std::nullopt;
    };
    return options;
  }

  TemporaryDirectory directory_;
};

TEST_F(RecipeLoader, InheritsThroughSeveralFiles) {
  Write("base.textproto", "seed: 1 threads: 4 stages { name: \"a\" dedup {} }");
  Write("sub/middle.textproto",
        "base: \"../base.textproto\" seed: 2 description: \"m\"");
  const std::string leaf =
      Write("leaf.textproto",
            "base: \"sub/middle.textproto\" stages { name: \"a\" dedup { "
            "max_traces_per_problem: 3 } }");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source, LoadRecipe(leaf));
  EXPECT_EQ(source.recipe.seed(), 2);
  EXPECT_EQ(source.recipe.threads(), 4);
  EXPECT_EQ(source.recipe.name(), "leaf");
  EXPECT_FALSE(source.recipe.has_base());
  EXPECT_EQ(source.recipe.stages(0).dedup().max_traces_per_problem(), 3);
}

TEST_F(RecipeLoader, TextsAreOfTheRecipeThatStatesThem) {
  Write("base.textproto",
        "description: \"three students\" report { title: \"Three\" "
        "introduction: \"i\" currency: \"CHF\" evaluations: \"a\" }");
  const std::string leaf = Write("mine.textproto", "base: \"base.textproto\"");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource silent, LoadRecipe(leaf));
  EXPECT_EQ(silent.recipe.description(), "");
  EXPECT_FALSE(silent.recipe.report().has_title());
  EXPECT_FALSE(silent.recipe.report().has_introduction());
  EXPECT_EQ(silent.recipe.report().currency(), "CHF");
  EXPECT_EQ(silent.recipe.report().evaluations_size(), 1);
  Write("mine.textproto",
        "base: \"base.textproto\" description: \"four\" report { title: "
        "\"Four\" }");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource own, LoadRecipe(leaf));
  EXPECT_EQ(own.recipe.description(), "four");
  EXPECT_EQ(own.recipe.report().title(), "Four");
}

TEST_F(RecipeLoader, MisspeltNamesOfTheBaseAreRefused) {
  Write("base.textproto",
        "models { name: \"teacher\" path: \"t\" } stages { name: \"student\" "
        "dedup {} }");
  const std::string leaf =
      Write("mine.textproto",
            "base: \"base.textproto\"\nstages { name: \"studnet\" seed: 3 }\n"
            "models { name: \"techer\" licence: \"MIT\" }");
  const auto result = LoadRecipe(leaf);
  EXPECT_THAT(std::string(result.status().message()),
              AllOf(HasSubstr("mine.textproto:2:1: studnet: no base recipe has "
                              "this stage (did you mean 'student'?); a new "
                              "stage says what it does"),
                    HasSubstr("mine.textproto:3:1: techer: no base recipe has "
                              "this model (did you mean 'teacher'?)")));
  Write("mine.textproto",
        "base: \"base.textproto\" stages { name: \"student\" seed: 3 } "
        "stages { name: \"other\" dedup {} } models { name: \"teacher\" "
        "licence: \"MIT\" }");
  LIMBECK_EXPECT_OK(LoadRecipe(leaf));
}

TEST_F(RecipeLoader, HintOfAMissingPathCanBeFollowed) {
  const std::string leaf =
      Write("mine.textproto",
            "stages { name: \"v\" train_tokenizer { paths: \"a.txt\" paths: "
            "\"${NO_SUCH}/b.txt\" } }");
  LoadOptions options = WithVariable("OTHER", "x");
  const auto missing = LoadRecipe(leaf, options);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("or give the path with --set v.paths[1]=PATH"));
  options.overrides = {"v.paths[1]=given.txt"};
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source,
                               LoadRecipe(leaf, options));
  EXPECT_EQ(source.recipe.stages(0).train_tokenizer().paths(1), "given.txt");
  EXPECT_EQ(source.recipe.stages(0).train_tokenizer().paths(0),
            directory_.File("a.txt"));
}

TEST_F(RecipeLoader, NameIsOfTheLeaf) {
  Write("base.textproto", "name: \"base\"");
  const std::string leaf = Write("mine.textproto", "base: \"base.textproto\"");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source, LoadRecipe(leaf));
  EXPECT_EQ(source.recipe.name(), "mine");
}

TEST_F(RecipeLoader, CirclesAreRefused) {
  const std::string a =
      Write("a.textproto", "name: \"a\"\nbase: \"b.textproto\"");
  Write("b.textproto",
        "base: \"../" + BaseName(directory_.path()) + "/a.textproto\"");
  EXPECT_THAT(LoadRecipe(a), IsError(absl::StatusCode::kInvalidArgument,
                                     "b.textproto:1:1: recipe.base: recipes "
                                     "inherit in a circle"));
  const std::string self = Write("c.textproto", "base: \"c.textproto\"");
  EXPECT_THAT(LoadRecipe(self),
              IsError(absl::StatusCode::kInvalidArgument, "circle"));
}

TEST_F(RecipeLoader, DepthIsCapped) {
  std::string path;
  for (int i = 20; i >= 0; --i) {
    path =
        Write(absl::StrCat("r", i, ".textproto"),
              i == 20 ? "" : absl::StrCat("base: \"r", i + 1, ".textproto\""));
  }
  EXPECT_THAT(LoadRecipe(path),
              IsError(absl::StatusCode::kInvalidArgument, "more than 16"));
}

TEST_F(RecipeLoader, MissingBaseNamesItsUser) {
  const std::string path =
      Write("a.textproto", "seed: 1\nbase: \"gone.textproto\"");
  EXPECT_THAT(LoadRecipe(path),
              IsError(absl::StatusCode::kInvalidArgument,
                      "a.textproto:2:1: recipe.base: there is no file"));
}

TEST_F(RecipeLoader, PathsAreOfTheFileThatWroteThem) {
  Write(
      "lower/base.textproto",
      "models { name: \"m\" path: \"model\" }\n"
      "stages { name: \"a\" ingest { path: \"x.jsonl\" } }\n"
      "stages { name: \"t\" train_tokenizer { paths: \"/y\" paths: \"z\" } }");
  const std::string leaf =
      Write("leaf.textproto",
            "base: \"lower/base.textproto\"\n"
            "stages { name: \"b\" ingest { path: \"${DATA}/x.jsonl\" } }");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source,
                               LoadRecipe(leaf, WithVariable("DATA", "/data")));
  const std::string lower = directory_.File("lower");
  EXPECT_EQ(source.recipe.models(0).path(), lower + "/model");
  EXPECT_EQ(source.recipe.stages(0).ingest().path(), lower + "/x.jsonl");
  EXPECT_EQ(source.recipe.stages(1).train_tokenizer().paths(0), "/y");
  EXPECT_EQ(source.recipe.stages(1).train_tokenizer().paths(1), lower + "/z");
  EXPECT_EQ(source.recipe.stages(2).ingest().path(), "/data/x.jsonl");
}

TEST_F(RecipeLoader, UnsetVariableNamesFieldAndLine) {
  const std::string path =
      Write("a.textproto",
            "stages {\n  name: \"in\"\n  ingest { path: \"${NOWHERE}/x\" }\n}");
  const auto loaded = LoadRecipe(path, WithVariable("OTHER", "x"));
  EXPECT_THAT(loaded, IsError(absl::StatusCode::kInvalidArgument,
                              "a.textproto:3:12: in.path: the environment "
                              "variable NOWHERE is not set"));
  LoadOptions options = WithVariable("OTHER", "x");
  options.overrides = {"in.path=here.jsonl"};
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source,
                               LoadRecipe(path, options));
  EXPECT_EQ(source.recipe.stages(0).ingest().path(), "here.jsonl");
}

TEST_F(RecipeLoader, VariableSyntax) {
  const Environment environment = [](const std::string& name) {
    return std::optional<std::string>(name + "!");
  };
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string text,
                               ExpandVariables("$x ${A}-${B}$", environment));
  EXPECT_EQ(text, "$x A!-B!$");
  EXPECT_THAT(
      ExpandVariables("a${B", environment),
      IsError(absl::StatusCode::kInvalidArgument, "'a${B' has a ${ without }"));
}

TEST_F(RecipeLoader, IdentityForgetsFolders) {
  StageEntry stage;
  stage.mutable_ingest()->set_path("/home/someone/data/x.jsonl");
  stage.mutable_ingest()->set_split("test");
  EXPECT_EQ(IdentityOptions(stage), "path: \"x.jsonl\" split: \"test\"");
  EXPECT_THAT(ExternalFiles(stage),
              ::testing::ElementsAre("/home/someone/data/x.jsonl"));
}

TEST_F(RecipeLoader, FindsInstalledRecipes) {
  Write("share/limbeck/recipes/tiny.textproto", "");
  const std::string share = directory_.File("share/limbeck");
  for (const char* name :
       {"tiny", "tiny.textproto", "recipes/tiny.textproto"}) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string found,
                                 FindRecipe(name, share));
    EXPECT_EQ(found, share + "/recipes/tiny.textproto");
  }
  EXPECT_THAT(FindRecipe("no-such-recipe", share),
              IsError(absl::StatusCode::kNotFound, "tried: no-such-recipe"));
  // A path that is absolute is one wherever it is looked for.
  EXPECT_THAT(FindRecipe("/no/such", share),
              IsError(absl::StatusCode::kNotFound,
                      "'/no/such'; tried: /no/such, /no/such.textproto"));
  const std::string message(FindRecipe("/no/such", share).status().message());
  EXPECT_EQ(message.find(".textproto"), message.rfind(".textproto"));
}

}  // namespace
}  // namespace limbeck
