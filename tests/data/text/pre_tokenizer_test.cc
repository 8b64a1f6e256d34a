// The scanners' pieces, spelled out; the library's own are in the golden ids.
#include "data/text/pre_tokenizer.h"

#include <string>
#include <vector>

#include "data/base/random.h"
#include "data/text/unicode_classes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Pieces(const std::string& text, SplitRule rule) {
  std::vector<std::string> pieces;
  for (absl::string_view piece : SplitByRule(text, rule)) {
    pieces.emplace_back(piece);
  }
  return pieces;
}

TEST(SplitByRule, Gpt2) {
  EXPECT_THAT(Pieces("It's 123 a!!  b", SplitRule::kGpt2),
              ElementsAre("It", "'s", " 123", " a", "!!", " ", " b"));
  EXPECT_THAT(Pieces("'S a\n\n", SplitRule::kGpt2),
              ElementsAre("'", "S", " a", "\n\n"));
}

TEST(SplitByRule, Llama3) {
  EXPECT_THAT(Pieces("It'S 12345 (a) !?\n x \n\n y", SplitRule::kLlama3),
              ElementsAre("It", "'S", " ", "123", "45", " (", "a", ")", " !?\n",
                          " x", " \n\n", " y"));
}

TEST(SplitByRule, Qwen2TakesDigitsOneByOne) {
  EXPECT_THAT(Pieces("a12", SplitRule::kQwen2), ElementsAre("a", "1", "2"));
}

TEST(SplitByRule, Digits) {
  EXPECT_THAT(Pieces("ab12 3", SplitRule::kSingleDigits),
              ElementsAre("ab", "1", "2", " ", "3"));
  EXPECT_THAT(Pieces("ab12 3", SplitRule::kRunsOfDigits),
              ElementsAre("ab", "12", " ", "3"));
}

TEST(SplitByRules, AppliesEachToThePiecesOfTheOneBefore) {
  std::vector<std::string> pieces;
  for (absl::string_view piece :
       SplitByRules("a 12", {SplitRule::kSingleDigits, SplitRule::kGpt2})) {
    pieces.emplace_back(piece);
  }
  EXPECT_THAT(pieces, ElementsAre("a", " ", "1", "2"));
  EXPECT_TRUE(SplitByRules("", {SplitRule::kGpt2}).empty());
}

TEST(SplitByRule, PiecesAreNeverEmptyAndJoinToTheText) {
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

TEST(RuleOfPattern, UnknownPatternsAreNamed) {
  EXPECT_THAT(std::string(RuleOfPattern("\\w+").status().message()),
              HasSubstr("unknown pre-tokenizer pattern '\\w+'"));
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
  EXPECT_TRUE(MayChangeInNfc(0x301));
  EXPECT_TRUE(MayChangeInNfc(0x212B));
  EXPECT_FALSE(MayChangeInNfc(0xE9));
  EXPECT_FALSE(MayChangeInNfc(0xAC00));
}

TEST(UnicodeClasses, TablesAreSortedWithoutOverlap) {
  for (auto ranges : {LetterRanges(), NumberRanges(), NfcSensitiveRanges()}) {
    for (size_t i = 0; i < ranges.size(); ++i) {
      EXPECT_LE(ranges[i].first, ranges[i].last);
      if (i > 0) {
        EXPECT_LT(ranges[i - 1].last + 1, ranges[i].first);
      }
    }
  }
}

}  // namespace
}  // namespace limbeck
