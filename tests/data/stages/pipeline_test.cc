// The whole chain from a GSM8K-like file to bins: counts from the shards,
// lineage of every packed row, threads, partitions and interruptions.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/stages/decontaminate.h"
#include "data/stages/dedup.h"
#include "data/stages/filter.h"
#include "data/stages/ingest.h"
#include "data/stages/input_records.h"
#include "data/stages/lineage.h"
#include "data/stages/pack.h"
#include "data/stages/record_id.h"
#include "data/stages/recount.h"
#include "data/stages/split.h"
#include "data/stages/tokenize.h"
#include "data/stages/train_tokenizer.h"
#include "data/stages/verify.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr int kProblems = 60;

std::string Gsm8kLikeFile() {
  std::string text;
  for (int i = 0; i < kProblems; ++i) {
    absl::StrAppend(&text, "{\"question\":\"Ann has ", i, " eggs and gets ",
                    2 * i, " more. How many?\",", "\"answer\":\"", i, "+",
                    2 * i, "=<<", i, "+", 2 * i, "=", 3 * i, ">>", 3 * i,
                    "\\n#### ", 3 * i, "\"}\n");
  }
  return text + "{\"question\": \"cut off";
}

// Stands for the teacher: four samples a problem, of which the second repeats
// the first, the third is wrong and the fourth never ends.
absl::Status FakeTeacher(const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input,
                           OpenInputWith(run, kProblemsFile));
  const RecordMap map = {kProblemsFile, kTracesFile, Trace::descriptor(),
                         "traces", ""};
  return MapRecords<Problem>(
      run, input, map,
      [](Problem& problem, PartitionWriter& writer) -> absl::Status {
        const std::string& gold = problem.gold_answer();
        const std::string good = absl::StrCat(problem.reference_solution(),
                                              "\n</think>\\boxed{", gold, "}");
        writer.CountIn(3);
        for (int sample = 0; sample < 4; ++sample) {
          Trace trace = MakeTraceWithOutput(
              problem, sample,
              sample < 2    ? good
              : sample == 2 ? absl::StrCat("</think>\\boxed{", gold, "1}")
                            : "hm hm hm");
          if (sample == 3) trace.set_finish_reason(FINISH_REASON_LENGTH);
          LIMBECK_RETURN_IF_ERROR(Keep(trace, writer));
        }
        return absl::OkStatus();
      });
}

const std::vector<std::string>& StageNames() {
  static const auto* names = new std::vector<std::string>{
      "problems", "train", "test",       "traces",  "verified", "filtered",
      "unique",   "clean", "vocabulary", "samples", "bins"};
  return *names;
}

class Pipeline {
 public:
  Pipeline(int threads, int partitions)
      : bench(threads), partitions_(partitions) {
    EXPECT_THAT(WriteFileAtomically(files_.File("in.jsonl"), Gsm8kLikeFile()),
                IsOk());
  }

  absl::Status RunAll() {
    LIMBECK_RETURN_IF_ERROR(RunProblems());
    StageRun run = bench.MakeRun("traces", "teacher", {"train"});
    LIMBECK_RETURN_IF_ERROR(FakeTeacher(run));
    LIMBECK_RETURN_IF_ERROR(FinishArtefact(run));
    LIMBECK_RETURN_IF_ERROR(
        bench.Run("verified", RunVerifyStage, VerifyOptions(), {"traces"}));
    LIMBECK_RETURN_IF_ERROR(
        bench.Run("filtered", RunFilterStage, FilterOptions(), {"verified"}));
    LIMBECK_RETURN_IF_ERROR(
        bench.Run("unique", RunDedupStage, DedupOptions(), {"filtered"}));
    DecontaminateOptions ngrams;
    ngrams.set_ngram(12);  // the questions have ten words
    LIMBECK_RETURN_IF_ERROR(
        bench.Run("clean", RunDecontaminateStage, ngrams, {"unique", "test"}));
    TrainTokenizerOptions vocabulary;
    vocabulary.set_vocab_size(300);
    LIMBECK_RETURN_IF_ERROR(
        bench.Run("vocabulary", RunTrainTokenizerStage, vocabulary, {"train"}));
    LIMBECK_RETURN_IF_ERROR(bench.Run("samples", RunTokenizeStage,
                                      TokenizeOptions(),
                                      {"clean", "vocabulary"}));
    PackOptions pack;
    pack.set_bin_tokens(256);
    return bench.Run("bins", RunPackStage, pack, {"samples"});
  }

  Workbench bench;

