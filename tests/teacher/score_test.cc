// The local scorer and the scoring stage, against what generation captured and
// against log-softmax over unpacked sequences.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "data/record/journal.h"
#include "data/stages/artefact.h"
#include "data/stages/record_id.h"
#include "student/forward.h"
#include "teacher/generate_stage.h"
#include "teacher/local_sampler.h"
#include "teacher/local_scorer.h"
#include "teacher/options_defaults.h"
#include "teacher/score_batches.h"
#include "teacher/score_stage.h"
#include "teacher/signal_records.h"
#include "tests/support/file_tree.h"
#include "tests/teacher/stage_fixture.h"
#include "tests/teacher/tiny_teacher.h"

namespace limbeck {
namespace {

ScoreRequest PackedRequest(int top_k) {
  ScoreRequest request;
  request.starts = {0};
  for (const int64_t length : {5, 1, 30, 12}) {
    for (int64_t t = 0; t < length; ++t) {
      request.ids.push_back((request.starts.back() * 7 + t * t * 3) % 262);
    }
    request.starts.push_back(static_cast<int64_t>(request.ids.size()));
  }
  request.top_k = top_k;
  return request;
}

TEST(LocalScorer, AgreesWithLogSoftmaxOfEachSequenceAlone) {
  const ModelInput teacher = MakeTinyTeacher();
  const auto scorer = MakeLocalScorer(teacher.model, teacher.identity, {7});
  ScoreRequest request = PackedRequest(6);
  request.hidden = true;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ScoreResult scored,
                               scorer->Score(request));
  const ModelConfig& config = teacher.model->config;
  for (size_t i = 0; i + 1 < request.starts.size(); ++i) {
    const int64_t start = request.starts[i];
    const int64_t length = request.starts[i + 1] - start;
    const std::vector<int64_t> ids(request.ids.begin() + start,
                                   request.ids.begin() + start + length);
    const at::Tensor hidden = ForwardPacked(
        config, ParameterStore(teacher.model->weights),
        MakePackedLayout(config, {0, length}, at::kFloat), at::tensor(ids));
    const at::Tensor reference = at::log_softmax(
        at::matmul(hidden, teacher.model->weights.head.t()).to(at::kDouble), 1);
    EXPECT_LT((scored.hidden.narrow(0, start, length) - hidden)
                  .abs()
                  .max()
                  .item<double>(),
              1e-5);
    for (int64_t t = 0; t < length; ++t) {
      const double logprob = scored.logprobs[start + t].item<double>();
      if (t + 1 == length) {
        EXPECT_EQ(logprob, 0.0);
      } else {
        EXPECT_NEAR(
            logprob,
            reference[t][ids[static_cast<size_t>(t + 1)]].item<double>(), 1e-5);
      }
      const auto [top, top_ids] = reference[t].topk(6);
      EXPECT_TRUE(scored.top_ids[start + t].equal(top_ids));
      EXPECT_LT(
          (scored.top_logprobs[start + t] - top).abs().max().item<double>(),
          1e-5);
      const double tail = std::log1p(-top.exp().sum().item<double>());
      EXPECT_NEAR(scored.tail_logprob[start + t].item<double>(), tail, 1e-5);
    }
  }
}

TEST(LocalScorer, HeadInPiecesGivesTheSameNumbers) {
  const ModelInput teacher = MakeTinyTeacher();
  const ScoreRequest request = PackedRequest(4);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const ScoreResult whole,
      MakeLocalScorer(teacher.model, teacher.identity)->Score(request));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const ScoreResult pieces,
      MakeLocalScorer(teacher.model, teacher.identity, {5})->Score(request));
  EXPECT_TRUE(at::allclose(whole.logprobs, pieces.logprobs, 0.0, 1e-5));
  EXPECT_TRUE(whole.top_ids.equal(pieces.top_ids));
}

