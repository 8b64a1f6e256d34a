// Teachers whose logits mean other tokens to the student, found before anything
// runs.
#include "recipes/run/check_vocabularies.h"

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
using ::testing::Not;

constexpr char kConfig[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama",
  "vocab_size": 512, "hidden_size": 8, "num_hidden_layers": 1,
  "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 16,
  "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
  "hidden_act": "silu", "torch_dtype": "float32", "eos_token_id": 361
})";

constexpr char kData[] = R"(
stages { name: "problems" arithmetic_problems {} }
stages {
  name: "traces" inputs: "problems" inputs: "teacher"
  generate { capture_top_k: 4 samples_per_problem: 1 teacher_licence: "MIT" }
}
stages { name: "tokens" inputs: "traces" inputs: "student" tokenize {} }
)";
constexpr char kBins[] = R"(
stages { name: "bins" inputs: "tokens" pack {} }
)";
constexpr char kShape[] =
    "architecture { hidden_size: 8 num_layers: 1 num_heads: 1 num_kv_heads: 1 "
    "head_dim: 8 intermediate_size: 8 }";

class CheckVocabulariesTest : public ::testing::Test {
 protected:
  // A model's folder but for its weights, which nobody reads this early.
  std::string Folder(const std::string& tokenizer) {
    const std::string path = directory_.File(tokenizer);
    EXPECT_THAT(MakeDirectories(path), IsOk());
    const std::string source = "tests/testdata/text/" + tokenizer;
    for (const char* name : {"/tokenizer.json", "/tokenizer_config.json"}) {
      EXPECT_THAT(
          WriteFileAtomically(path + name, *ReadFile(source + name, 1 << 20)),
          IsOk());
    }
    EXPECT_THAT(WriteFileAtomically(path + "/config.json", kConfig), IsOk());
    return path;
  }

  // "" where teacher and student go together.
  std::string Errors(const std::string& teacher, const std::string& student,
                     const std::string& stages) {
    const std::string text =
        absl::StrCat("models { name: 'teacher' licence: 'MIT' path: '",
                     Folder(teacher), "' }\nmodels { name: 'student' path: '",
                     Folder(student), "' }", kData, stages);
    const auto source = ParseRecipe(text, "r");
    EXPECT_THAT(source, IsOk());
    if (!source.ok()) return "";
    const auto resolved = ResolveRecipe(*source);
    EXPECT_THAT(resolved, IsOk());
    if (!resolved.ok()) return "";
    return std::string(CheckVocabularies(*resolved).message());
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
};

constexpr char kResident[] = R"(
stages {
  name: "trained" inputs: "bins" inputs: "student" inputs: "teacher"
  train {
    epochs: 1 initial_model_input: "student"
    teacher_input: "teacher"
    objective { kind: KIND_DENSE_DISTILLATION divergence: DIVERGENCE_FORWARD_KL }
  }
}
)";

TEST_F(CheckVocabulariesTest, ResidentTeacherIsComparedAtStart) {
  const std::string stages = absl::StrCat(kBins, kResident);
  EXPECT_EQ(Errors("gpt2", "gpt2", stages), "");
  EXPECT_THAT(Errors("gpt2", "llama2", stages),
              AllOf(HasSubstr("r:16:5: trained.teacher_input: teacher "
                              "'teacher' and the student of stage 'trained' "
                              "disagree at token id 0: \""),
                    HasSubstr("\" against \""),
                    HasSubstr("train with KIND_CROSS_ENTROPY")));
}