 private:
  absl::Status RunProblems() {
    IngestOptions ingest;
    ingest.set_path(files_.File("in.jsonl"));
    ingest.set_format(INGEST_FORMAT_GSM8K);
    ingest.set_licence("MIT");
    ingest.set_partitions(partitions_);
    LIMBECK_ASSIGN_OR_RETURN(ingest, ResolveOptions(ingest));
    // The path is of this machine; the recipe runner keeps it out as well.
    StageRun run = bench.MakeRun("problems", "ingest", {});
    LIMBECK_RETURN_IF_ERROR(RunIngestStage(ingest, run));
    LIMBECK_RETURN_IF_ERROR(FinishArtefact(run));
    SplitOptions split;
    split.set_end(0.8);
    LIMBECK_RETURN_IF_ERROR(
        bench.Run("train", RunSplitStage, split, {"problems"}));
    split.set_begin(0.8);
    split.set_end(1);
    return bench.Run("test", RunSplitStage, split, {"problems"});
  }

  const int partitions_;
  TemporaryDirectory files_{TemporaryPlace::kMemory};
};

TEST(Pipeline, CountsHoldAtEveryStage) {
  Pipeline pipeline(2, 3);
  LIMBECK_ASSERT_OK(pipeline.RunAll());
  Workbench& bench = pipeline.bench;
  const auto counts = [&](const std::string& name) {
    return bench.Open(name).manifest().counts();
  };
  const uint64_t train = counts("train").out();
  EXPECT_EQ(counts("problems").in(), kProblems + 1);
  EXPECT_EQ(counts("problems").rejected(), 1);
  EXPECT_EQ(train + counts("test").out(), kProblems);
  EXPECT_EQ(counts("traces").out(), 4 * train);
  EXPECT_EQ(counts("filtered").out(), 2 * train);
  EXPECT_EQ(counts("unique").out(), train);
  EXPECT_EQ(counts("clean").out(), train);
  EXPECT_EQ(counts("bins").out(), train);
  for (const std::string& name : StageNames()) {
    LIMBECK_EXPECT_OK(CheckCounts(bench.Directory(name))) << name;
    LIMBECK_EXPECT_OK(
        VerifyFiles(bench.Directory(name), bench.Open(name).manifest()));
  }
  const std::vector<std::pair<std::string, std::string>> edges = {
      {"train", "problems"},    {"test", "problems"},   {"verified", "traces"},
      {"filtered", "verified"}, {"unique", "filtered"}, {"clean", "unique"},
      {"samples", "clean"},     {"bins", "samples"}};
  for (const auto& [child, parent] : edges) {
    LIMBECK_EXPECT_OK(CheckCountsAgainstParent(bench.Directory(child),
                                               bench.Directory(parent)));
  }
}

TEST(Pipeline, ThreadsDoNotMatter) {
  Pipeline one(1, 5);
  Pipeline seven(7, 5);
  LIMBECK_ASSERT_OK(one.RunAll());
  LIMBECK_ASSERT_OK(seven.RunAll());
  for (const std::string& name : StageNames()) {
    EXPECT_EQ(one.bench.Files(name), seven.bench.Files(name)) << name;
  }
}

TEST(Pipeline, PartitionsDoNotChangeTheRecords) {
  std::map<std::string, std::vector<std::string>> first;
  for (const int partitions : {1, 2, 7}) {
    Pipeline pipeline(1, partitions);
    LIMBECK_ASSERT_OK(pipeline.RunAll());
    const auto expect_same = [&](const std::string& name,
                                 std::vector<std::string> contents) {
      ASSERT_FALSE(contents.empty()) << name;
      if (first[name].empty()) first[name] = contents;
      EXPECT_EQ(contents, first[name]) << name;
    };
    for (const std::string name :
         {"traces", "verified", "filtered", "unique", "clean"}) {
      expect_same(name,
                  Contents<Trace>(pipeline.bench.Open(name), kTracesFile));
    }
    expect_same("samples", Contents<TokenizedSample>(
                               pipeline.bench.Open("samples"), kSamplesFile));
    std::vector<std::string> ids;
    auto bins = ReadArtefact<PackedBin>(pipeline.bench.Open("bins"), kBinsFile);
    LIMBECK_ASSERT_OK(bins);
    for (const PackedBin& bin : *bins) {
      std::string text;
      for (const uint32_t id : bin.ids()) absl::StrAppend(&text, id, " ");
      ids.push_back(text);
    }
    expect_same("bins", ids);
  }
}