TEST(LocalScorer, PaddingColumnsCanBeMasked) {
  const ModelInput teacher = MakeTinyTeacher();
  const auto scorer = MakeLocalScorer(teacher.model, teacher.identity);
  ScoreRequest request = PackedRequest(0);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ScoreResult whole, scorer->Score(request));
  request.num_valid_columns = 262;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const ScoreResult masked,
                               scorer->Score(request));
  EXPECT_FALSE(whole.top_ids.defined());
  // Less mass to share: every log-probability rises.
  for (int64_t t = 0; t < 4; ++t) {
    EXPECT_GT(masked.logprobs[t].item<float>(),
              whole.logprobs[t].item<float>());
  }
}

TEST(LocalScorer, BadRequestsNameBothValues) {
  const ModelInput teacher = MakeTinyTeacher();
  const auto scorer = MakeLocalScorer(teacher.model, teacher.identity);
  const auto refused = [&scorer](const ScoreRequest& request,
                                 const char* text) {
    EXPECT_THAT(scorer->Score(request),
                IsError(absl::StatusCode::kInvalidArgument, text));
  };
  ScoreRequest request = PackedRequest(2);
  request.starts.back() += 1;
  refused(request, "must go from 0 to the 48 ids");
  request = PackedRequest(2);
  request.starts = {0, 20, 20, 48};
  refused(request, "sequence 1 has 0 tokens");
  request = PackedRequest(2);
  request.ids[3] = 264;
  refused(request, "id 264 at 3, the head has 264 columns");
  request = PackedRequest(300);
  refused(request, "top_k is 300, the head has 264");
  request = PackedRequest(2);
  request.num_valid_columns = 999;
  refused(request, "num_valid_columns is 999");
  request.num_valid_columns = -1;
  request.ids.assign(161, 1);
  request.starts = {0, 161};
  refused(request, "sequence 0 has 161 tokens, the model takes 1 to 160");
  refused(ScoreRequest(), "0 starts");
}

TEST(PlanBatches, FillsBatchesInOrder) {
  std::vector<TokenizedSample> samples(5);
  const int lengths[] = {4, 4, 9, 1, 2};
  for (size_t i = 0; i < samples.size(); ++i) {
    for (int t = 0; t < lengths[i]; ++t) samples[i].add_ids(1);
  }
  std::vector<size_t> sizes;
  for (const auto& batch : PlanBatches(samples, 8)) {
    sizes.push_back(batch.size());
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{2, 1, 2}));
  EXPECT_TRUE(PlanBatches({}, 8).empty());
}

class ScoreStageTest : public TeacherStageTest {
 protected:
  ScoreStageTest() : teacher_(MakeTinyTeacher()) {
    options_.set_top_k(5);
    options_.set_batch_tokens(150);
    options_ = *ResolveOptions(options_);
    Generate();
  }

  // Traces with captured signals, and samples made from their ids.
  void Generate() {
    GenerateOptions generate;
    generate.set_samples_per_problem(2);
    generate.set_max_tokens(20);
    generate.set_capture_top_k(5);
    generate = *ResolveOptions(generate);
    const StageInput problems =
        WriteProblems(MakeProblems(9), 2, directory_.File("problems"));
    const StageRun run = MakeRun("traces", "generate", generate, {problems});
    LocalSamplerOptions local;
    local.identity = teacher_.identity;
    const auto sampler =
        *CreateLocalSampler(teacher_.model, teacher_.tokenizer, local);
    LIMBECK_EXPECT_OK(GenerateWith(*sampler, generate, run));
    LIMBECK_EXPECT_OK(FinishArtefact(run, 2));
    const auto traces = Artefact::Open(run.directory);
    captured_ = *ReadArtefact<TeacherSignal>(*traces, kSignalsFile);
    for (int partition = 0; partition < 2; ++partition) {
      samples_.emplace_back();
      const std::vector<Trace> read =
          *ReadShard<Trace>(traces->Path(partition, kTracesFile));
      for (const Trace& trace : read) {
        TokenizedSample& sample = samples_.back().emplace_back();
        sample.set_trace_id(trace.id());
        *sample.mutable_ids() = trace.prompt_ids();
        sample.set_output_start(static_cast<uint32_t>(sample.ids_size()));
        sample.mutable_ids()->MergeFrom(trace.output_ids());
        sample.set_token_ids_hash(
            TokenIdsHash(trace.prompt_ids(), trace.output_ids()));
      }
    }
  }

