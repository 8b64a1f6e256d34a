// Impossible values, each with file, line, field and reason; fingerprints that
// notice every option.
#include "recipes/run/recipe_resolve.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "recipes/language/recipe_loader.h"
#include "recipes/language/recipe_paths.h"
#include "recipes/language/stage_kinds.h"
#include "recipes/run/stage_registry.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::testing::HasSubstr;
using ::testing::Not;
using ProtoMessage = ::google::protobuf::Message;

std::string ErrorsOf(const std::string& text) {
  const auto source = ParseRecipe(text, "r");
  if (!source.ok()) return std::string(source.status().message());
  return std::string(ResolveRecipe(*source).status().message());
}

TEST(RecipeResolve, ImpossibleValuesHaveAPlace) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"stages {\n name: \"p\"\n arithmetic_problems {\n  num_problems: -3\n "
       "}\n}",
       "r:4:3: p.num_problems: "},
      {"stages { name: \"p\" arithmetic_problems { split_begin: 0.9\n"
       "split_end: 0.2 } }",
       "p.split_"},
      {"stages { name: \"p\" arithmetic_problems {} }\n"
       "stages { name: \"s\" inputs: \"p\" split { begin: 2 } }",
       "r:2:40: s.begin: "},
      {"threads: -1\nstages { name: \"p\" arithmetic_problems {} }",
       "r:1:1: recipe.threads: is -1, allowed is 0 to 4096"},
      {"stages { name: \"p\" arithmetic_problems {} }\n"
       "report { price_per_cpu_hour: -2 }",
       "r:2:10: recipe.report.price_per_cpu_hour: is -2"},
      {"stages { name: \"p\" arithmetic_problems {} }\n"
       "report { evaluations: \"p\" }",
       "r:2:10: recipe.report.evaluations[0]: no evaluation 'p'"},
      {"models { name: \"m\" path: \"/no/such/folder\" }\n"
       "stages { name: \"p\" arithmetic_problems {} }",
       "r:1:20: m.path: there is no folder '/no/such/folder'"},
      {"models { name: \"m\" }\n"
       "stages { name: \"p\" arithmetic_problems {} }",
       "r:1:1: m.path: is empty"},
      {"stages { name: \"i\" ingest { path: \"/no/such/file\" } }",
       "r:1:29: i.path: there is no file '/no/such/file'"},
      {"stages { name: \"i\" ingest { } }", "r:1:1: i.path: "},
  };
  for (const auto& test : kCases) {
    EXPECT_THAT(ErrorsOf(test.text), HasSubstr(test.error)) << test.text;
  }
}

TEST(RecipeResolve, NameStaysInsideTheWorkspace) {
  const std::string stage = "\nstages { name: \"p\" arithmetic_problems {} }";
  for (const char* name : {"../../evil", "/evil", "a/b", ".", "..", ".hidden",
                           "a\\nb", "a\\000b", "\\033[2J", "\\177"}) {
    EXPECT_THAT(
        ErrorsOf(absl::StrCat("threads: 1\nname: \"", name, "\"", stage)),
        HasSubstr("r:2:1: recipe.name: is '"))
        << name;
  }
  for (const char* name : {"two words", "a.b", "größe", "v1..2"}) {
    EXPECT_EQ(ErrorsOf(absl::StrCat("name: \"", name, "\"", stage)), "")
        << name;
  }
}

TEST(RecipeResolve, NameFromTheCommandLineStaysInsideToo) {
  TemporaryDirectory directory;
  const std::string path = directory.File("r.textproto");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      path, "stages { name: \"p\" arithmetic_problems {} }"));
  LoadOptions options;
  options.overrides = {"recipe.name=../../evil"};
  LIMBECK_ASSERT_OK_AND_ASSIGN(const RecipeSource source,
                               LoadRecipe(path, options));
  EXPECT_THAT(ResolveRecipe(source),
              IsError(absl::StatusCode::kInvalidArgument,
                      "--set recipe.name=../../evil: recipe.name: is "
                      "'../../evil'"));
}