// A kill leaves whole partitions, a partition without manifest, and nothing
// after it: running again gives the bytes of an undisturbed run.
TEST(Pipeline, InterruptedStagesEndInTheSameBytes) {
  Pipeline pipeline(2, 3);
  LIMBECK_ASSERT_OK(pipeline.RunAll());
  Workbench& bench = pipeline.bench;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> whole;
  for (const std::string& name : StageNames()) whole[name] = bench.Files(name);
  for (const std::string& name : StageNames()) {
    const std::string directory = bench.Directory(name);
    const int partitions = bench.Open(name).num_partitions();
    const std::string last = PartitionPath(directory, partitions - 1);
    LIMBECK_ASSERT_OK(RemoveTree(JoinPath(directory, kManifestName)));
    LIMBECK_ASSERT_OK(RemoveTree(JoinPath(last, kManifestName)));
    LIMBECK_ASSERT_OK(WriteFileAtomically(
        JoinPath(last, absl::StrCat("x", kTemporarySuffix)), "half a block"));
    LIMBECK_ASSERT_OK(pipeline.RunAll()) << name;
    EXPECT_EQ(bench.Files(name), whole[name]) << name;
  }
}

TEST(Pipeline, EveryPackedRowLeadsBackToItsProblem) {
  Pipeline pipeline(1, 3);
  LIMBECK_ASSERT_OK(pipeline.RunAll());
  Workbench& bench = pipeline.bench;
  const ParentResolver resolve =
      [&](const Parent& parent) -> absl::StatusOr<std::string> {
    for (const std::string& name : StageNames()) {
      const Manifest manifest = bench.Open(name).manifest();
      if (manifest.content_digest() == parent.content_digest()) {
        return bench.Directory(name);
      }
    }
    return absl::NotFoundError(parent.name());
  };
  auto bins = ReadArtefact<PackedBin>(bench.Open("bins"), kBinsFile);
  LIMBECK_ASSERT_OK(bins);
  for (const PackedBin& bin : *bins) {
    for (int i = 0; i < bin.sequences_size(); ++i) {
      auto lineage = TraceLineage({bench.Directory("bins"), bin.index(),
                                   static_cast<uint32_t>(i), std::nullopt},
                                  resolve);
      LIMBECK_ASSERT_OK(lineage);
      const SampleReference& reference = bin.sequences(i).sample();
      EXPECT_EQ(lineage->sample.trace_id(), reference.trace_id());
      EXPECT_EQ(lineage->trace.id(), reference.trace_id());
      EXPECT_EQ(lineage->trace.problem().id(), reference.problem_id());
      EXPECT_EQ(lineage->trace.verifications(0).verdict(), VERDICT_CORRECT);
      std::vector<std::string> stages;
      for (const LineageStep& step : lineage->steps) {
        stages.push_back(step.stage_name);
      }
      EXPECT_EQ(stages,
                (std::vector<std::string>{"bins", "samples", "clean", "unique",
                                          "filtered", "verified", "traces",
                                          "train", "problems", "vocabulary"}));
    }
  }
  auto lineage =
      TraceLineage({bench.Directory("bins"), 0, 0, std::nullopt}, resolve);
  LIMBECK_ASSERT_OK(lineage);
  lineage->trace.set_raw_output("\x1b[31mred\xc2\x9b\nnext");
  const std::string text = FormatLineage(*lineage);
  EXPECT_TRUE(absl::StrContains(
      text, ToHex(bins->front().sequences(0).sample().problem_id())));
  EXPECT_TRUE(absl::StrContains(text, "of in.jsonl, row "));
  EXPECT_TRUE(absl::StrContains(text, "licence MIT"));
  // Words, and "unknown" for what nobody noted.
  EXPECT_TRUE(absl::StrContains(
      text, "teacher teacher, revision unknown, licence unknown\n"))
      << text;
  EXPECT_TRUE(absl::StrContains(text, "finish reason stop\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, ": correct, extracted \"")) << text;
  EXPECT_FALSE(absl::StrContains(text, "VERDICT_")) << text;
  lineage->trace.clear_sampling();
  lineage->trace.mutable_teacher()->set_licence("MIT");
  const std::string replayed = FormatLineage(*lineage);
  EXPECT_TRUE(absl::StrContains(replayed, "revision unknown, licence MIT\n"));
  EXPECT_TRUE(absl::StrContains(
      replayed, "  sample 0, sampling unknown, finish reason stop\n"))
      << replayed;
  EXPECT_TRUE(absl::StrContains(text, "  | \\x1b[31mred\\xc2\\x9b\n  | next"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Pipeline, LineageNamesWhatIsMissing) {
  Pipeline pipeline(1, 1);
  LIMBECK_ASSERT_OK(pipeline.RunAll());
  const std::string bins = pipeline.bench.Directory("bins");
  const ParentResolver nothing =
      [](const Parent& parent) -> absl::StatusOr<std::string> {
    return absl::NotFoundError(parent.name());
  };
  EXPECT_THAT(TraceLineage({bins, 0, 0, std::nullopt}, nothing),
              IsError(absl::StatusCode::kNotFound, "was not found"));
  EXPECT_THAT(TraceLineage({bins, 9999, 0, std::nullopt}, nothing),
              IsError(absl::StatusCode::kOutOfRange, "bin 9999 was asked for"));
  EXPECT_THAT(
      TraceLineage({bins, 0, 9999, std::nullopt}, nothing),
      IsError(absl::StatusCode::kOutOfRange, "sequence 9999 was asked for"));
}

TEST(Pipeline, LineageBeginsAtAnyRow) {
  Pipeline pipeline(1, 3);
  LIMBECK_ASSERT_OK(pipeline.RunAll());
  Workbench& bench = pipeline.bench;
  const ParentResolver resolve =
      [&](const Parent& parent) -> absl::StatusOr<std::string> {
    for (const std::string& name : StageNames()) {
      if (parent.name() == name) return bench.Directory(name);
    }
    return absl::NotFoundError(parent.name());
  };
  const auto from = [&](const std::string& stage, uint64_t row,
                        std::optional<int> partition = std::nullopt) {
    return TraceLineage({bench.Directory(stage), row, 0, partition}, resolve);
  };
  auto traces = ReadArtefact<Trace>(bench.Open("unique"), kTracesFile);
  LIMBECK_ASSERT_OK(traces);
  for (uint64_t row = 0; row < traces->size(); ++row) {
    auto lineage = from("unique", row);
    LIMBECK_ASSERT_OK(lineage);
    EXPECT_EQ(lineage->trace.id(), (*traces)[row].id());
    EXPECT_EQ(lineage->steps.front().stage_name, "unique");
    EXPECT_EQ(lineage->steps.back().stage_name, "problems");
  }
  auto samples =
      ReadShard<TokenizedSample>(bench.Open("samples").Path(1, kSamplesFile));
  LIMBECK_ASSERT_OK(samples);
  auto sample = from("samples", samples->size() - 1, 1);
  LIMBECK_ASSERT_OK(sample);
  EXPECT_EQ(sample->trace.id(), samples->back().trace_id());
  EXPECT_THAT(from("samples", samples->size(), 1),
              IsError(absl::StatusCode::kOutOfRange, " in part-0001, sample "));
  EXPECT_THAT(from("samples", 0, 3),
              IsError(absl::StatusCode::kOutOfRange,
                      "has 3 partitions, part-0003 was asked for"));
  auto problem = from("problems", 0);
  LIMBECK_ASSERT_OK(problem);
  const std::string text = FormatLineage(*problem);
  EXPECT_TRUE(absl::StrContains(text, "problem 0 of problems\n")) << text;
  EXPECT_FALSE(absl::StrContains(text, "teacher")) << text;
  EXPECT_THAT(from("vocabulary", 0),
              IsError(absl::StatusCode::kInvalidArgument,
                      " and has no rows; name an artefact of bins, "));
}

TEST(Recount, FalseManifestIsFound) {
  Pipeline pipeline(1, 2);
  LIMBECK_ASSERT_OK(pipeline.RunAll());
  const std::string directory = pipeline.bench.Directory("filtered");
  const std::string path = JoinPath(directory, kManifestName);
  auto text = ReadFile(path);
  LIMBECK_ASSERT_OK(text);
  auto manifest = ReadManifest(directory);
  LIMBECK_ASSERT_OK(manifest);
  Counts& counts = *manifest->mutable_counts();
  counts.set_out(counts.out() + 1);
  counts.set_rejected(counts.rejected() - 1);
  std::string changed;
  google::protobuf::TextFormat::PrintToString(*manifest, &changed);
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, changed));
  EXPECT_THAT(
      CheckCounts(directory),
      IsError(absl::StatusCode::kDataLoss,
              absl::StrCat("the manifest says ", counts.out(),
                           " out, the shards hold ", counts.out() - 1)));
}

}  // namespace
}  // namespace limbeck
