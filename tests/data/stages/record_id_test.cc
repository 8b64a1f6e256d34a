#include "data/stages/record_id.h"

#include <set>
#include <string>
#include <vector>

#include "data/base/digest.h"
#include "data/stages/stage.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"

namespace limbeck {
namespace {

TEST(RecordId, NormalizationKeepsDigitsAndPunctuation) {
  EXPECT_EQ(NormalizeForIdentity("  A\t\n b,\r C2. "), "a b, c2.");
  EXPECT_EQ(NormalizeForIdentity(" \n "), "");
  EXPECT_EQ(NormalizeForIdentity("\xc3\x84"), "\xc3\x84");
}

TEST(RecordId, SameQuestionIsTheSameProblem) {
  Problem a = MakeProblem(7);
  Problem b = a;
  b.mutable_source()->set_dataset("elsewhere");
  b.set_gold_answer("8");
  b.mutable_messages(0)->set_content("how many  APPLES has\nnumber 7?");
  EXPECT_EQ(ProblemId(a), ProblemId(b));
  EXPECT_EQ(ProblemId(a).size(), 16);
  b.mutable_messages(0)->set_role(ROLE_SYSTEM);
  EXPECT_NE(ProblemId(a), ProblemId(b));
  EXPECT_NE(ProblemId(a), ProblemId(MakeProblem(70)));
}

// Hashed by hand from the documented layout: a change of it would orphan every
// stored artefact, so it has to be made on purpose.
TEST(RecordId, ProblemIdIsStable) {
  FieldHasher hasher("limbeck.problem.v1");
  hasher.Int(2).Bytes("how many apples has number 7?");
  EXPECT_EQ(ToHex(ProblemId(MakeProblem(7))), ToHex(hasher.Id()));
}

TEST(RecordId, TraceIdKnowsEverythingButTheOutput) {
  const Trace trace = MakeTrace(MakeProblem(1), 0, "1");
  Trace other = trace;
  other.set_raw_output("something else");
  EXPECT_EQ(TraceId(trace), TraceId(other));
  std::set<std::string> ids = {TraceId(trace)};
  const auto expect_new = [&](auto change) {
    Trace changed = trace;
    change(changed);
    EXPECT_TRUE(ids.insert(TraceId(changed)).second);
  };
  expect_new([](Trace& t) { t.mutable_problem()->set_id("x"); });
  expect_new([](Trace& t) { t.mutable_teacher()->set_name("x"); });
  expect_new([](Trace& t) { t.mutable_teacher()->set_revision("x"); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_temperature(.5); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_top_p(.5); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_top_k(5); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_min_p(.5); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_max_tokens(5); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_seed(5); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_sample_index(5); });
  expect_new([](Trace& t) { t.mutable_sampling()->set_exact(true); });
}

TEST(RecordId, TokenIdsHashSeesTheBoundary) {
  EXPECT_NE(TokenIdsHash({1, 2}, {3}), TokenIdsHash({1}, {2, 3}));
  EXPECT_NE(TokenIdsHash({1}, {256}), TokenIdsHash({1}, {1}));
  EXPECT_EQ(TokenIdsHash({1}, {2}), TokenIdsHash({1}, {2}));
}

TEST(RecordId, PartitionsAreRangesOfTheId) {
  EXPECT_EQ(PartitionOf(std::string(16, '\0'), 7), 0);
  EXPECT_EQ(PartitionOf(std::string(16, '\xff'), 7), 6);
  EXPECT_EQ(PartitionOf("\x80" + std::string(15, '\0'), 2), 1);
  EXPECT_EQ(PartitionOf("\x7f" + std::string(15, '\xff'), 2), 0);
  EXPECT_EQ(PartitionOf("", 3), 0);
}

TEST(RecordId, SplitPositionIsIndependentOfThePartition) {
  std::string id(16, '\0');
  EXPECT_EQ(SplitPosition(id), 0.0);
  id[0] = '\xff';
  EXPECT_EQ(SplitPosition(id), 0.0);
  id[8] = '\x80';
  EXPECT_EQ(SplitPosition(id), 0.5);
  EXPECT_LT(SplitPosition(std::string(16, '\xff')), 1.0);
}

TEST(RecordId, QuestionIsTheLastUserMessage) {
  Problem problem = MakeProblem(1);
  EXPECT_EQ(QuestionText(Problem()), "");
  Message* second = problem.add_messages();
  second->set_role(ROLE_ASSISTANT);
  second->set_content("Which number?");
  EXPECT_EQ(QuestionText(problem), "How many apples has number 1?");
}

TEST(StageIdentity, EachPartChangesTheFingerprint) {
  StageIdentity identity;
  identity.kind = "filter";
  identity.parents = {{"a", "1"}, {"b", "2"}};
  std::set<std::string> seen = {identity.Fingerprint()};
  const auto expect_new = [&](auto change) {
    StageIdentity changed = identity;
    change(changed);
    EXPECT_TRUE(seen.insert(changed.Fingerprint()).second);
  };
  expect_new([](StageIdentity& i) { i.kind = "split"; });
  expect_new([](StageIdentity& i) { i.version = 2; });
  expect_new([](StageIdentity& i) { i.options = "x: 1"; });
  expect_new([](StageIdentity& i) { i.seed = 1; });
  expect_new([](StageIdentity& i) { i.parents.pop_back(); });
  expect_new([](StageIdentity& i) { i.parents[1].second = "3"; });
  expect_new([](StageIdentity& i) { std::swap(i.parents[0], i.parents[1]); });
  StageIdentity renamed = identity;
  renamed.name = "another name";
  EXPECT_EQ(renamed.Fingerprint(), identity.Fingerprint());
}

}  // namespace
}  // namespace limbeck
