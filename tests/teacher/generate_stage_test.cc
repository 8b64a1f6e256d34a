// The generation stage: counts, rejections, and the same bytes after any
// interruption.
#include "teacher/generate_stage.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "data/record/shard.h"
#include "data/stages/artefact.h"
#include "data/stages/record_id.h"
#include "data/text/reasoning_format.h"
#include "data/text/sentencepiece_trainer.h"
#include "data/text/tokenizer_folder.h"
#include "gmock/gmock.h"
#include "student/checkpoint/checkpoint.h"
#include "teacher/local_sampler.h"
#include "teacher/options_defaults.h"
#include "teacher/reference_sampler.h"
#include "teacher/signal_records.h"
#include "tests/support/file_tree.h"
#include "tests/support/tiny_models.h"
#include "tests/teacher/stage_fixture.h"
#include "tests/teacher/tiny_teacher.h"

namespace limbeck {
namespace {

// The log-probability of `token` after temperature and nucleus, from its
// distribution at temperature 1: written down once more, by the definition.
double NucleusLogprob(const TopKColumns& row, uint32_t token,
                      const Sampling& sampling) {
  std::vector<std::pair<double, uint32_t>> tokens;
  double all = 0;
  for (size_t i = 0; i < row.ids.size(); ++i) {
    tokens.emplace_back(std::exp(row.logprobs[i] / sampling.temperature()),
                        row.ids[i]);
    all += tokens.back().first;
  }
  std::sort(tokens.begin(), tokens.end(), std::greater<>());
  double kept = 0;
  double found = 0;
  for (const auto& [weight, id] : tokens) {
    if (kept >= sampling.top_p() * all) break;
    kept += weight;
    if (id == token) found = weight;
  }
  return std::log(found / kept);
}

class GenerateStageTest : public TeacherStageTest {
 protected:
  GenerateStageTest() {
    options_.set_samples_per_problem(3);
    options_.set_temperature(1.0);
    options_.set_max_tokens(12);
    options_.set_capture_top_k(4);
    options_.set_rows(8);
    options_ = *ResolveOptions(options_);
    problems_ = WriteProblems(MakeProblems(14), 2, directory_.File("problems"));
  }

  std::unique_ptr<Sampler> MakeSampler() {
    const ModelInput teacher = MakeTinyTeacher();
    LocalSamplerOptions local;
    local.rows = options_.rows();
    local.identity = teacher.identity;
    return *CreateLocalSampler(teacher.model, teacher.tokenizer, local);
  }

  StageRun Run(const std::string& name) {
    return MakeRun(name, "generate", options_, {problems_});
  }

  // An undisturbed run, finished.
  std::string Undisturbed(const std::string& name) {
    const StageRun run = Run(name);
    const std::unique_ptr<Sampler> sampler = MakeSampler();
    LIMBECK_EXPECT_OK(GenerateWith(*sampler, options_, run));
    LIMBECK_EXPECT_OK(FinishArtefact(run, 2));
    return run.directory;
  }

  // Stops after `samples` samples; returns the directory.
  std::string Stopped(const std::string& name, uint64_t samples) {
    StageRun run = Run(name);
    StoppingProgress progress;
    progress.stop_at = samples;
    run.context.progress = &progress;
    run.context.cancel = &progress.token;
    const std::unique_ptr<Sampler> sampler = MakeSampler();
    EXPECT_THAT(GenerateWith(*sampler, options_, run),
                IsError(absl::StatusCode::kCancelled, "stopped after"));
    return run.directory;
  }

  GenerateOptions options_;
  StageInput problems_;
};

TEST_F(GenerateStageTest, TracesAreSortedCompleteAndSelfDescribing) {
  const std::string directory = Undisturbed("run");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(directory));
  EXPECT_EQ(artefact.manifest().counts().unit(), "samples");
  EXPECT_EQ(artefact.manifest().counts().in(), 42u);
  EXPECT_EQ(artefact.manifest().counts().out(), 42u);
  EXPECT_EQ(artefact.manifest().tokenizer_fingerprint(), "byte-tokenizer");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(artefact, kTracesFile));
  ASSERT_EQ(traces.size(), 42u);
  std::set<std::string> ids;
  for (size_t i = 0; i < traces.size(); ++i) {
    const Trace& trace = traces[i];
    EXPECT_TRUE(ids.insert(trace.id()).second);
    EXPECT_EQ(trace.id(), TraceId(trace));
    EXPECT_EQ(trace.sampling().sample_index(), static_cast<int>(i % 3));
    EXPECT_EQ(trace.sampling().seed(), 5u);
    EXPECT_TRUE(trace.sampling().exact());
    EXPECT_EQ(trace.teacher().revision(), "seed 1");
    EXPECT_GT(trace.prompt_ids_size(), 0);
    EXPECT_EQ(trace.output_ids_size(), trace.output_logprobs_size());
    const OutputParts parts = SplitOutput(trace.raw_output());
    EXPECT_EQ(trace.has_think(), parts.well_formed);
    if (i % 3 != 0) {
      EXPECT_EQ(trace.problem().id(), traces[i - 1].problem().id());
    } else if (i > 0) {
      EXPECT_GT(trace.problem().id(), traces[i - 1].problem().id());
    }
  }
}

