// Spans are written once and believed afterwards, unless they cannot be true.
#include "data/stages/trace_parts.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"

namespace limbeck {
namespace {

Trace Stored(const std::string& output) {
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, output);
  StoreParts(SplitOutput(output), trace);
  return trace;
}

TEST(TraceParts, StoredPartsAreThoseOfTheOutput) {
  for (const std::string output :
       {"a</think>b", "</think>", "<think>\na</think>b<|end|>", "<think>a",
        "a</think>b</think>c", "", "no tag", "a</think>b<|user|>"}) {
    const OutputParts expected = SplitOutput(output);
    const Trace trace = Stored(output);
    EXPECT_EQ(trace.has_think(), expected.well_formed) << output;
    EXPECT_EQ(trace.has_answer(), expected.well_formed) << output;
    const OutputParts parts = PartsOf(trace);
    EXPECT_EQ(parts.well_formed, expected.well_formed) << output;
    EXPECT_EQ(parts.problem, expected.problem) << output;
    EXPECT_EQ(parts.repaired_open_tag, expected.repaired_open_tag) << output;
    EXPECT_EQ(parts.think.SerializeAsString(),
              expected.think.SerializeAsString());
    EXPECT_EQ(parts.answer.SerializeAsString(),
              expected.answer.SerializeAsString());
  }
}

TEST(TraceParts, RepeatedOpenTagIsRecorded) {
  EXPECT_EQ(Stored("a</think>b").repairs_size(), 0);
  Trace trace = Stored("<think>a</think>b");
  ASSERT_EQ(trace.repairs_size(), 1);
  EXPECT_EQ(trace.repairs(0), REPAIR_REPEATED_THINK_OPEN);
  StoreParts(PartsOf(trace), trace);  // twice is once
  EXPECT_EQ(trace.repairs_size(), 1);
  EXPECT_EQ(Stored("<think>never ends").repairs_size(), 1);
}

// What is stored decides, not a second splitting: these spans say that the
// thought begins later than a splitter would have it.
TEST(TraceParts, StoredSpansAreUsed) {
  Trace trace = Stored("ab</think>c");
  trace.mutable_think()->set_begin(1);
  EXPECT_EQ(PartsOf(trace).think.begin(), 1u);
  EXPECT_EQ(AnswerText(trace, PartsOf(trace)), "c");
}

TEST(TraceParts, SpansOfAnotherOutputAreNotBelieved) {
  const Trace good = Stored("ab</think>cd");
  const auto expect_split_anew = [](const Trace& trace) {
    const OutputParts parts = PartsOf(trace);
    EXPECT_EQ(parts.think.end(), 2u);
    EXPECT_EQ(parts.answer.begin(), 10u);
    EXPECT_EQ(AnswerText(trace, parts), "cd");
  };
  Trace trace = good;
  trace.mutable_answer()->set_end(1000);
  expect_split_anew(trace);
  trace = good;
  trace.mutable_think()->set_begin(5);
  expect_split_anew(trace);
  trace = good;
  trace.mutable_think()->set_end(1);
  expect_split_anew(trace);
  trace = good;
  trace.mutable_answer()->set_begin(UINT64_MAX);
  expect_split_anew(trace);
  trace = good;
  trace.clear_answer();
  expect_split_anew(trace);
}

TEST(TraceParts, FollowThePromptsThought) {
  struct Case {
    const char* prefix;
    const char* output;
    bool well_formed;
    bool has_thought;
    const char* answer;
    const char* turn;
  };
  for (const Case& c : std::vector<Case>{
           {"<think>\n", "a</think>b", true, true, "b", "<think>\na</think>b"},
           {"", "<think>a</think>b", true, true, "b", "<think>a</think>b"},
           {"", "b", true, false, "b", "b"},
           {"", "a</think>b", false, true, "b", "a</think>b"},
           {"", "<think>a", false, true, "", "<think>a"},
           {"<think>\n\n</think>\n\n", "b", true, false, "b",
            "<think>\n\n</think>\n\nb"},
           {"</think>", "a</think>b", false, false, "a</think>b",
            "</think>a</think>b"}}) {
    Trace trace;
    trace.set_turn_prefix(c.prefix);
    trace.set_raw_output(c.output);
    for (int round = 0; round < 2; ++round) {
      const OutputParts parts = PartsOf(trace);
      EXPECT_EQ(parts.well_formed, c.well_formed) << c.turn << parts.problem;
      EXPECT_EQ(parts.has_thought, c.has_thought) << c.turn;
      EXPECT_FALSE(parts.repaired_open_tag);
      EXPECT_EQ(AnswerText(trace, parts), c.answer) << c.turn;
      StoreParts(parts, trace);
    }
    EXPECT_EQ(TurnText(trace), c.turn);
  }
}

}  // namespace
}  // namespace limbeck
