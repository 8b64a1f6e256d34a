// Training, exact round trips, folders, and damaged models.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/random.h"
#include "data/base/utf8.h"
#include "data/text/reasoning_format.h"
#include "data/text/sentencepiece_file.h"
#include "data/text/sentencepiece_tokenizer.h"
#include "data/text/sentencepiece_trainer.h"
#include "data/text/tokenizer.h"
#include "data/text/tokenizer_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> SmallCorpus() {
  std::vector<std::string> sentences;
  for (int a = 1; a < 12; ++a) {
    for (int b = 1; b < 12; ++b) {
      sentences.push_back(absl::StrCat(
          "<|user|>What is ", a, " times ", b, "?<|end|><|assistant|><think>\n",
          a, " times ", b, " makes ", a * b, ".\n</think>The answer is ", a * b,
          ".<|end|>"));
    }
  }
  for (const char* text :
       {"The quick brown fox jumps over the lazy dog while nobody watches.",
        "Every answer follows from careful thinking, so think carefully.",
        "Mixing hydrogen with oxygen and a spark makes water and a bang.",
        "Yesterday the baker sold bread, rolls and cakes to eager buyers."}) {
    for (int i = 0; i < 3; ++i) sentences.push_back(text);
  }
  return sentences;
}

SentencePieceTrainerOptions SmallOptions(SentencePieceAlgorithm algorithm) {
  SentencePieceTrainerOptions options;
  options.vocab_size = 320;
  options.algorithm = algorithm;
  return options;
}

class SentencePiece : public ::testing::TestWithParam<SentencePieceAlgorithm> {
 protected:
  void SetUp() override {
    auto model = TrainSentencePiece(SmallOptions(GetParam()), SmallCorpus());
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    auto tokenizer = CreateSentencePieceTokenizer(model_);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_ = *std::move(tokenizer);
  }

  void ExpectRoundTrip(const std::string& text) {
    const auto ids = tokenizer_->Encode(text);
    ASSERT_TRUE(ids.ok()) << ids.status();
    const auto back = tokenizer_->Decode(*ids);
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, text);
  }

  std::string model_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

INSTANTIATE_TEST_SUITE_P(Algorithms, SentencePiece,
                         ::testing::Values(SentencePieceAlgorithm::kBpe,
                                           SentencePieceAlgorithm::kUnigram),
                         [](const auto& one) {
                           return one.param == SentencePieceAlgorithm::kBpe
                                      ? "Bpe"
                                      : "Unigram";
                         });

TEST_P(SentencePiece, SameTextGivesSameBytes) {
  EXPECT_EQ(*TrainSentencePiece(SmallOptions(GetParam()), SmallCorpus()),
            model_);
}

TEST_P(SentencePiece, HasTheSizeAskedFor) {
  EXPECT_EQ(tokenizer_->vocab_size(), 320);
}

TEST_P(SentencePiece, TagsAreOnePieceAnywhere) {
  for (const std::string& tag : ReasoningFormatTags()) {
    const int32_t id = tokenizer_->IdOf(tag);
    ASSERT_GE(id, 0) << tag;
    EXPECT_THAT(*tokenizer_->Encode(tag), ElementsAre(id));
    const auto ids = *tokenizer_->Encode(absl::StrCat("times", tag, " times"));
    EXPECT_EQ(std::count(ids.begin(), ids.end(), id), 1) << tag;
    EXPECT_EQ(*tokenizer_->PieceOf(id), tag);
  }
  EXPECT_THAT(*tokenizer_->Encode("\n\n"),
              ElementsAre(tokenizer_->IdOf("\n"), tokenizer_->IdOf("\n")));
  EXPECT_THAT(tokenizer_->end_ids(), ElementsAre(tokenizer_->IdOf("<|end|>")));
}

TEST_P(SentencePiece, DigitsStandAlone) {
  const auto ids = *tokenizer_->Encode("12112144");
  EXPECT_EQ(ids.size(), 8u);
}

TEST_P(SentencePiece, RoundTripsEveryKindOfText) {
  for (const std::string& text : std::vector<std::string>{
           "",
           " ",
           "   ",
           "\n",
           " \n ",
           "\t",
           "a  b",
           " leading",
           "trailing ",
           "\r\n",
           "What is 12 times 7?",
           "<0x41>",
           "<unk>",
           "</s>",
           "\xE2\x96\x81",
           "a\xE2\x96\x81 \xE2\x96\x81z",
           "\xE2\x96\x85",
           "\xF0\x9F\x98\x80 caf\xC3\xA9 \xE4\xB8\xAD\xE6\x96\x87",
           "e\xCC\x81",
           "\xEF\xBB\xBF"
           "bom",
           std::string(3, '\0'),
           "\xC2\xA0",
           "\xE3\x80\x80",
           "\xEF\xBF\xBD",
           "\xE2\x81\x87",
           "<|end|><|en<think></think",
           "\xff",
           "\xE2\x96",
           "a\xC3",
           "\xC0\x80",
           "\xED\xA0\x80"}) {
    ExpectRoundTrip(text);
  }
}