TEST_F(GenerateStageTest, SignalsCoverEveryOutputToken) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(Undisturbed("run")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(artefact, kTracesFile));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const std::vector<TeacherSignal> signals,
      ReadArtefact<TeacherSignal>(artefact, kSignalsFile));
  ASSERT_EQ(signals.size(), traces.size());
  for (size_t i = 0; i < traces.size(); ++i) {
    EXPECT_EQ(signals[i].trace_id(), traces[i].id());
    EXPECT_EQ(signals[i].key(), SignalKey(signals[i]));
    EXPECT_EQ(signals[i].num_tokens(),
              static_cast<uint32_t>(traces[i].output_ids_size()));
    EXPECT_EQ(signals[i].token_ids_hash(),
              TokenIdsHash(traces[i].prompt_ids(), traces[i].output_ids()));
    EXPECT_EQ(signals[i].teacher_revision(), "seed 1");
  }
}

TEST_F(GenerateStageTest, LogprobsOfTheDistributionSampledFromAreWritten) {
  options_.set_temperature(0.7);
  options_.set_top_p(0.8);
  options_.set_capture_top_k(1 << 10);  // the whole vocabulary
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(Undisturbed("run")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(artefact, kTracesFile));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const std::vector<TeacherSignal> signals,
      ReadArtefact<TeacherSignal>(artefact, kSignalsFile));
  ASSERT_EQ(signals.size(), traces.size());
  double largest_difference = 0;
  for (size_t i = 0; i < traces.size(); ++i) {
    const Trace& trace = traces[i];
    ASSERT_EQ(trace.sampling_logprobs_size(), trace.output_ids_size());
    LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns all,
                                 ReadTopKSignal(signals[i]));
    size_t first = 0;
    for (int t = 0; t < trace.output_ids_size(); ++t) {
      const size_t count = all.counts[static_cast<size_t>(t)];
      TopKColumns row;
      row.Append(absl::MakeConstSpan(all.ids).subspan(first, count),
                 absl::MakeConstSpan(all.logprobs).subspan(first, count), 0);
      first += count;
      // Both sides were rounded to float once: logprobs of size 10 to 1e-6.
      EXPECT_NEAR(trace.sampling_logprobs(t),
                  NucleusLogprob(row, trace.output_ids(t), trace.sampling()),
                  1e-5);
      largest_difference = std::max<double>(
          largest_difference,
          std::abs(trace.sampling_logprobs(t) - trace.output_logprobs(t)));
    }
  }
  EXPECT_GT(largest_difference, 0.1);
}

TEST_F(GenerateStageTest, SamplingFromTheModelItselfNeedsNoSecondLogprobs) {
  options_.set_top_p(1.0);
  const auto traces_of = [&](const std::string& name) {
    const auto artefact = Artefact::Open(Undisturbed(name));
    return *ReadArtefact<Trace>(*artefact, kTracesFile);
  };
  for (const Trace& trace : traces_of("plain")) {
    EXPECT_EQ(trace.sampling_logprobs_size(), 0);
    EXPECT_GT(trace.output_logprobs_size(), 0);
  }
  options_.set_temperature(0.0);  // greedy: all the mass on one token
  for (const Trace& trace : traces_of("greedy")) {
    ASSERT_EQ(trace.sampling_logprobs_size(), trace.output_ids_size());
    for (const float logprob : trace.sampling_logprobs()) {
      EXPECT_EQ(logprob, 0.0f);
    }
  }
}