TEST(RecipeResolve, AllComplaintsAtOnce) {
  const std::string errors = ErrorsOf(
      "threads: -1\n"
      "stages { name: \"p\" arithmetic_problems { num_problems: -3 } }\n"
      "stages { name: \"s\" inputs: \"q\" split { begin: 2 } }");
  EXPECT_THAT(errors, HasSubstr("r:1:1: recipe.threads"));
  EXPECT_THAT(errors, HasSubstr("r:2:42: p.num_problems"));
  EXPECT_THAT(errors, HasSubstr("r:3:20: s.inputs[0]"));
  EXPECT_THAT(errors, HasSubstr("r:3:40: s.begin"));
}

TEST(RecipeResolve, TrainingInputsMustBeInputs) {
  const std::string text =
      "stages { name: \"c\" arithmetic_corpus {} }\n"
      "stages { name: \"v\" inputs: \"c\" train_tokenizer {} }\n"
      "stages { name: \"t\" inputs: \"c\" inputs: \"v\" tokenize {} }\n"
      "stages { name: \"b\" inputs: \"t\" pack {} }\n"
      "stages { name: \"s\" inputs: \"b\" inputs: \"v\"\n"
      "  train { epochs: 1 tokenizer_input: \"w\"\n"
      "    architecture { hidden_size: 8 num_layers: 1 num_heads: 1\n"
      "      num_kv_heads: 1 head_dim: 8 intermediate_size: 8 } } }";
  EXPECT_THAT(ErrorsOf(text),
              HasSubstr("r:6:21: s.tokenizer_input: 'w' is none of the stage's "
                        "inputs"));
}

TEST(RecipeResolve, TopKDistillationNeedsPackedSignals) {
  const auto errors = [](const std::string& signals,
                         const std::string& packed) {
    return ErrorsOf(absl::StrCat(
        "stages { name: \"p\" arithmetic_problems {} }\n"
        "stages { name: \"c\" arithmetic_corpus {} }\n"
        "stages { name: \"v\" inputs: \"c\" train_tokenizer {} }\n"
        "stages { name: \"g\" inputs: \"p\" generate { teacher: "
        "KIND_REFERENCE samples_per_problem: 1 ",
        signals,
        "} }\n"
        "stages { name: \"t\" inputs: \"g\" inputs: \"v\" tokenize {} }\n"
        "stages { name: \"b\" inputs: \"t\" ",
        packed,
        " pack {} }\n"
        "stages { name: \"s\" inputs: \"b\" inputs: \"v\"\n"
        "  train { epochs: 1 tokenizer_input: \"v\" objective {\n"
        "    kind: KIND_TOPK_DISTILLATION }\n"
        "    architecture { hidden_size: 8 num_layers: 1 num_heads: 1\n"
        "      num_kv_heads: 1 head_dim: 8 intermediate_size: 8 } } }"));
  };
  EXPECT_THAT(errors("", ""),
              HasSubstr("r:9:5: s.objective.kind: needs teacher signals beside "
                        "the bins; give 'b' a second input"));
  EXPECT_THAT(errors("capture_top_k: 4 ", "inputs: \"g\""),
              Not(HasSubstr("s.objective.kind")));
}

// Of the traces of stage g, by a model entry with the given fields.
std::string LicenceOf(const TemporaryDirectory& model, const std::string& entry,
                      const std::string& options) {
  const auto source = ParseRecipe(
      absl::StrCat("models { name: \"m\" path: \"", model.path(), "\" ", entry,
                   " }\n"
                   "stages { name: \"p\" arithmetic_problems {} }\n"
                   "stages { name: \"g\" inputs: \"p\" ",
                   options, " }"),
      "r");
  LIMBECK_EXPECT_OK(source);
  const auto resolved = ResolveRecipe(*source);
  LIMBECK_EXPECT_OK(resolved);
  if (!resolved.ok()) return "none";
  return resolved->recipe.stages(1).generate().teacher_licence();
}

TEST(RecipeResolve, LicenceOfTheModelIsThatOfItsTraces) {
  const TemporaryDirectory model;
  const std::string mit = "licence: \"MIT\"";
  const std::string local = "inputs: \"m\" generate { ";
  EXPECT_EQ(LicenceOf(model, mit, local + "}"), "MIT");
  EXPECT_EQ(LicenceOf(model, mit, local + "teacher: KIND_LOCAL }"), "MIT");
  EXPECT_EQ(LicenceOf(model, mit, local + "teacher_licence: \"own\" }"), "own");
  EXPECT_EQ(LicenceOf(model, mit, local + "teacher_licence: \"\" }"), "");
  EXPECT_EQ(LicenceOf(model, "", local + "}"), "");
  EXPECT_EQ(LicenceOf(model, mit, "generate { teacher: KIND_REFERENCE }"), "");
}