TEST_P(SentencePiece, RoundTripsRandomCharacters) {
  for (uint64_t trial = 0; trial < 2000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest);
    std::string text;
    for (uint64_t i = 0; i < 20; ++i) {
      const uint32_t limit = RandomBelow(3, key, i, 1) == 0 ? 0x110000 : 0x3000;
      const auto code = static_cast<uint32_t>(RandomBelow(limit, key, i));
      if (code >= 0xD800 && code < 0xE000) continue;
      AppendUtf8(code, &text);
    }
    ASSERT_NO_FATAL_FAILURE(ExpectRoundTrip(text));
  }
}

TEST_P(SentencePiece, RoundTripsRandomBytes) {
  for (uint64_t trial = 0; trial < 2000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest, 1);
    std::string text;
    for (uint64_t i = 0; i < 24; ++i) {
      text.push_back(static_cast<char>(RandomBits(key, i) & 0xff));
    }
    ASSERT_NO_FATAL_FAILURE(ExpectRoundTrip(text));
  }
}

TEST_P(SentencePiece, DecodesPieceByPiece) {
  const auto ids = *tokenizer_->Encode("The answer is 42. \xF0\x9F\x98\x80");
  std::string joined;
  for (int32_t id : ids) joined += *tokenizer_->PieceOf(id);
  EXPECT_EQ(joined, *tokenizer_->Decode(ids));
}

TEST_P(SentencePiece, RefusesIdsOutsideTheVocabulary) {
  const std::vector<int32_t> ids = {1, 320};
  EXPECT_THAT(std::string(tokenizer_->Decode(ids).status().message()),
              HasSubstr("id 320 is outside the vocabulary of 320 (position 1"));
  EXPECT_FALSE(tokenizer_->PieceOf(-1).ok());
  EXPECT_EQ(tokenizer_->IdOf("no such piece"), -1);
}

TEST_P(SentencePiece, FingerprintFollowsThePieces) {
  SentencePieceTrainerOptions options = SmallOptions(GetParam());
  options.vocab_size = 321;
  const auto other = TrainSentencePiece(options, SmallCorpus());
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE((*CreateSentencePieceTokenizer(*other))->fingerprint(),
            tokenizer_->fingerprint());
  EXPECT_EQ((*CreateSentencePieceTokenizer(model_))->fingerprint(),
            tokenizer_->fingerprint());
  EXPECT_EQ(tokenizer_->fingerprint().size(), 64u);
}

TEST_P(SentencePiece, VocabularyTooLargeNamesBothNumbers) {
  SentencePieceTrainerOptions options = SmallOptions(GetParam());
  options.vocab_size = 90000;
  const auto model = TrainSentencePiece(options, {"one two three"});
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(model.status().message()),
              HasSubstr("vocab_size is 90000, but this text supports at most"));
}

TEST_P(SentencePiece, VocabularyTooSmallNamesBothNumbers) {
  SentencePieceTrainerOptions options = SmallOptions(GetParam());
  options.vocab_size = 100;
  const auto model = TrainSentencePiece(options, SmallCorpus());
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(model.status().message()),
              HasSubstr("vocab_size is 100, but symbols, bytes"));
}

TEST(SentencePieceTrainer, RefusesBadOptions) {
  const auto error = [](const SentencePieceTrainerOptions& options,
                        const std::vector<std::string>& sentences) {
    return std::string(
        TrainSentencePiece(options, sentences).status().message());
  };
  EXPECT_THAT(error({}, {}), HasSubstr("0 sentences"));
  EXPECT_THAT(error({}, {"", ""}), HasSubstr("2 sentences, all empty"));
  EXPECT_THAT(error({.vocab_size = 0}, {"a"}), HasSubstr("vocab_size is 0"));
  EXPECT_THAT(error({.character_coverage = 1.5}, {"a"}), HasSubstr("1.5"));
  EXPECT_THAT(error({.user_symbols = {"a,b"}}, {"a"}), HasSubstr("'a,b'"));
}

TEST(SentencePieceTrainer, TakesLongSentences) {
  std::string text;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&text, "word", i % 7, " ");
  SentencePieceTrainerOptions options;
  options.vocab_size = 280;
  const auto model = TrainSentencePiece(options, {text});
  ASSERT_TRUE(model.ok()) << model.status();
}

class TokenizerFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/tokenizer_folder_test_" +
                 std::to_string(::getpid());
    std::filesystem::remove_all(directory_);
    model_ = *TrainSentencePiece(SmallOptions(SentencePieceAlgorithm::kBpe),
                                 SmallCorpus());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  std::string model_;
};

