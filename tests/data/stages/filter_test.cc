#include "data/stages/filter.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/stages/filter_rules.h"
#include "data/stages/recount.h"
#include "data/stages/repetition.h"
#include "data/stages/verify.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

FilterOptions Defaults() { return *ResolveOptions(FilterOptions()); }

Trace Verified(Trace trace) {
  VerifyTrace(trace);
  return trace;
}

Trace VerifiedOutput(const std::string& output) {
  return Verified(MakeTraceWithOutput(MakeProblem(7), 0, output));
}

void ExpectBreach(const Trace& trace, const FilterOptions& options,
                  RejectionReason reason, double value, double threshold) {
  const auto breach = FindBreach(trace, options);
  ASSERT_TRUE(breach.has_value()) << RejectionReason_Name(reason);
  EXPECT_EQ(RejectionReason_Name(breach->reason()),
            RejectionReason_Name(reason));
  EXPECT_EQ(breach->value(), value);
  EXPECT_EQ(breach->threshold(), threshold);
  EXPECT_TRUE(breach->has_span());
  EXPECT_LE(breach->span().begin(), breach->span().end());
  EXPECT_LE(breach->span().end(), trace.raw_output().size());
}

TEST(FindBreach, GoodTraceKeepsAllRules) {
  EXPECT_FALSE(
      FindBreach(Verified(MakeTrace(MakeProblem(7), 0, "7")), Defaults()));
}

TEST(FindBreach, EachRuleHasItsReason) {
  Trace cut = Verified(MakeTrace(MakeProblem(7), 0, "7"));
  cut.set_finish_reason(FINISH_REASON_LENGTH);
  for (int i = 0; i < 100; ++i) cut.add_output_ids(1);
  ExpectBreach(cut, Defaults(), REJECTION_REASON_FINISH_REASON, 100, 100);
  ExpectBreach(VerifiedOutput("a</think>b</think>\\boxed{7}"), Defaults(),
               REJECTION_REASON_FORMAT, 2, 1);
  ExpectBreach(VerifiedOutput("thinks on"), Defaults(), REJECTION_REASON_FORMAT,
               0, 1);
  ExpectBreach(VerifiedOutput("a</think> \n"), Defaults(),
               REJECTION_REASON_FORMAT, 1, 1);
  ExpectBreach(VerifiedOutput("a</think>first\nsecond"), Defaults(),
               REJECTION_REASON_NO_ANSWER, 0, 1);
  ExpectBreach(VerifiedOutput("a</think>\\boxed{8}"), Defaults(),
               REJECTION_REASON_WRONG_ANSWER, 8, 7);
  ExpectBreach(MakeTrace(MakeProblem(7), 0, "7"), Defaults(),
               REJECTION_REASON_UNVERIFIED, 0, 1);
}

TEST(FindBreach, UnknownVerdictIsNeverAPass) {
  Problem problem = MakeProblem(7);
  problem.clear_gold_answer();
  ExpectBreach(Verified(MakeTrace(problem, 0, "7")), Defaults(),
               REJECTION_REASON_UNVERIFIED, 0, 1);
}

TEST(FindBreach, TheLastVerdictCounts) {
  Trace trace = MakeTrace(MakeProblem(7), 0, "8");
  Verification* label = trace.add_verifications();
  label->set_method("published_label");
  label->set_verdict(VERDICT_CORRECT);
  ExpectBreach(Verified(trace), Defaults(), REJECTION_REASON_WRONG_ANSWER, 8,
               7);
}

TEST(FindBreach, LengthLimitsAreInclusive) {
  FilterOptions options = Defaults();
  options.set_min_output_tokens(3);
  options.set_max_output_tokens(5);
  for (int length = 1; length <= 7; ++length) {
    Trace trace = Verified(MakeTrace(MakeProblem(7), 0, "7"));
    for (int i = 0; i < length; ++i) trace.add_output_ids(1);
    if (length < 3) {
      ExpectBreach(trace, options, REJECTION_REASON_TOO_SHORT, length, 3);
    } else if (length > 5) {
      ExpectBreach(trace, options, REJECTION_REASON_TOO_LONG, length, 5);
    } else {
      EXPECT_FALSE(FindBreach(trace, options)) << length;
    }
  }
}

TEST(FindBreach, TextOnlyTracesAreMeasuredInWords) {
  FilterOptions options = Defaults();
  options.set_min_output_tokens(4);
  ExpectBreach(VerifiedOutput("two words</think>\\boxed{7}"), options,
               REJECTION_REASON_TOO_SHORT, 2, 4);
}