TEST_F(GenerateStageTest, RowsAndPartitionsDoNotMixSamplesUp) {
  // The same problems in one partition give the same traces.
  const std::string two = Undisturbed("two");
  problems_ = WriteProblems(MakeProblems(14), 1, directory_.File("one_part"));
  const StageRun run = Run("one");
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  LIMBECK_ASSERT_OK(GenerateWith(*sampler, options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 1));
  const auto read = [](const std::string& directory) {
    const auto artefact = Artefact::Open(directory);
    const auto traces = ReadArtefact<Trace>(*artefact, kTracesFile);
    std::vector<std::string> texts;
    for (const Trace& trace : *traces) {
      texts.push_back(trace.SerializeAsString());
    }
    return texts;
  };
  EXPECT_EQ(read(two), read(run.directory));
}

TEST_F(GenerateStageTest, ResumedRunsGiveTheSameBytes) {
  const std::string expected = Undisturbed("expected");
  for (const uint64_t stop : {1u, 20u, 41u}) {
    const std::string name = absl::StrCat("stopped", stop);
    Stopped(name, stop);
    const std::unique_ptr<Sampler> inner = MakeSampler();
    CountingSampler sampler(*inner);
    const StageRun run = Run(name);
    LIMBECK_ASSERT_OK(GenerateWith(sampler, options_, run));
    LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
    EXPECT_EQ(CompareFileTrees(expected, run.directory), "") << stop;
    EXPECT_LE(sampler.submitted, 42 - static_cast<int>(stop));
  }
}

// A kill leaves any prefix of the journal.
TEST_F(GenerateStageTest, JournalCutAtAnyByteGivesTheSameBytes) {
  problems_ = WriteProblems(MakeProblems(4), 1, directory_.File("few"));
  options_.set_samples_per_problem(2);
  options_.set_max_tokens(6);
  options_.set_rows(2);
  const StageRun whole = Run("expected");
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  LIMBECK_ASSERT_OK(GenerateWith(*sampler, options_, whole));
  const std::string journal = FindJournal(Stopped("stopped", 6));
  ASSERT_FALSE(journal.empty());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(journal));
  for (size_t cut = 0; cut < bytes.size(); cut += 149) {
    const StageRun run = Run(absl::StrCat("cut", cut));
    const std::string partition = PartitionPath(run.directory, 0);
    LIMBECK_ASSERT_OK(MakeDirectories(partition));
    LIMBECK_ASSERT_OK(WriteFileAtomically(
        JoinPath(partition, BaseName(journal)), bytes.substr(0, cut)));
    LIMBECK_ASSERT_OK(GenerateWith(*sampler, options_, run));
    ASSERT_EQ(CompareFileTrees(whole.directory, run.directory), "")
        << "cut at " << cut;
  }
}

TEST_F(GenerateStageTest, FinishedPartitionsAreNotDoneAgain) {
  const std::string directory = Undisturbed("run");
  const std::unique_ptr<Sampler> inner = MakeSampler();
  CountingSampler sampler(*inner);
  LIMBECK_ASSERT_OK(GenerateWith(sampler, options_, Run("run")));
  EXPECT_EQ(sampler.submitted, 0);
  // One partition lost: only that one is made again.
  const auto before = ReadFileTree(PartitionPath(directory, 1));
  LIMBECK_ASSERT_OK(RemoveTree(PartitionPath(directory, 1)));
  LIMBECK_ASSERT_OK(GenerateWith(sampler, options_, Run("run")));
  EXPECT_GT(sampler.submitted, 0);
  EXPECT_LT(sampler.submitted, 42);
  EXPECT_EQ(ReadFileTree(PartitionPath(directory, 1)), before);
}

TEST_F(GenerateStageTest, JournalLeftBehindByAKillAfterCommitIsRemoved) {
  const std::string directory = Undisturbed("run");
  const std::string stopped = Stopped("stopped", 3);
  const std::string journal = FindJournal(stopped);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(journal));
  const std::string left =
      JoinPath(PartitionPath(directory, 0), BaseName(journal));
  LIMBECK_ASSERT_OK(WriteFileAtomically(left, bytes));
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  LIMBECK_ASSERT_OK(GenerateWith(*sampler, options_, Run("run")));
  EXPECT_FALSE(FileExists(left));
}