TEST_F(TokenizerFolder, LoadsWhatWasWritten) {
  ASSERT_TRUE(WriteTokenizerFolder(model_, directory_).ok());
  const auto tokenizer = LoadTokenizer(directory_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const auto direct = *CreateSentencePieceTokenizer(model_);
  EXPECT_EQ((*tokenizer)->fingerprint(), direct->fingerprint());
  EXPECT_THAT((*tokenizer)->end_ids(), ElementsAre(direct->IdOf("<|end|>")));
  EXPECT_THAT((*tokenizer)->files(),
              ElementsAre("tokenizer.model", "tokenizer_config.json",
                          "special_tokens_map.json"));
  EXPECT_EQ(*(*tokenizer)->EncodeWithSpecial("7"), *direct->Encode("7"));
}

TEST_F(TokenizerFolder, ConfigHasTemplateAndTags) {
  ASSERT_TRUE(WriteTokenizerFolder(model_, directory_).ok());
  const auto config =
      ParseJson(*ReadFile(JoinPath(directory_, "tokenizer_config.json")));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(*config->GetString("chat_template"), ReasoningChatTemplate());
  EXPECT_EQ(*config->GetString("eos_token"), "<|end|>");
  const auto tokenizer = *LoadTokenizer(directory_);
  for (const std::string& tag : ReasoningFormatTags()) {
    const Json* token = config->Find("added_tokens_decoder")
                            ->Find(absl::StrCat(tokenizer->IdOf(tag)));
    ASSERT_NE(token, nullptr) << tag;
    EXPECT_EQ(*token->GetString("content"), tag);
  }
}

TEST_F(TokenizerFolder, ModelWithoutTagsIsRefused) {
  SentencePieceTrainerOptions options;
  options.vocab_size = 320;
  options.user_symbols = {"\n"};
  const auto model = TrainSentencePiece(options, SmallCorpus());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(std::string(WriteTokenizerFolder(*model, directory_).message()),
              HasSubstr("the tag <|system|> is no piece"));
  EXPECT_FALSE(FileExists(JoinPath(directory_, "tokenizer.model")));
}

TEST_F(TokenizerFolder, ErrorsNameTheFile) {
  EXPECT_THAT(std::string(LoadTokenizer(directory_).status().message()),
              HasSubstr("holds neither tokenizer.json nor tokenizer.model"));
  ASSERT_TRUE(WriteTokenizerFolder(model_, directory_).ok());
  const std::string config = JoinPath(directory_, "tokenizer_config.json");
  for (const char* text :
       {"{", "[]", R"({"eos_token":3})", R"({"eos_token":"nope"})",
        R"({"add_bos_token":true})"}) {
    ASSERT_TRUE(WriteFileAtomically(config, text).ok());
    EXPECT_THAT(std::string(LoadTokenizer(directory_).status().message()),
                HasSubstr("tokenizer"))
        << text;
    EXPECT_FALSE(LoadTokenizer(directory_).ok()) << text;
  }
}

TEST_F(TokenizerFolder, GenerationConfigAddsEndIds) {
  ASSERT_TRUE(WriteTokenizerFolder(model_, directory_).ok());
  const std::string path = JoinPath(directory_, "generation_config.json");
  ASSERT_TRUE(WriteFileAtomically(path, R"({"eos_token_id":[4, 9]})").ok());
  const auto tokenizer = LoadTokenizer(directory_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_THAT((*tokenizer)->end_ids(), ElementsAre(4, 9));
  ASSERT_TRUE(WriteFileAtomically(path, R"({"eos_token_id":320})").ok());
  EXPECT_THAT(std::string(LoadTokenizer(directory_).status().message()),
              HasSubstr("end id 320, the vocabulary has 320"));
}

// A damaged model is an error or still encodes; it never crashes.
void TryModel(const std::string& bytes) {
  const auto tokenizer = CreateSentencePieceTokenizer(bytes);
  if (!tokenizer.ok()) return;
  const auto ids = (*tokenizer)->Encode("What is 7 times 8? \xff\xE2\x96\x81");
  if (ids.ok()) (void)(*tokenizer)->Decode(*ids);
}

TEST_F(TokenizerFolder, SurvivesEveryCut) {
  for (size_t size = 0; size < model_.size(); size += 3) {
    TryModel(model_.substr(0, size));
  }
  EXPECT_FALSE(CreateSentencePieceTokenizer("").ok());
  EXPECT_FALSE(CreateSentencePieceTokenizer("not a model").ok());
}

TEST_F(TokenizerFolder, SurvivesFlippedBits) {
  for (size_t at = 0; at < model_.size(); ++at) {
    const size_t bit = at % 8;
    std::string damaged = model_;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
    TryModel(damaged);
  }
}

}  // namespace
}  // namespace limbeck
