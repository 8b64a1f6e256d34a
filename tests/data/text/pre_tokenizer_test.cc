// The scanners' pieces, spelled out; the library's own are in the golden ids.
#include "data/text/pre_tokenizer.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "data/base/random.h"
#include "data/text/nfc.h"
#include "data/text/unicode_classes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Pieces(const std::string& text,
                                const std::vector<SplitStep>& steps) {
  std::vector<std::string> pieces;
  const absl::Status status = ForEachPiece(
      text, steps,
      [&](absl::string_view piece) { pieces.emplace_back(piece); });
  EXPECT_TRUE(status.ok()) << status;
  return pieces;
}

SplitStep Step(SplitRule rule) {
  SplitStep step;
  step.rule = rule;
  return step;
}

std::vector<std::string> Pieces(const std::string& text, SplitRule rule) {
  return Pieces(text, std::vector<SplitStep>{Step(rule)});
}

TEST(ForEachPiece, Gpt2) {
  EXPECT_THAT(Pieces("It's 123 a!!  b", SplitRule::kGpt2),
              ElementsAre("It", "'s", " 123", " a", "!!", " ", " b"));
  EXPECT_THAT(Pieces("'S a\n\n", SplitRule::kGpt2),
              ElementsAre("'", "S", " a", "\n\n"));
}

TEST(ForEachPiece, Llama3) {
  EXPECT_THAT(Pieces("It'S 12345 (a) !?\n x \n\n y", SplitRule::kLlama3),
              ElementsAre("It", "'S", " ", "123", "45", " (", "a", ")", " !?\n",
                          " x", " \n\n", " y"));
}

TEST(ForEachPiece, Qwen2TakesDigitsOneByOne) {
  EXPECT_THAT(Pieces("a12", SplitRule::kQwen2), ElementsAre("a", "1", "2"));
}

TEST(ForEachPiece, Digits) {
  EXPECT_THAT(Pieces("ab12 3", SplitRule::kSingleDigits),
              ElementsAre("ab", "1", "2", " ", "3"));
  EXPECT_THAT(Pieces("ab12 3", SplitRule::kRunsOfDigits),
              ElementsAre("ab", "12", " ", "3"));
}

TEST(ForEachPiece, AppliesEachStepToThePiecesOfTheOneBefore) {
  EXPECT_THAT(
      Pieces("a 12", {Step(SplitRule::kSingleDigits), Step(SplitRule::kGpt2)}),
      ElementsAre("a", " ", "1", "2"));
  EXPECT_TRUE(Pieces("", SplitRule::kGpt2).empty());
  EXPECT_THAT(Pieces("a b", std::vector<SplitStep>{}), ElementsAre("a b"));
}

TEST(ForEachPiece, DeepSeek) {
  EXPECT_THAT(Pieces("12345a", SplitRule::kTripleDigits),
              ElementsAre("123", "45", "a"));
  EXPECT_THAT(Pieces("a\u4e2d\u3042b", SplitRule::kDeepSeekCjk),
              ElementsAre("a", "\u4e2d\u3042", "b"));
  EXPECT_THAT(
      Pieces("it's (a) \x01\x02 e\u0301x !!\n z", SplitRule::kDeepSeekWords),
      ElementsAre("it", "'s", " (", "a", ")", " ", "\x01\x02", " e\u0301x",
                  " !!\n", " z"));
}

TEST(ForEachPiece, MarksBelongToWordsOfQwen35) {
  EXPECT_THAT(Pieces("e\u0301x", SplitRule::kQwen35), ElementsAre("e\u0301x"));
  EXPECT_THAT(Pieces("e\u0301x", SplitRule::kQwen2),
              ElementsAre("e", "\u0301x"));
}

TEST(ForEachPiece, MatchesOnly) {
  SplitStep step = Step(SplitRule::kRunsOfDigits);
  step.matches_only = true;
  EXPECT_THAT(Pieces("a12b3", {step}), ElementsAre("12", "3"));
}

// Every known pattern through PCRE2 as well: a longer spelling of the same
// pattern is not recognised.
TEST(RegexSplitter, AgreesWithTheScanners) {
  const std::vector<std::pair<std::string, SplitRule>> patterns = {
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
       R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|(?:\s+))",
       SplitRule::kLlama3},
      {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+)"
       R"(|\s+(?!\S)|(?:\s+))",
       SplitRule::kGpt2},
      {R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+)"
       R"(|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)"
       R"(|\s*[\r\n]+|\s+(?!\S)|(?:\s+))",
       SplitRule::kDeepSeekWords}};
  const std::vector<std::string> parts = {
      "a",    "Z",      "'s",     "'LL", "1",  "22",     " ",      "  ",
      "\n",   "\r\n",   "\t",     "!",   "?!", "\u00e9", "$",      "\u0301",
      "\x01", "\u4e2d", "\u00a0", "_",   "'",  "\u0663", "\u2028", "'\u017f"};
  for (const auto& [pattern, rule] : patterns) {
    const auto step = StepOfPattern(pattern);
    ASSERT_TRUE(step.ok()) << step.status();
    ASSERT_EQ(step->rule, SplitRule::kRegex);
    for (uint64_t draw = 0; draw < 3000; ++draw) {
      const uint64_t key = RandomKey(draw, RandomPurpose::kTest);
      std::string text;
      for (uint64_t i = 0; i < 10; ++i) {
        text += parts[RandomBelow(parts.size(), key, i)];
      }
      ASSERT_EQ(Pieces(text, {*step}), Pieces(text, rule)) << text;
    }
  }
}