  StageInput WriteSamples(const std::string& name,
                          const std::string& fingerprint = "byte-tokenizer") {
    StageRun run = MakeRun(name, "tokenize", options_, {});
    LIMBECK_EXPECT_OK(MapPartitions(
        run, 2, [&](int partition, PartitionWriter& writer) -> absl::Status {
          writer.set_tokenizer_fingerprint(fingerprint);
          LIMBECK_RETURN_IF_ERROR(
              writer.Touch(kSamplesFile, *TokenizedSample::descriptor()));
          for (const TokenizedSample& sample :
               samples_[static_cast<size_t>(partition)]) {
            writer.CountIn();
            writer.CountOut();
            LIMBECK_RETURN_IF_ERROR(writer.Write(kSamplesFile, sample));
          }
          return absl::OkStatus();
        }));
    LIMBECK_EXPECT_OK(FinishArtefact(run, 2));
    StageInput input;
    input.name = "samples";
    input.directory = run.directory;
    input.content_digest = ReadManifest(run.directory)->content_digest();
    return input;
  }

  const ModelInput teacher_;
  ScoreOptions options_;
  std::vector<TeacherSignal> captured_;
  std::vector<std::vector<TokenizedSample>> samples_;  // by partition
};

TEST_F(ScoreStageTest, ScoresEqualWhatGenerationCaptured) {
  const StageRun run =
      MakeRun("scored", "score", options_, {WriteSamples("samples")});
  LIMBECK_ASSERT_OK(ScoreWith(teacher_, options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(run.directory));
  EXPECT_EQ(artefact.manifest().counts().in(), 18u);
  EXPECT_EQ(artefact.manifest().counts().out(), 18u);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const std::vector<TeacherSignal> scored,
      ReadArtefact<TeacherSignal>(artefact, kSignalsFile));
  ASSERT_EQ(scored.size(), captured_.size());
  double largest = 0.0;
  for (size_t i = 0; i < scored.size(); ++i) {
    EXPECT_EQ(scored[i].key(), captured_[i].key());
    LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns a,
                                 ReadTopKSignal(scored[i]));
    LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns b,
                                 ReadTopKSignal(captured_[i]));
    EXPECT_EQ(a.ids, b.ids);
    ASSERT_EQ(a.logprobs.size(), b.logprobs.size());
    for (size_t j = 0; j < a.logprobs.size(); ++j) {
      largest = std::max(largest, std::abs(static_cast<double>(a.logprobs[j] -
                                                               b.logprobs[j])));
    }
    for (size_t j = 0; j < a.tail_logprobs.size(); ++j) {
      largest =
          std::max(largest, std::abs(static_cast<double>(a.tail_logprobs[j] -
                                                         b.tail_logprobs[j])));
    }
  }
  EXPECT_LT(largest, 1e-5);
}

TEST_F(ScoreStageTest, JournalCutAtAnyByteGivesTheSameBytes) {
  const StageInput input = WriteSamples("samples");
  const StageRun whole = MakeRun("whole", "score", options_, {input});
  LIMBECK_ASSERT_OK(ScoreWith(teacher_, options_, whole));
  StageRun stopped = MakeRun("stopped", "score", options_, {input});
  StoppingProgress progress;
  progress.stop_at = samples_[0].size();
  stopped.context.progress = &progress;
  stopped.context.cancel = &progress.token;
  EXPECT_THAT(ScoreWith(teacher_, options_, stopped),
              IsError(absl::StatusCode::kCancelled, "before batch"));
  const std::string journal = FindJournal(stopped.directory);
  ASSERT_FALSE(journal.empty());
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(journal));
  ASSERT_GT(bytes.size(), 500u);
  for (size_t cut = 0; cut <= bytes.size(); cut += 1009) {
    const StageRun run =
        MakeRun(absl::StrCat("cut", cut), "score", options_, {input});
    const std::string path =
        JoinPath(PartitionPath(run.directory, 0), BaseName(journal));
    LIMBECK_ASSERT_OK(MakeDirectories(DirName(path)));
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, bytes.substr(0, cut)));
    LIMBECK_ASSERT_OK(ScoreWith(teacher_, options_, run));
    ASSERT_EQ(CompareFileTrees(whole.directory, run.directory), "")
        << "cut at " << cut;
  }
}

