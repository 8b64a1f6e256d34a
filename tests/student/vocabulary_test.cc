// Pairs of vocabularies, and rows cut and added.
#include "student/vocabulary.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "data/base/file.h"
#include "data/base/json.h"
#include "data/text/byte_alphabet.h"
#include "student/adapters/lora.h"
#include "student/forward.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"

namespace limbeck {
namespace {

constexpr int64_t kMergedId = 256;  // "th"

// A byte-level tokenizer of 257 plain tokens; tests change a part.
struct Folder {
  std::string merged = "th";
  std::map<int64_t, std::string> added = {{257, "<|end|>"}, {258, "<think>"}};
  bool special = true;
  bool composes = false;  // NFC
  std::string eos = "<|end|>";
  std::string chat_template;
};

Json TokenizerJson(const Folder& folder) {
  Json vocabulary = Json::Object();
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.Set(PrintableByte(static_cast<uint8_t>(byte)), byte);
  }
  vocabulary.Set(folder.merged, kMergedId);
  Json merges = Json::Array();
  merges.Push(folder.merged.substr(0, 1) + " " + folder.merged.substr(1));
  Json added = Json::Array();
  for (const auto& [id, content] : folder.added) {
    Json token = Json::Object();
    token.Set("id", id);
    token.Set("content", content);
    for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
      token.Set(flag, false);
    }
    token.Set("special", folder.special);
    added.Push(std::move(token));
  }
  Json model = Json::Object();
  model.Set("type", "BPE");
  model.Set("vocab", std::move(vocabulary));
  model.Set("merges", std::move(merges));
  Json splitter = Json::Object();
  splitter.Set("type", "ByteLevel");
  splitter.Set("add_prefix_space", false);
  splitter.Set("use_regex", true);
  Json decoder = Json::Object();
  decoder.Set("type", "ByteLevel");
  Json json = Json::Object();
  json.Set("added_tokens", std::move(added));
  Json normalizer = Json::Object();
  normalizer.Set("type", "NFC");
  json.Set("normalizer", folder.composes ? normalizer : Json());
  json.Set("pre_tokenizer", std::move(splitter));
  json.Set("post_processor", Json());
  json.Set("decoder", std::move(decoder));
  json.Set("model", std::move(model));
  return json;
}

class VocabularyPair : public ::testing::Test {
 protected:
  std::shared_ptr<const Tokenizer> Write(const Folder& folder,
                                         const std::string& name) {
    const std::string path = directory_.File(name);
    EXPECT_THAT(MakeDirectories(path), IsOk());
    EXPECT_THAT(WriteFileAtomically(path + "/tokenizer.json",
                                    WriteJson(TokenizerJson(folder))),
                IsOk());
    Json config = Json::Object();
    config.Set("eos_token", folder.eos);
    if (!folder.chat_template.empty()) {
      config.Set("chat_template", folder.chat_template);
    }
    EXPECT_THAT(
        WriteFileAtomically(path + "/tokenizer_config.json", WriteJson(config)),
        IsOk());
    auto tokenizer = LoadTokenizer(path);
    EXPECT_THAT(tokenizer, IsOk());
    return tokenizer.ok() ? *tokenizer : nullptr;
  }

  absl::Status Check(const Folder& teacher, int64_t teacher_rows,
                     const Folder& student, int64_t student_rows) {
    const auto first = Write(teacher, "teacher");
    const auto second = Write(student, "student");
    if (first == nullptr || second == nullptr) {
      return absl::InternalError("no tokenizer");
    }
    return CheckVocabularyPair(
        {"teacher 'T'", directory_.File("teacher"), first.get(), teacher_rows},
        {"student 'S'", directory_.File("student"), second.get(),
         student_rows});
  }