TEST_F(GenerateStageTest, MoreSamplesReuseTheFinishedOnes) {
  Undisturbed("grown");
  options_.set_samples_per_problem(5);
  const std::string expected = Undisturbed("fresh");
  const std::unique_ptr<Sampler> inner = MakeSampler();
  CountingSampler sampler(*inner);
  const StageRun run = Run("grown");
  LIMBECK_ASSERT_OK(GenerateWith(sampler, options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
  EXPECT_EQ(sampler.submitted, 14 * 2);
  EXPECT_EQ(CompareFileTrees(expected, run.directory), "");
}

TEST_F(GenerateStageTest, FewerSamplesReuseTheFinishedOnes) {
  Undisturbed("shrunk");
  options_.set_samples_per_problem(1);
  const std::string expected = Undisturbed("fresh");
  const std::unique_ptr<Sampler> inner = MakeSampler();
  CountingSampler sampler(*inner);
  const StageRun run = Run("shrunk");
  LIMBECK_ASSERT_OK(GenerateWith(sampler, options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
  EXPECT_EQ(sampler.submitted, 0);
  EXPECT_EQ(CompareFileTrees(expected, run.directory), "");
}

TEST_F(GenerateStageTest, OtherRowsReuseTheFinishedSamples) {
  Undisturbed("run");
  options_.set_rows(3);
  const std::unique_ptr<Sampler> inner = MakeSampler();
  CountingSampler sampler(*inner);
  LIMBECK_ASSERT_OK(GenerateWith(sampler, options_, Run("run")));
  EXPECT_EQ(sampler.submitted, 0);
}

TEST_F(GenerateStageTest, OtherSettingsReuseNothing) {
  Undisturbed("run");
  options_.set_temperature(0.7);
  const std::unique_ptr<Sampler> inner = MakeSampler();
  CountingSampler sampler(*inner);
  LIMBECK_ASSERT_OK(GenerateWith(sampler, options_, Run("run")));
  EXPECT_EQ(sampler.submitted, 42);
}

TEST_F(GenerateStageTest, PromptsLongerThanTheContextAreCountedRejections) {
  std::vector<Problem> problems = MakeProblems(3);
  problems[1].mutable_messages(0)->set_content(std::string(300, 'z'));
  problems[1].set_id(ProblemId(problems[1]));
  problems_ = WriteProblems(problems, 1, directory_.File("long"));
  const StageRun run = Run("run");
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  LIMBECK_ASSERT_OK(GenerateWith(*sampler, options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 1));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(run.directory));
  EXPECT_EQ(artefact.manifest().counts().in(), 9u);
  EXPECT_EQ(artefact.manifest().counts().out(), 6u);
  EXPECT_EQ(artefact.manifest().counts().rejected(), 3u);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Rejection> rejections,
                               ReadArtefact<Rejection>(artefact, kRejectsFile));
  ASSERT_EQ(rejections.size(), 3u);
  for (const Rejection& rejection : rejections) {
    EXPECT_EQ(rejection.reason(), REJECTION_REASON_PROMPT_TOO_LONG);
    EXPECT_GT(rejection.value(), 300.0);
    EXPECT_EQ(rejection.threshold(), 160.0);
    EXPECT_EQ(rejection.stage(), "generate");
    EXPECT_EQ(rejection.trace().problem().id(), problems[1].id());
  }
  EXPECT_EQ(rejections[2].trace().sampling().sample_index(), 2);
}

TEST_F(GenerateStageTest, ATeacherThatNeverStopsIsCutAndSaysSo) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(Undisturbed("run")));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(artefact, kTracesFile));
  for (const Trace& trace : traces) {
    ASSERT_LE(trace.output_ids_size(), 12);
    EXPECT_EQ(trace.finish_reason() == FINISH_REASON_LENGTH,
              trace.output_ids_size() == 12 && trace.output_ids(11) != 261u);
  }
}

TEST_F(GenerateStageTest, NoProblemsIsAnErrorThatNamesThePlace) {
  problems_ = WriteProblems({}, 2, directory_.File("empty"));
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  EXPECT_THAT(
      GenerateWith(*sampler, options_, Run("run")),
      IsError(absl::StatusCode::kFailedPrecondition, "empty holds 0 problems"));
}

TEST_F(GenerateStageTest, TheSameProblemTwiceIsMerged) {
  std::vector<Problem> problems = MakeProblems(3);
  problems.push_back(problems[0]);
  problems_ = WriteProblems(problems, 1, directory_.File("twice"));
  const StageRun run = Run("run");
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  LIMBECK_ASSERT_OK(GenerateWith(*sampler, options_, run));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Manifest manifest,
                               ReadManifest(PartitionPath(run.directory, 0)));
  EXPECT_EQ(manifest.counts().in(), 12u);
  EXPECT_EQ(manifest.counts().out(), 9u);
  EXPECT_EQ(manifest.counts().merged(), 3u);
}

