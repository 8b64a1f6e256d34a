// Words by script.
#include "data/verify/language_share.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

TEST(LanguageShare, CountsWordsOfTheTargetScripts) {
  EXPECT_EQ(LanguageShare("so we add them", "en"), 1);
  EXPECT_EQ(LanguageShare("so we \u4E00\u8D77 add", "en"), 0.6);
  EXPECT_EQ(LanguageShare("so we \u4E00\u8D77 add", "zh"), 0.4);
  EXPECT_EQ(LanguageShare("\u043F\u043B\u044E\u0441 two", "ru"), 0.5);
  EXPECT_EQ(LanguageShare("\u3053\u308C\u4E00", "ja"), 1);
  EXPECT_EQ(LanguageShare("\u3053\u308C\u4E00", "zh"), 1.0 / 3);
  EXPECT_EQ(LanguageShare("\uD55C\uAD6D \uC5B4\uB85C", "ko-KR"), 1);
}

TEST(LanguageShare, FormulasCodeAndSingleLettersAreNoWords) {
  EXPECT_EQ(LanguageShare("", "zh"), 1);
  EXPECT_EQ(LanguageShare("x = 5, 12; \u03B1", "zh"), 1);
  EXPECT_EQ(LanguageShare("$\\sin theta$ \\(abc\\) \\[def\\]", "zh"), 1);
  EXPECT_EQ(LanguageShare("\\frac \\alpha", "zh"), 1);
  EXPECT_EQ(LanguageShare("```\nprint this\n``` \u597D", "zh"), 1);
  // A formula that never ends hides nothing.
  EXPECT_EQ(LanguageShare("$ one two", "zh"), 0);
}

TEST(CheckLanguage, UnknownTagsAreNamed) {
  LIMBECK_EXPECT_OK(CheckLanguage("en-US"));
  EXPECT_THAT(CheckLanguage("tlh"),
              IsError(absl::StatusCode::kInvalidArgument, "language 'tlh'"));
}

TEST(LanguageShare, StaysWithinBounds) {
  ForEachMutation("so \u4E00\u8D77 $x$ ```a``` \\(b\\) \u043F\u043B", 3000, 5,
                  [](const std::string& text) {
                    const double share = LanguageShare(text, "en");
                    EXPECT_GE(share, 0);
                    EXPECT_LE(share, 1);
                  });
}

}  // namespace
}  // namespace limbeck