  // The student is changed, both heads have 264 rows.
  absl::Status CheckStudent(const Folder& student) {
    return Check({}, 264, student, 264);
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
};

TEST_F(VocabularyPair, EqualOnesMayHaveOtherPadding) {
  LIMBECK_EXPECT_OK(Check({}, 264, {}, 288));
  LIMBECK_EXPECT_OK(Check({}, 320, {}, 259));
}

TEST_F(VocabularyPair, TokensBeyondTheStudentsRowsAreNobodysBusiness) {
  Folder teacher;
  teacher.added[259] = "<tool>";
  LIMBECK_EXPECT_OK(Check(teacher, 264, {}, 259));
}

TEST_F(VocabularyPair, TokenTheTeacherHasNoRowForIsRefused) {
  Folder student;
  student.added[259] = "<tool>";
  EXPECT_THAT(Check({}, 259, student, 264),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "teacher 'T' has 259 head rows, token id 259, "
                      "\"<tool>\", of student 'S' has none"));
}

TEST_F(VocabularyPair, ReusedControlTokenIsNamedWithBothStrings) {
  Folder student;
  student.added[258] = "<|im_start|>";
  const absl::Status status = CheckStudent(student);
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition,
                              "disagree at token id 258: \"<think>\" against "
                              "\"<|im_start|>\" (one control token's id used "
                              "for another)"));
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition,
                              "train with KIND_CROSS_ENTROPY"));
}

TEST_F(VocabularyPair, TokenOnOneSideOnlyIsRefused) {
  Folder student;
  student.added.erase(258);
  EXPECT_THAT(CheckStudent(student),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "id 258: \"<think>\" against no token"));
}

TEST_F(VocabularyPair, PlainTokenThatDiffersIsTheFirstNamed) {
  Folder student;
  student.merged = "he";
  student.added[258] = "<other>";
  EXPECT_THAT(CheckStudent(student),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "id 256: \"th\" against \"he\""));
}

TEST_F(VocabularyPair, FlagOfAnAddedTokenIsRefused) {
  Folder student;
  student.special = false;
  EXPECT_THAT(CheckStudent(student),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "\"<|end|>\": an added token (special) against an added "
                      "token ()"));
}

TEST_F(VocabularyPair, OtherWayOfCuttingTextIsRefused) {
  Folder student;
  student.composes = true;
  EXPECT_THAT(CheckStudent(student),
              IsError(absl::StatusCode::kFailedPrecondition, "cut \"na"));
}

TEST_F(VocabularyPair, EndTokenIsRefused) {
  Folder student;
  student.eos = "<think>";
  EXPECT_THAT(CheckStudent(student),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "end a text with ids 257 against 258"));
}

TEST_F(VocabularyPair, TemplateIsComparedWhereBothHaveOne) {
  Folder student;
  student.chat_template = "{{ messages[0].content }}";
  LIMBECK_EXPECT_OK(CheckStudent(student));
  Folder teacher;
  teacher.chat_template = "{{ messages[1].content }}";
  EXPECT_THAT(Check(teacher, 264, student, 264),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "different chat templates from character 12"));
}

TEST_F(VocabularyPair, HeadNarrowerThanItsTokenizerIsRefused) {
  EXPECT_THAT(Check({}, 258, {}, 264),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "teacher 'T' has 258 head rows, token id 258"));
}

at::Tensor LogProbs(const Model& model, const at::Tensor& ids) {
  const PackedLayout layout =
      MakePackedLayout(model.config, {0, ids.size(0)}, at::kFloat);
  const at::Tensor hidden =
      ForwardPacked(model.config, ParameterStore(model.weights), layout, ids);
  return at::log_softmax(at::linear(hidden, model.weights.head).to(at::kDouble),
                         -1);
}

class ResizedVocabulary : public ::testing::TestWithParam<bool> {
 protected:
  Model Base() const {
    ModelConfig config = TinyTeacherConfig();  // 264 rows, 262 tokens
    config.tied_head = GetParam();
    return TinyModel(config);
  }
  const std::shared_ptr<const Tokenizer> tokenizer_ = MakeByteTokenizer();
  const at::Tensor ids_ = at::arange(40, at::kLong) * 5;
};