TEST(RegexSplitter, RefusesWhatMayMeanSomethingElse) {
  for (const char* pattern :
       {"\\w+", "^a", "a$", ".", "[a[b]]", "[a-z&&[b]]", "(?m:a)", "\\p{Han}",
        "\\b", "a{1,2}+", "[\\S]"}) {
    EXPECT_THAT(std::string(StepOfPattern(pattern).status().message()),
                HasSubstr("unknown pre-tokenizer pattern"))
        << pattern;
  }
  EXPECT_THAT(std::string(StepOfPattern("(a").status().message()),
              HasSubstr("is wrong at byte 2"));
}

TEST(RegexSplitter, GivesUpRatherThanHang) {
  const auto step = StepOfPattern("(?:a+)+b");
  ASSERT_TRUE(step.ok());
  const std::string text = std::string(200, 'a') + "cb";
  EXPECT_TRUE(absl::IsResourceExhausted(
      ForEachPiece(text, {*step}, [](absl::string_view) {})));
}

TEST(ForEachPiece, PiecesAreNeverEmptyAndJoinToTheText) {
  const std::vector<std::string> parts = {
      "'", "s",  " ",        "\n",           "1", "a", "\xff", "\xC2\xA0",
      "!", "\r", "\xC5\xBF", "\xE4\xB8\xAD", "ll"};
  for (uint64_t trial = 0; trial < 5000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest);
    std::string text;
    for (uint64_t i = 0; i < 12; ++i) {
      text += parts[RandomBelow(parts.size(), key, i)];
    }
    for (SplitRule rule :
         {SplitRule::kGpt2, SplitRule::kLlama3, SplitRule::kQwen2,
          SplitRule::kSingleDigits, SplitRule::kRunsOfDigits}) {
      std::string joined;
      for (const std::string& piece : Pieces(text, rule)) {
        ASSERT_FALSE(piece.empty());
        joined += piece;
      }
      ASSERT_EQ(joined, text);
    }
  }
}

TEST(UnicodeClasses, KnownCharacters) {
  EXPECT_TRUE(IsLetter('z'));
  EXPECT_TRUE(IsLetter(0xE9));
  EXPECT_TRUE(IsLetter(0x4E2D));
  EXPECT_FALSE(IsLetter(0x301));
  EXPECT_FALSE(IsLetter('_'));
  EXPECT_FALSE(IsLetter(0x1F600));
  EXPECT_FALSE(IsLetter(UINT32_MAX));
  EXPECT_TRUE(IsNumber('7'));
  EXPECT_TRUE(IsNumber(0x663));
  EXPECT_TRUE(IsNumber(0x2163));
  EXPECT_TRUE(IsNumber(0xBD));
  EXPECT_FALSE(IsNumber('a'));
  EXPECT_TRUE(IsWhiteSpace(0x3000));
  EXPECT_FALSE(IsWhiteSpace(0x200B));
  EXPECT_TRUE(IsWordCharacter('_'));
  EXPECT_FALSE(IsWordCharacter('-'));
}

TEST(UnicodeClasses, AsciiIsTheTables) {
  for (uint32_t code = 0; code < 128; ++code) {
    EXPECT_EQ(kAsciiClasses[code], ClassOf(code)) << code;
  }
}

TEST(ToNfc, ComposesAndOrdersMarks) {
  EXPECT_EQ(ToNfc("e\u0301"), "\u00e9");
  EXPECT_EQ(ToNfc("\u212b"), "\u00c5");
  EXPECT_EQ(ToNfc("a\u0301\u0316"), "\u00e1\u0316");
  EXPECT_EQ(ToNfc("\u1112\u1161\u11ab"), "\ud55c");
  EXPECT_EQ(ToNfc("\u0958"), "\u0915\u093c");  // excluded from composition
  EXPECT_EQ(ToNfc("e\u0334\u0301"), "\u00e9\u0334");
  EXPECT_EQ(ToNfc("\xff"
                  "e\u0301\xc3"),
            "\xff\u00e9\xc3");
  EXPECT_TRUE(IsPlainNfc("\u00e9\ud55c\u4e2d\xff"));
}

// Younger than the reference library's data: left as they are.
TEST(ToNfc, LeavesYoungerCharactersAlone) {
  const std::string younger = "q\u0301\u1acb\u0316";
  EXPECT_EQ(ToNfc(younger), younger);
}

}  // namespace
}  // namespace limbeck