TEST_F(CheckVocabulariesTest, RouteOverTextNeedsNoCommonVocabulary) {
  EXPECT_EQ(Errors("gpt2", "llama2", absl::StrCat(kBins, R"(
stages {
  name: "trained" inputs: "bins" inputs: "student"
  train { epochs: 1 initial_model_input: "student" }
})")),
            "");
}

// The folder that the first stage writes is not there yet, its tokenizer is.
TEST_F(CheckVocabulariesTest, TrainedModelHasTheTokenizerItBeganWith) {
  const std::string stages = absl::StrCat(
      kBins,
      "stages { name: 'begun' inputs: 'bins' inputs: 'student' train { epochs: "
      "1 tokenizer_input: 'student' ",
      kShape, R"( } }
stages {
  name: "trained" inputs: "bins" inputs: "begun" inputs: "teacher"
  train {
    epochs: 1 initial_model_input: "begun" teacher_input: "teacher"
    objective { kind: KIND_DENSE_DISTILLATION divergence: DIVERGENCE_FORWARD_KL }
  }
})");
  EXPECT_EQ(Errors("gpt2", "gpt2", stages), "");
  EXPECT_THAT(Errors("gpt2", "llama2", stages),
              HasSubstr("trained.teacher_input: teacher 'teacher' and the "
                        "student of stage 'trained' disagree at"));
}

TEST_F(CheckVocabulariesTest, TokenizerThatIsYetToBeTrainedIsLeftForLater) {
  EXPECT_EQ(
      Errors("gpt2", "gpt2",
             absl::StrCat(
                 kBins,
                 "stages { name: 'words' inputs: 'traces' train_tokenizer {} }"
                 "stages { name: 'trained' inputs: 'bins' inputs: 'words' "
                 "inputs: 'teacher' train { epochs: 1 tokenizer_input: 'words' "
                 "teacher_input: 'teacher' objective { kind: "
                 "KIND_DENSE_DISTILLATION divergence: DIVERGENCE_FORWARD_KL } ",
                 kShape, " } }")),
      "");
}

// As they are scored, and as they are captured while the teacher writes.
TEST_F(CheckVocabulariesTest, StoredSignalsAreComparedWhereTheyAreMade) {
  const std::string train = R"(
stages {
  name: "trained" inputs: "bins" inputs: "student"
  train {
    epochs: 1 initial_model_input: "student"
    objective { kind: KIND_TOPK_DISTILLATION divergence: DIVERGENCE_FORWARD_KL }
  }
})";
  const std::string scored = absl::StrCat(R"(
stages { name: "signals" inputs: "tokens" inputs: "teacher" score {} }
stages { name: "bins" inputs: "tokens" inputs: "signals" pack {} })",
                                          train);
  EXPECT_EQ(Errors("gpt2", "gpt2", scored), "");
  const std::string errors = Errors("gpt2", "llama2", scored);
  EXPECT_THAT(errors, HasSubstr("signals.inputs[1]: teacher 'teacher' and the "
                                "student of stage 'trained' disagree at"));
  EXPECT_THAT(errors, Not(HasSubstr("traces.inputs")));
  const std::string captured = absl::StrCat(R"(
stages { name: "bins" inputs: "tokens" inputs: "traces" pack {} })",
                                            train);
  EXPECT_EQ(Errors("gpt2", "gpt2", captured), "");
  EXPECT_THAT(
      Errors("gpt2", "llama2", captured),
      HasSubstr("traces.inputs[1]: teacher 'teacher' and the student "));
}

TEST_F(CheckVocabulariesTest, FolderWithoutTokenizerIsNamed) {
  const std::string stages = absl::StrCat(kBins, kResident);
  const std::string path = directory_.File("bare");
  LIMBECK_ASSERT_OK(MakeDirectories(path));
  const auto source = ParseRecipe(
      absl::StrCat("models { name: 'teacher' licence: 'MIT' path: '", path,
                   "' }\nmodels { name: 'student' path: '", Folder("gpt2"),
                   "' }", kData, stages),
      "r");
  LIMBECK_ASSERT_OK(source.status());
  const auto resolved = ResolveRecipe(*source);
  LIMBECK_ASSERT_OK(resolved.status());
  EXPECT_THAT(CheckVocabularies(*resolved),
              IsError(absl::StatusCode::kInvalidArgument,
                      "trained.teacher_input: input 'teacher': neither "
                      "tokenizer.json nor tokenizer.model"));
}

}  // namespace
}  // namespace limbeck