INSTANTIATE_TEST_SUITE_P(Heads, ResizedVocabulary, ::testing::Bool(),
                         [](const auto& tested) {
                           return tested.param ? "Tied" : "Untied";
                         });

TEST_P(ResizedVocabulary, CutRowsOnlyRenormalise) {
  const Model base = Base();
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model cut,
                               ResizeVocabulary(base, 262, tokenizer_.get()));
  EXPECT_EQ(cut.config.vocab_size, 262);
  EXPECT_EQ(cut.config.tied_head, GetParam());
  EXPECT_EQ(cut.weights.head.sizes(), at::IntArrayRef({262, 32}));
  const at::Tensor before = LogProbs(base, ids_);
  const at::Tensor after = LogProbs(cut, ids_);
  // log of the mass that stays, exactly.
  const at::Tensor kept = at::logsumexp(before.narrow(1, 0, 262), {1}, true);
  EXPECT_LT(kept.max().item<double>(), -1e-6);
  EXPECT_LT(
      (after - (before.narrow(1, 0, 262) - kept)).abs().max().item<double>(),
      1e-5);
}

TEST_P(ResizedVocabulary, NewRowsTakeAtMostTheirShare) {
  const Model base = Base();
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model grown,
                               ResizeVocabulary(base, 300, nullptr));
  const at::Tensor before = LogProbs(base, ids_);
  const at::Tensor after = LogProbs(grown, ids_);
  const at::Tensor real = after.narrow(1, 0, 264);
  const at::Tensor kept = at::logsumexp(real, {1}, true);
  EXPECT_LT((real - (before + kept)).abs().max().item<double>(), 1e-5);
  EXPECT_LT(kept.max().item<double>(), 0.0);
  EXPECT_GT(kept.min().item<double>(), -std::log1p(36.0 / 264.0));
  const at::Tensor mean = base.weights.embedding.to(at::kDouble).mean(0);
  for (const at::Tensor& weight :
       {grown.weights.embedding, grown.weights.head}) {
    if (weight.is_same(grown.weights.head) && !GetParam()) continue;
    EXPECT_LT((weight[299].to(at::kDouble) - mean).abs().max().item<double>(),
              1e-6);
  }
}

TEST_P(ResizedVocabulary, ThereAndBackIsTheSameModel) {
  const Model base = *CastModel(Base(), at::kBFloat16);
  const Model grown = *ResizeVocabulary(base, 320, nullptr);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model back,
                               ResizeVocabulary(grown, 264, tokenizer_.get()));
  const auto weights = NamedWeights(back);
  for (const auto& [name, weight] : NamedWeights(base)) {
    EXPECT_TRUE(weight.equal(weights.at(name))) << name;
  }
}

TEST(ResizeVocabulary, RowsOfTokensAreNotCut) {
  const Model base = TinyModel(TinyTeacherConfig());
  const auto tokenizer = MakeByteTokenizer();
  EXPECT_THAT(ResizeVocabulary(base, 260, tokenizer.get()),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "token id 260 is used by"));
  EXPECT_THAT(ResizeVocabulary(base, 260, tokenizer.get()),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "can be cut to 262 rows or more, not to 260"));
  EXPECT_THAT(ResizeVocabulary(base, 262, nullptr),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "cutting 264 rows to 262 needs the tokenizer"));
  ModelConfig config = TinyTeacherConfig();
  config.eos_ids = {263};
  EXPECT_THAT(ResizeVocabulary(TinyModel(config), 262, tokenizer.get()),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "token id 263 is used by eos_token_id"));
  EXPECT_FALSE(ResizeVocabulary(base, 0, tokenizer.get()).ok());
}

}  // namespace
}  // namespace limbeck