TEST_F(GenerateStageTest, ProgressAndCostAreReported) {
  StageRun run = Run("run");
  StoppingProgress progress;
  CountingCost cost;
  run.context.progress = &progress;
  run.context.cost = &cost;
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  LIMBECK_ASSERT_OK(GenerateWith(*sampler, options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
  EXPECT_EQ(progress.total, 42u);
  EXPECT_EQ(progress.last_done, 42u);
  EXPECT_EQ(progress.last_unit, "samples");
  EXPECT_THAT(progress.last_detail, ::testing::HasSubstr("tokens/s"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(run.directory));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(artefact, kTracesFile));
  uint64_t prompt = 0;
  uint64_t generated = 0;
  for (const Trace& trace : traces) {
    prompt += static_cast<uint64_t>(trace.prompt_ids_size());
    generated += static_cast<uint64_t>(trace.output_ids_size());
  }
  EXPECT_EQ(cost.prompt, prompt);
  EXPECT_EQ(cost.generated, generated);
}

TEST_F(GenerateStageTest, ReferenceSolutionsBecomeTraces) {
  std::vector<Problem> problems = MakeProblems(5);
  problems[2].clear_reference_solution();
  problems_ = WriteProblems(problems, 2, directory_.File("solved"));
  GenerateOptions reference;
  reference.set_teacher(GenerateOptions::KIND_REFERENCE);
  reference.set_teacher_licence("CC0");
  LIMBECK_ASSERT_OK_AND_ASSIGN(reference, ResolveOptions(reference));
  const StageRun run = MakeRun("run", "generate", reference, {problems_});
  LIMBECK_ASSERT_OK(RunGenerateStage(reference, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(run.directory));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(artefact, kTracesFile));
  ASSERT_EQ(traces.size(), 4u);
  for (const Trace& trace : traces) {
    EXPECT_EQ(trace.teacher().name(), "reference");
    EXPECT_EQ(trace.teacher().licence(), "CC0");
    EXPECT_EQ(trace.finish_reason(), FINISH_REASON_STOP);
    ASSERT_TRUE(trace.has_answer());
    EXPECT_EQ(trace.raw_output().substr(
                  trace.answer().begin(),
                  trace.answer().end() - trace.answer().begin()),
              absl::StrCat("\\boxed{", trace.problem().gold_answer(), "}"));
  }
  ASSERT_EQ(artefact.manifest().counts().rejected_by_reason_size(), 1);
  EXPECT_EQ(artefact.manifest().counts().rejected_by_reason(0).reason(),
            "REJECTION_REASON_NO_RECORDED_TRACE");
}

TEST_F(GenerateStageTest, RunsFromACheckpointFolder) {
  std::vector<std::string> sentences;
  for (const Problem& problem : MakeProblems(60)) {
    sentences.push_back(problem.messages(0).content());
    sentences.push_back(problem.reference_solution());
  }
  SentencePieceTrainerOptions trainer;
  trainer.vocab_size = 290;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string pieces,
                               TrainSentencePiece(trainer, sentences));
  const std::string tokenizer = directory_.File("tokenizer");
  LIMBECK_ASSERT_OK(WriteTokenizerFolder(pieces, tokenizer));
  ModelConfig config = TinyTeacherConfig();
  config.vocab_size = 290;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Model model, MakeRandomModel(config, 3));
  StageInput input;
  input.name = "teacher";
  input.is_model = true;
  input.directory = directory_.File("model");
  LIMBECK_ASSERT_OK(SaveCheckpoint(model, {.tokenizer_directory = tokenizer},
                                   input.directory));

  const StageRun run = MakeRun("run", "generate", options_, {problems_, input});
  LIMBECK_ASSERT_OK(RunGenerateStage(options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(run.directory));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Trace> traces,
                               ReadArtefact<Trace>(artefact, kTracesFile));
  ASSERT_EQ(traces.size(), 42u);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string digest,
                               CheckpointDigest(input.directory));
  EXPECT_EQ(traces[0].teacher().name(), "teacher");
  EXPECT_EQ(traces[0].teacher().revision(), digest);
}

TEST_F(GenerateStageTest, LocalTeacherNeedsAModel) {
  EXPECT_THAT(RunGenerateStage(options_, Run("run")),
              IsError(absl::StatusCode::kInvalidArgument,
                      "needs a model or a training stage as input; it has "
                      "[problems]"));
}

}  // namespace
}  // namespace limbeck
