#include "data/stages/dedup.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/stages/dedup_reduce.h"
#include "data/stages/recount.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

// Three samples a problem: two equal but for white space, one of its own.
std::vector<Trace> TracesWithTwins(int problems) {
  std::vector<Trace> traces;
  for (int i = 0; i < problems; ++i) {
    const Problem problem = MakeProblem(i);
    traces.push_back(
        MakeTraceWithOutput(problem, 0, "so  it\nis</think>\\boxed{1}"));
    traces.push_back(
        MakeTraceWithOutput(problem, 1, "so it is</think>\\boxed{1} "));
    traces.push_back(
        MakeTraceWithOutput(problem, 2, "So it is</think>\\boxed{1}"));
  }
  return traces;
}

TEST(CollapseSpace, KeepsEverythingElse) {
  EXPECT_EQ(CollapseSpace(" \n A\t\tb  C\r\n"), "A b C");
  EXPECT_EQ(CollapseSpace(""), "");
  EXPECT_EQ(CollapseSpace(" \n"), "");
}

TEST(DedupStage, SmallestTraceIdStays) {
  Workbench bench;
  const std::vector<Trace> traces = TracesWithTwins(1);
  bench.WriteTraces("traces", traces, 1);
  LIMBECK_ASSERT_OK(bench.Run("d", RunDedupStage, DedupOptions(), {"traces"}));
  auto kept = ReadArtefact<Trace>(bench.Open("d"), kTracesFile);
  auto rejects = ReadArtefact<Rejection>(bench.Open("d"), kRejectsFile);
  LIMBECK_ASSERT_OK(kept);
  LIMBECK_ASSERT_OK(rejects);
  EXPECT_EQ(kept->size(), 2);
  ASSERT_EQ(rejects->size(), 1);
  const std::string smaller = std::min(traces[0].id(), traces[1].id());
  const std::string larger = std::max(traces[0].id(), traces[1].id());
  EXPECT_EQ((*rejects)[0].reason(), REJECTION_REASON_DUPLICATE);
  EXPECT_EQ((*rejects)[0].other_id(), smaller);
  EXPECT_EQ((*rejects)[0].trace().id(), larger);
}

TEST(DedupStage, IndependentOfPartitionsThreadsAndInputOrder) {
  const std::vector<Trace> traces = TracesWithTwins(30);
  std::vector<Trace> half(traces.begin(), traces.begin() + 40);
  std::vector<Trace> rest(traces.begin() + 40, traces.end());
  std::vector<std::string> kept;
  std::vector<std::string> rejected;
  for (const int count : {1, 2, 7}) {
    Workbench bench(count);
    bench.WriteTraces("half", half, count);
    bench.WriteTraces("rest", rest, 8 - count);
    const bool swapped = count == 2;
    LIMBECK_ASSERT_OK(
        bench.Run("d", RunDedupStage, DedupOptions(),
                  swapped ? std::vector<std::string>{"rest", "half"}
                          : std::vector<std::string>{"half", "rest"}));
    const Artefact artefact = bench.Open("d");
    EXPECT_EQ(artefact.manifest().counts().in(), 90);
    EXPECT_EQ(artefact.manifest().counts().out(), 60);
    LIMBECK_EXPECT_OK(CheckCounts(artefact.directory()));
    if (kept.empty()) kept = Contents<Trace>(artefact, kTracesFile);
    if (rejected.empty()) {
      rejected = Contents<Rejection>(artefact, kRejectsFile);
    }
    EXPECT_EQ(Contents<Trace>(artefact, kTracesFile), kept);
    EXPECT_EQ(Contents<Rejection>(artefact, kRejectsFile), rejected);
  }
}

TEST(DedupStage, SameInputTwiceKeepsOne) {
  Workbench bench;
  bench.WriteTraces("a", TracesWithTwins(5), 2);
  bench.WriteTraces("b", TracesWithTwins(5), 3);
  LIMBECK_ASSERT_OK(bench.Run("d", RunDedupStage, DedupOptions(), {"a", "b"}));
  EXPECT_EQ(bench.Open("d").manifest().counts().in(), 30);
  EXPECT_EQ(bench.Open("d").manifest().counts().out(), 10);
}

TEST(DedupStage, CapRejectsTheLargestIds) {
  Workbench bench;
  std::vector<Trace> traces;
  for (int i = 0; i < 5; ++i) {
    traces.push_back(MakeTrace(MakeProblem(1), i, "1"));
  }
  bench.WriteTraces("traces", traces, 1);
  DedupOptions options;
  options.set_max_traces_per_problem(3);
  LIMBECK_ASSERT_OK(bench.Run("d", RunDedupStage, options, {"traces"}));
  auto kept = ReadArtefact<Trace>(bench.Open("d"), kTracesFile);
  auto rejects = ReadArtefact<Rejection>(bench.Open("d"), kRejectsFile);
  LIMBECK_ASSERT_OK(kept);
  LIMBECK_ASSERT_OK(rejects);
  ASSERT_EQ(kept->size(), 3);
  ASSERT_EQ(rejects->size(), 2);
  EXPECT_EQ((*rejects)[0].reason(), REJECTION_REASON_OVER_CAP);
  EXPECT_EQ((*rejects)[0].value(), 4);
  EXPECT_EQ((*rejects)[0].threshold(), 3);
  EXPECT_LT(kept->back().id(), (*rejects)[0].trace().id());
}

TEST(DedupStage, PlainTextsAreComparedEverywhere) {
  Workbench bench;
  std::vector<Trace> traces;
  for (int i = 0; i < 12; ++i) {
    Trace trace;
    trace.set_id(absl::StrCat("0123456789abcde", i));
    trace.set_raw_output(absl::StrCat("text ", i % 4));
    traces.push_back(trace);
  }
  bench.WriteTraces("traces", traces, 3);
  LIMBECK_ASSERT_OK(bench.Run("d", RunDedupStage, DedupOptions(), {"traces"}));
  EXPECT_EQ(bench.Open("d").manifest().counts().out(), 4);
}

TEST(ReduceDuplicates, AgainstASlowReduce) {
  std::vector<DedupEntry> entries;
  uint64_t state = 1;
  const auto next = [&](uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  for (int i = 0; i < 300; ++i) {
    DedupEntry entry;
    entry.group.low = next(10);
    entry.content.low = next(5);
    entry.trace.low = static_cast<uint64_t>(i) * 7919 % 1000;
    entries.push_back(entry);
  }
  const std::vector<DedupEntry> before = entries;
  ReduceDuplicates(entries, 0);
  ASSERT_EQ(entries.size(), before.size());
  for (const DedupEntry& entry : entries) {
    Key128 smallest = entry.trace;
    for (const DedupEntry& other : before) {
      if (other.group == entry.group && other.content == entry.content) {
        smallest = std::min(smallest, other.trace);
      }
    }
    EXPECT_EQ(entry.fate == DedupFate::kKept, smallest == entry.trace);
    if (entry.fate == DedupFate::kDuplicate) {
      EXPECT_EQ(entry.survivor, smallest);
    }
  }
}

}  // namespace
}  // namespace limbeck