TEST(FindBreach, RepetitionNamesTheFirstOccurrence) {
  FilterOptions options = Defaults();
  options.set_repetition_ngram(2);
  options.set_max_ngram_repeats(3);
  const std::string thought = "start wait no wait no wait no wait no ";
  const Trace trace =
      VerifiedOutput(absl::StrCat(thought, "</think>\\boxed{7}"));
  ExpectBreach(trace, options, REJECTION_REASON_REPETITION, 4, 3);
  const Span span = FindBreach(trace, options)->span();
  EXPECT_EQ(trace.raw_output().substr(span.begin(), span.end() - span.begin()),
            "wait no");
  EXPECT_EQ(span.begin(), 6);
  options.set_max_ngram_repeats(4);
  EXPECT_FALSE(FindBreach(trace, options));
}

TEST(FindBreach, ParagraphRepeatsAreCounted) {
  FilterOptions options = Defaults();
  options.set_max_paragraph_repeats(2);
  std::string thought;
  for (int i = 0; i < 3; ++i) absl::StrAppend(&thought, "Let me see.\n\n");
  ExpectBreach(VerifiedOutput(thought + "done</think>\\boxed{7}"), options,
               REJECTION_REASON_REPETITION, 3, 2);
}

TEST(FindBreach, RulesCanBeSwitchedOff) {
  FilterOptions options = Defaults();
  options.set_require_stop(false);
  options.set_require_format(false);
  options.set_require_correct(false);
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, "no tags at all");
  trace.set_finish_reason(FINISH_REASON_LENGTH);
  EXPECT_FALSE(FindBreach(trace, options));
}

TEST(Repetition, NgramsAgainstASlowCount) {
  const std::string text = "a b a b a c a b  a\nb a b c c c c a b a";
  for (int length = 1; length <= 6; ++length) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text + " ") {
      if (c != ' ' && c != '\n') {
        word.push_back(c);
      } else if (!word.empty()) {
        words.push_back(word);
        word.clear();
      }
    }
    std::map<std::string, uint64_t> counts;
    uint64_t most = 0;
    for (size_t i = 0; i + length <= words.size(); ++i) {
      std::string key;
      for (int j = 0; j < length; ++j) key += words[i + j] + " ";
      most = std::max(most, ++counts[key]);
    }
    EXPECT_EQ(MostFrequentNgram(text, length).count, most) << length;
  }
  EXPECT_EQ(MostFrequentNgram("too short", 3).count, 0);
  EXPECT_EQ(MostFrequentNgram("", 1).count, 0);
}

TEST(Repetition, ParagraphsEndAtBlankLines) {
  const Repetition found =
      MostFrequentParagraph("x\n\n a\nb \n \n\ny\n\n a\nb\n");
  EXPECT_EQ(found.count, 2);
  EXPECT_EQ(found.first.begin(), 4);
  EXPECT_EQ(found.first.end(), 7);
  EXPECT_EQ(MostFrequentParagraph("\n \n").count, 0);
  EXPECT_EQ(MostFrequentParagraph("one").count, 1);
}

TEST(FilterStage, InIsOutPlusRejected) {
  Workbench bench(2);
  std::vector<Trace> traces;
  for (int i = 0; i < 40; ++i) {
    const Problem problem = MakeProblem(i / 4);
    traces.push_back(
        MakeTrace(problem, i % 4, absl::StrCat(i / 4 + (i % 4 == 3 ? 1 : 0))));
  }
  bench.WriteTraces("traces", traces, 3);
  LIMBECK_ASSERT_OK(
      bench.Run("verified", RunVerifyStage, VerifyOptions(), {"traces"}));
  LIMBECK_ASSERT_OK(
      bench.Run("filtered", RunFilterStage, FilterOptions(), {"verified"}));
  const Counts counts = bench.Open("filtered").manifest().counts();
  EXPECT_EQ(counts.in(), 40);
  EXPECT_EQ(counts.out(), 30);
  EXPECT_EQ(counts.rejected(), 10);
  LIMBECK_EXPECT_OK(CheckCountsAgainstParent(bench.Directory("filtered"),
                                             bench.Directory("verified")));
  auto rejects = ReadArtefact<Rejection>(bench.Open("filtered"), kRejectsFile);
  LIMBECK_ASSERT_OK(rejects);
  for (const Rejection& rejection : *rejects) {
    EXPECT_EQ(rejection.reason(), REJECTION_REASON_WRONG_ANSWER);
    EXPECT_EQ(rejection.trace().sampling().sample_index(), 3);
    EXPECT_EQ(rejection.value(), rejection.threshold() + 1);
  }
}

}  // namespace
}  // namespace limbeck