TEST_F(ScoreStageTest, JournalOfOtherWorkIsDropped) {
  const StageInput input = WriteSamples("samples");
  const StageRun whole = MakeRun("whole", "score", options_, {input});
  LIMBECK_ASSERT_OK(ScoreWith(teacher_, options_, whole));
  StageRun run = MakeRun("other", "score", options_, {input});
  const std::string path =
      JoinPath(PartitionPath(run.directory, 0), "score.journal");
  LIMBECK_ASSERT_OK(MakeDirectories(DirName(path)));
  LIMBECK_ASSERT_OK(Journal::Open(path, "some other work"));
  LIMBECK_ASSERT_OK(ScoreWith(teacher_, options_, run));
  EXPECT_EQ(CompareFileTrees(whole.directory, run.directory), "");
}

TEST_F(ScoreStageTest, SamplesTheModelCannotTakeAreRejected) {
  TokenizedSample longest = samples_[0][0];
  while (longest.ids_size() <= 160) longest.add_ids(3);
  samples_[0].push_back(longest);
  TokenizedSample foreign = samples_[0][0];
  foreign.set_ids(2, 262);
  samples_[0].push_back(foreign);
  TokenizedSample no_context = samples_[0][0];
  no_context.set_output_start(static_cast<uint32_t>(no_context.ids_size()));
  samples_[0].push_back(no_context);
  const StageRun run =
      MakeRun("scored", "score", options_, {WriteSamples("samples")});
  LIMBECK_ASSERT_OK(ScoreWith(teacher_, options_, run));
  LIMBECK_ASSERT_OK(FinishArtefact(run, 2));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Artefact artefact,
                               Artefact::Open(run.directory));
  EXPECT_EQ(artefact.manifest().counts().in(), 21u);
  EXPECT_EQ(artefact.manifest().counts().rejected(), 3u);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<Rejection> rejections,
                               ReadArtefact<Rejection>(artefact, kRejectsFile));
  ASSERT_EQ(rejections.size(), 3u);
  EXPECT_EQ(rejections[0].reason(), REJECTION_REASON_TOO_LONG);
  EXPECT_EQ(rejections[0].value(), 161.0);
  EXPECT_EQ(rejections[0].threshold(), 160.0);
  EXPECT_EQ(rejections[1].value(), 262.0);
  EXPECT_EQ(rejections[2].reason(), REJECTION_REASON_BAD_RECORD);
}

TEST_F(ScoreStageTest, PlainTextIsScoredFromItsSecondToken) {
  TokenizedSample text = samples_[0][0];
  text.set_output_start(0);
  const auto scorer = MakeLocalScorer(teacher_.model, teacher_.identity);
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const std::vector<TeacherSignal> signals,
      ScoreBatch({&text, 1}, {5, LOGPROB_CODEC_FLOAT32, 262}, *scorer));
  ASSERT_EQ(signals.size(), 1u);
  EXPECT_EQ(signals[0].first_token(), 1u);
  EXPECT_EQ(signals[0].num_tokens(),
            static_cast<uint32_t>(text.ids_size()) - 1);
}

TEST_F(ScoreStageTest, OtherTokenizersAreRefused) {
  const StageRun run = MakeRun("scored", "score", options_,
                               {WriteSamples("samples", "another-tokenizer")});
  EXPECT_THAT(ScoreWith(teacher_, options_, run),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "were tokenized with another-tokenizer"));
}

}  // namespace
}  // namespace limbeck
