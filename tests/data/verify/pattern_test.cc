// Patterns: what matches, what is refused, and that nothing runs long.
#include "data/verify/pattern.h"

#include <chrono>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

PatternMatch Match(const std::string& pattern, const std::string& text,
                   const PatternOptions& options = {}) {
  const auto compiled = Pattern::Create(pattern, options);
  EXPECT_THAT(compiled, IsOk());
  return compiled.ok() ? compiled->Match(text) : PatternMatch::kGivenUp;
}

TEST(Pattern, WholeTextOrAnywhere) {
  EXPECT_EQ(Match("[A-Z]{2}-\\d+", "AB-12"), PatternMatch::kMatches);
  EXPECT_EQ(Match("[A-Z]{2}-\\d+", "xAB-12"), PatternMatch::kDiffers);
  EXPECT_EQ(Match("[A-Z]{2}-\\d+", "AB-12\n"), PatternMatch::kDiffers);
  EXPECT_EQ(Match("a|ab", "ab"), PatternMatch::kMatches);
  PatternOptions anywhere;
  anywhere.anywhere = true;
  EXPECT_EQ(Match("\\d+", "in 12 days", anywhere), PatternMatch::kMatches);
  EXPECT_EQ(Match("\\d+", "in two days", anywhere), PatternMatch::kDiffers);
}

TEST(Pattern, CaseAndUnicode) {
  PatternOptions ignore_case;
  ignore_case.ignore_case = true;
  EXPECT_EQ(Match("straße", "STRAßE"), PatternMatch::kDiffers);
  EXPECT_EQ(Match("straße", "STRAßE", ignore_case), PatternMatch::kMatches);
  EXPECT_EQ(Match(".", "\xC3\xBC"), PatternMatch::kMatches);
  EXPECT_EQ(Match(".*", "\xff"), PatternMatch::kDiffers);
}

TEST(Pattern, BadPatternsAreRefusedWithTheirPlace) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(Pattern::Create("a(b", {}),
              IsError(kInvalid, "pattern 'a(b', byte 3: missing closing"));
  EXPECT_THAT(Pattern::Create("\\C", {}), IsError(kInvalid, "byte 2"));
  EXPECT_THAT(Pattern::Create("\xff", {}), IsError(kInvalid, "UTF-8"));
  EXPECT_THAT(Pattern::Create(std::string(5000, 'a'), {}),
              IsError(kInvalid, "has 5000 bytes, allowed are 4096"));
  EXPECT_THAT(Pattern::Create(std::string(200, '('), {}),
              IsError(kInvalid, ""));
}

// Backtracking that would take years ends as "given up", in milliseconds.
TEST(Pattern, WorkIsBounded) {
  PatternOptions anywhere;
  anywhere.anywhere = true;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Match("(a+)+[bc]", std::string(60000, 'a')),
            PatternMatch::kGivenUp);
  EXPECT_EQ(Match("(a|a)*[bc]", std::string(60000, 'a'), anywhere),
            PatternMatch::kGivenUp);
  EXPECT_EQ(Match("(x+x+)+[yz]", std::string(5000, 'x'), anywhere),
            PatternMatch::kGivenUp);
  EXPECT_EQ(Match("a", std::string(70000, 'a')), PatternMatch::kGivenUp);
  const std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 2.0);
}

TEST(Pattern, DamagedPatternsNeverCrash) {
  ForEachMutation("^(?:[a-z]{2,5}|\\d+(?=x))\\1?(?<n>.)*$", 2000, 11,
                  [](const std::string& pattern) {
                    const auto compiled = Pattern::Create(pattern, {});
                    if (compiled.ok()) compiled->Match("abc12x\n\xC3\xBC");
                  });
}

}  // namespace
}  // namespace limbeck