// Entries of every kind, with the options that resolve needs.
std::vector<StageEntry> EveryKind() {
  std::vector<StageEntry> entries;
  for (const StageKind& kind : AllStageKinds()) {
    StageEntry entry;
    entry.set_name("s");
    entry.GetReflection()->MutableMessage(
        &entry,
        StageEntry::descriptor()->FindFieldByName(std::string(kind.name)));
    if (entry.has_ingest()) entry.mutable_ingest()->set_path("x.jsonl");
    if (entry.has_train()) {
      entry.mutable_train()->set_epochs(1);
      entry.mutable_train()->set_initial_model_input("m");
    }
    entries.push_back(entry);
  }
  return entries;
}

TEST(StageRegistry, EveryKindResolvesAndHasAVersion) {
  for (const StageEntry& entry : EveryKind()) {
    EXPECT_THAT(ResolveStage(entry), IsOk()) << StageKindName(entry);
    EXPECT_GE(StageVersion(entry), 1u) << StageKindName(entry);
  }
  EXPECT_FALSE(ResolveStage(StageEntry()).ok());
  EXPECT_FALSE(RunStage(StageEntry(), StageRun()).ok());
}

TEST(StageRegistry, ResolvingTwiceChangesNothing) {
  for (const StageEntry& entry : EveryKind()) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const StageEntry once, ResolveStage(entry));
    LIMBECK_ASSERT_OK_AND_ASSIGN(const StageEntry twice, ResolveStage(once));
    EXPECT_EQ(IdentityOptions(once), IdentityOptions(twice));
  }
}

// Gives a field another value than it has.
void Change(ProtoMessage* message, const FieldDescriptor* field) {
  const auto& reflection = *message->GetReflection();
  if (field->is_repeated()) {
    if (field->message_type() != nullptr) {
      reflection.AddMessage(message, field);
    } else {
      reflection.AddString(message, field, "other");
    }
    return;
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(message, field,
                                 reflection.GetInt32(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(message, field,
                                 reflection.GetInt64(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(message, field,
                                  reflection.GetDouble(*message, field) + 0.5);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(message, field,
                                !reflection.GetBool(*message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnumValue(
          message, field, reflection.GetEnumValue(*message, field) + 1);
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(
          message, field, reflection.GetString(*message, field) + "other");
    default:
      FAIL() << "a field of another type: " << field->full_name();
  }
}

std::string FingerprintOf(const StageEntry& entry) {
  StageIdentity identity;
  identity.kind = StageKindName(entry);
  identity.options = IdentityOptions(entry);
  return identity.Fingerprint();
}

// Every leaf field of the options, nested ones too, changes the fingerprint.
int ExpectEachFieldCounts(const StageEntry& entry, StageEntry* changed,
                          ProtoMessage* message) {
  int fields = 0;
  const auto& type = *message->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    std::unique_ptr<ProtoMessage> saved(message->New());
    saved->CopyFrom(*message);
    if (field->message_type() != nullptr && !field->is_repeated()) {
      fields += ExpectEachFieldCounts(
          entry, changed,
          message->GetReflection()->MutableMessage(message, field));
    } else {
      Change(message, field);
      ++fields;
      EXPECT_NE(FingerprintOf(*changed), FingerprintOf(entry))
          << field->full_name();
    }
    message->CopyFrom(*saved);
  }
  return fields;
}

TEST(Fingerprint, EveryOptionOfEveryStageCounts) {
  int fields = 0;
  for (const StageEntry& entry : EveryKind()) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const StageEntry resolved,
                                 ResolveStage(entry));
    StageEntry changed = resolved;
    fields += ExpectEachFieldCounts(resolved, &changed,
                                    MutableStageOptions(&changed));
  }
  EXPECT_GT(fields, 80);
}

}  // namespace
}  // namespace limbeck
