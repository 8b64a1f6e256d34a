#include "data/stages/tokenize.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "data/base/digest.h"
#include "data/stages/record_id.h"
#include "data/stages/recount.h"
#include "data/stages/tokenize_trace.h"
#include "data/stages/train_tokenizer.h"
#include "data/text/reasoning_format.h"
#include "gtest/gtest.h"
#include "tests/data/stages/byte_tokenizer.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr char kPrompt[] =
    "<|user|>How many apples has number 7?<|end|><|assistant|><think>\n";

TraceTokenizer Make(TokenizeOptions::Target target) {
  TokenizeOptions options;
  options.set_target(target);
  auto tokenizer = TraceTokenizer::Create(std::make_shared<ByteTokenizer>(),
                                          *ResolveOptions(options));
  EXPECT_THAT(tokenizer, IsOk());
  return *std::move(tokenizer);
}

TokenizedSample SampleOf(const TraceTokenizer& tokenizer, const Trace& trace) {
  auto result = tokenizer.Tokenize(trace);
  EXPECT_THAT(result, IsOk());
  EXPECT_FALSE(result->rejection.has_value());
  return result->sample;
}

RejectionReason ReasonOf(const TraceTokenizer& tokenizer, const Trace& trace) {
  auto result = tokenizer.Tokenize(trace);
  EXPECT_THAT(result, IsOk());
  return result->rejection ? result->rejection->reason()
                           : REJECTION_REASON_UNSPECIFIED;
}

std::string TextOf(const TokenizedSample& sample, size_t begin, size_t end) {
  std::vector<int32_t> ids;
  for (size_t i = begin; i < end; ++i) {
    ids.push_back(static_cast<int32_t>(sample.ids(static_cast<int>(i))));
  }
  return *ByteTokenizer().Decode(ids);
}

// The text of the prompt, and the text that carries loss.
std::pair<std::string, std::string> Parts(const TokenizedSample& sample) {
  EXPECT_EQ(sample.loss_runs_size(), 1);
  const LossRun& run = sample.loss_runs(0);
  EXPECT_EQ(run.start() + run.length(), sample.ids_size());
  return {TextOf(sample, 0, run.start()),
          TextOf(sample, run.start(), run.start() + run.length())};
}

TEST(TokenizeTrace, LossIsOnTheWholeOutputWithItsEndToken) {
  const Trace trace =
      MakeTraceWithOutput(MakeProblem(7), 0, "six\n</think>\\boxed{7}");
  const TokenizedSample sample =
      SampleOf(Make(TokenizeOptions::TARGET_TRACE), trace);
  const auto [prompt, loss] = Parts(sample);
  EXPECT_EQ(prompt, kPrompt);
  EXPECT_EQ(loss, "six\n</think>\\boxed{7}<|end|>");
  EXPECT_EQ(sample.output_start(), sample.loss_runs(0).start());
  EXPECT_EQ(sample.trace_id(), trace.id());
  EXPECT_EQ(sample.problem_id(), trace.problem().id());
  EXPECT_EQ(sample.weight(), 1.0f);
  std::vector<uint32_t> ids(sample.ids().begin(), sample.ids().end());
  const size_t split = sample.output_start();
  EXPECT_EQ(sample.token_ids_hash(),
            TokenIdsHash(absl::MakeSpan(ids).first(split),
                         absl::MakeSpan(ids).subspan(split)));
}

TEST(TokenizeTrace, CutOffTraceLearnsNoEnd) {
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, "thinks on and");
  trace.set_finish_reason(FINISH_REASON_LENGTH);
  EXPECT_EQ(Parts(SampleOf(Make(TokenizeOptions::TARGET_TRACE), trace)).second,
            "thinks on and");
}

TEST(TokenizeTrace, OwnOpenTagAndEndTagAreNotDoubled) {
  const Trace trace = MakeTraceWithOutput(
      MakeProblem(7), 0, "<think>\nsix</think>\\boxed{7}<|end|>");
  EXPECT_EQ(Parts(SampleOf(Make(TokenizeOptions::TARGET_TRACE), trace)).second,
            "six</think>\\boxed{7}<|end|>");
}

TEST(TokenizeTrace, AnswerOnlyHasAnEmptyThought) {
  const TraceTokenizer tokenizer = Make(TokenizeOptions::TARGET_ANSWER_ONLY);
  const auto [prompt, loss] = Parts(SampleOf(
      tokenizer, MakeTraceWithOutput(MakeProblem(7), 0, "six</think>7!")));
  EXPECT_EQ(prompt, kPrompt);
  EXPECT_EQ(loss, "</think>7!<|end|>");
  EXPECT_EQ(ReasonOf(tokenizer,
                     MakeTraceWithOutput(MakeProblem(7), 0, "no close tag")),
            REJECTION_REASON_FORMAT);
}

TEST(TokenizeTrace, PlainTextCarriesLossFromTheSecondToken) {
  Trace trace;
  trace.set_id("id");
  trace.set_raw_output("1+1=2");
  const TraceTokenizer tokenizer = Make(TokenizeOptions::TARGET_PLAIN_TEXT);
  const TokenizedSample sample = SampleOf(tokenizer, trace);
  const auto [first, loss] = Parts(sample);
  EXPECT_EQ(first, "1");
  EXPECT_EQ(loss, "+1=2<|end|>");
  EXPECT_EQ(sample.output_start(), 0);
  trace.clear_raw_output();
  EXPECT_EQ(ReasonOf(tokenizer, trace), REJECTION_REASON_TOO_SHORT);
}

Trace WithCapturedIds() {
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, "six</think>\\boxed{7}");
  trace.mutable_teacher()->set_tokenizer_fingerprint("byte-tokenizer");
  for (const uint32_t id : {0u, 65u}) trace.add_prompt_ids(id);
  // Not how the text would be encoded: the sampled ids must win.
  for (const uint32_t id : {100u, 5u, 101u, 3u}) trace.add_output_ids(id);
  return trace;
}

TEST(TokenizeTrace, CapturedIdsAreTakenAsTheyAre) {
  const Trace trace = WithCapturedIds();
  const TokenizedSample sample =
      SampleOf(Make(TokenizeOptions::TARGET_TRACE), trace);
  EXPECT_EQ(std::vector<uint32_t>(sample.ids().begin(), sample.ids().end()),
            (std::vector<uint32_t>{0, 65, 100, 5, 101, 3}));
  EXPECT_EQ(sample.output_start(), 2);
  EXPECT_EQ(sample.loss_runs(0).start(), 2);
  EXPECT_EQ(sample.loss_runs(0).length(), 4);
  EXPECT_EQ(sample.token_ids_hash(), TokenIdsHash({0, 65}, {100, 5, 101, 3}));
}

TEST(TokenizeTrace, CapturedIdsOfAnotherTokenizerAreRefused) {
  Trace trace = WithCapturedIds();
  trace.mutable_teacher()->set_tokenizer_fingerprint("other-tokenizer");
  const absl::Status status =
      Make(TokenizeOptions::TARGET_TRACE).Tokenize(trace).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition,
                              "other-tokenizer"));
  EXPECT_THAT(status,
              IsError(absl::StatusCode::kFailedPrecondition, "byte-tokenizer"));
  // The answer is encoded anew in any case.
  EXPECT_EQ(
      Parts(SampleOf(Make(TokenizeOptions::TARGET_ANSWER_ONLY), trace)).second,
      "</think>\\boxed{7}<|end|>");
}

TEST(TokenizeTrace, CapturedIdsBeyondTheVocabularyAreRefused) {
  Trace trace = WithCapturedIds();
  trace.add_output_ids(266);
  EXPECT_THAT(Make(TokenizeOptions::TARGET_TRACE).Tokenize(trace),
              IsError(absl::StatusCode::kDataLoss,
                      "has token id 266, the vocabulary has 266"));
}

TEST(TokenizeTrace, TagInsideTheQuestionIsRejected) {
  Problem problem = MakeProblem(7);
  problem.mutable_messages(0)->set_content("What does <think> mean?");
  EXPECT_EQ(
      ReasonOf(Make(TokenizeOptions::TARGET_TRACE), MakeTrace(problem, 0, "7")),
      REJECTION_REASON_BAD_RECORD);
}

// A student's template that leaves thoughts to the model, or closes them.
TraceTokenizer MakeOf(const std::string& generation_prompt,
                      TokenizeOptions::Target target,
                      absl::string_view system_prompt = "") {
  TemporaryDirectory folder;
  LIMBECK_EXPECT_OK(WriteFileAtomically(
      folder.File("chat_template.jinja"),
      absl::StrCat("{% for m in messages %}{{ m.role }}: {{ m.content }}"
                   "<|end|>{% endfor %}{% if add_generation_prompt %}",
                   generation_prompt, "{% endif %}")));
  LIMBECK_EXPECT_OK(WriteFileAtomically(folder.File("tokenizer_config.json"),
                                        "{\"eos_token\": \"<|end|>\"}"));
  TokenizeOptions options;
  options.set_target(target);
  if (!system_prompt.empty()) {
    options.mutable_chat()->set_system_prompt(std::string(system_prompt));
  }
  auto format = ChatFormat::Load(folder.path(), options.chat());
  EXPECT_THAT(format, IsOk());
  auto tokenizer = TraceTokenizer::Create(std::make_shared<ByteTokenizer>(),
                                          *ResolveOptions(options), *format);
  EXPECT_THAT(tokenizer, IsOk());
  return *std::move(tokenizer);
}

// As a teacher's trace whose prompt ended with `prefix`.
Trace TraceAfter(absl::string_view prefix, absl::string_view output) {
  Trace trace = MakeTraceWithOutput(MakeProblem(7), 0, std::string(output));
  trace.set_turn_prefix(std::string(prefix));
  trace.clear_think();
  trace.clear_answer();
  return trace;
}

constexpr auto kWhole = TokenizeOptions::TARGET_TRACE;
constexpr auto kAnswer = TokenizeOptions::TARGET_ANSWER_ONLY;

TEST(TokenizeTrace, StudentsTemplateWritesThePrompt) {
  const Trace trace =
      MakeTraceWithOutput(MakeProblem(7), 0, "six\n</think>\n\n7");
  const auto [prompt, loss] =
      Parts(SampleOf(MakeOf("it:<think>\n", kWhole, "brief"), trace));
  EXPECT_EQ(prompt,
            "system: brief<|end|>user: How many apples has number "
            "7?<|end|>it:<think>\n");
  EXPECT_EQ(loss, "six\n</think>\n\n7<|end|>");
}

TEST(TokenizeTrace, TurnIsWholeWhateverOpenedTheThought) {
  const std::string rest = "six\n</think>\n\n7";
  const TraceTokenizer open = MakeOf("it:<think>\n", kWhole);
  const TraceTokenizer none = MakeOf("it:", kWhole);
  const Trace opened = TraceAfter("<think>\n", rest);
  const Trace own = TraceAfter("", absl::StrCat("<think>", rest));
  EXPECT_EQ(Parts(SampleOf(open, opened)).second, rest + "<|end|>");
  EXPECT_EQ(Parts(SampleOf(open, own)).second, rest + "<|end|>");
  EXPECT_EQ(Parts(SampleOf(none, opened)).second,
            absl::StrCat("<think>\n", rest, "<|end|>"));
  EXPECT_EQ(Parts(SampleOf(none, own)).second,
            absl::StrCat("<think>", rest, "<|end|>"));
}

TEST(TokenizeTrace, AnswerWithoutThought) {
  for (const char* prefix : {"", "<think>\n\n</think>\n\n"}) {
    const Trace trace = TraceAfter(prefix, "7");
    for (const auto target : {kWhole, kAnswer}) {
      EXPECT_EQ(Parts(SampleOf(MakeOf("it:", target), trace)).second,
                "7<|end|>");
      EXPECT_EQ(
          Parts(SampleOf(MakeOf("it:<think>\n</think>", target), trace)).second,
          "7<|end|>");
      EXPECT_EQ(Parts(SampleOf(MakeOf("it:<think>\n", target), trace)).second,
                "</think>7<|end|>");
    }
  }
}

TEST(TokenizeTrace, ThoughtIsNotLostBehindAClosedTag) {
  const Trace trace =
      MakeTraceWithOutput(MakeProblem(7), 0, "six\n</think>\n\n7");
  EXPECT_THAT(MakeOf("it:<think>\n\n</think>", kWhole).Tokenize(trace),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "has a thought, but the student's prompt closes it"));
  EXPECT_EQ(
      Parts(SampleOf(MakeOf("it:<think>\n\n</think>", kAnswer), trace)).second,
      "7<|end|>");
}

TEST(TokenizeTrace, OtherCapturedPromptIsTold) {
  Trace trace = WithCapturedIds();
  auto result = Make(kWhole).Tokenize(trace);
  LIMBECK_ASSERT_OK(result);
  EXPECT_TRUE(result->other_prompt);
  trace.clear_prompt_ids();
  const std::vector<int32_t> ids = *ByteTokenizer().Encode(kPrompt);
  for (const int32_t id : ids) {
    trace.add_prompt_ids(static_cast<uint32_t>(id));
  }
  result = Make(kWhole).Tokenize(trace);
  LIMBECK_ASSERT_OK(result);
  EXPECT_FALSE(result->other_prompt);
}

TEST(TokenizeTrace, TokenizerWithoutEndTagIsRefused) {
  EXPECT_THAT(
      TraceTokenizer::Create(std::make_shared<ByteTokenizer>(false),
                             *ResolveOptions(TokenizeOptions())),
      IsError(absl::StatusCode::kFailedPrecondition, "has no token <|end|>"));
}

class TokenizeStageTest : public testing::Test {
 protected:
  TokenizeStageTest() : bench_(2) {
    std::vector<Trace> traces;
    for (int i = 0; i < 30; ++i) {
      traces.push_back(MakeTrace(MakeProblem(i), 0, absl::StrCat(i)));
    }
    bench_.WriteTraces("traces", traces, 3);
  }

  absl::Status TrainTokenizer() {
    TrainTokenizerOptions options;
    options.set_vocab_size(300);
    return bench_.Run("vocabulary", RunTrainTokenizerStage, options,
                      {"traces"});
  }

  Workbench bench_;
};

TEST_F(TokenizeStageTest, WithATrainedVocabulary) {
  LIMBECK_ASSERT_OK(TrainTokenizer());
  const Manifest vocabulary = bench_.Open("vocabulary").manifest();
  EXPECT_EQ(vocabulary.counts().in(), 30);
  EXPECT_EQ(vocabulary.counts().unit(), "documents");
  EXPECT_FALSE(vocabulary.tokenizer_fingerprint().empty());
  LIMBECK_EXPECT_OK(CheckCounts(bench_.Directory("vocabulary")));
  // Either order of the inputs.
  LIMBECK_ASSERT_OK(bench_.Run("samples", RunTokenizeStage, TokenizeOptions(),
                               {"vocabulary", "traces"}));
  LIMBECK_ASSERT_OK(bench_.Run("again", RunTokenizeStage, TokenizeOptions(),
                               {"traces", "vocabulary"}));
  const Artefact samples = bench_.Open("samples");
  EXPECT_EQ(Contents<TokenizedSample>(samples, kSamplesFile),
            Contents<TokenizedSample>(bench_.Open("again"), kSamplesFile));
  EXPECT_EQ(samples.manifest().tokenizer_fingerprint(),
            vocabulary.tokenizer_fingerprint());
  LIMBECK_EXPECT_OK(CheckCountsAgainstParent(bench_.Directory("samples"),
                                             bench_.Directory("traces")));
  auto reader = ShardReader::Open(samples.Path(0, kSamplesFile));
  LIMBECK_ASSERT_OK(reader);
  EXPECT_EQ((*reader)->header().tokenizer_fingerprint(),
            vocabulary.tokenizer_fingerprint());
  EXPECT_EQ((*reader)->header().template_fingerprint(),
            ReasoningFormatFingerprint());
  auto tokenizer = LoadTokenizer(
      JoinPath(PartitionPath(bench_.Directory("vocabulary"), 0), "tokenizer"));
  LIMBECK_ASSERT_OK(tokenizer);
  auto records = ReadArtefact<TokenizedSample>(samples, kSamplesFile);
  LIMBECK_ASSERT_OK(records);
  for (const TokenizedSample& sample : *records) {
    const std::vector<int32_t> ids(sample.ids().begin(), sample.ids().end());
    auto text = (*tokenizer)->Decode(ids);
    LIMBECK_ASSERT_OK(text);
    EXPECT_EQ(text->find("<|user|>How many apples has number "), 0);
    EXPECT_EQ(text->substr(text->size() - 8), "}<|end|>");
  }
}

// Keeps the warnings of a stage.
class WarningSink : public ProgressSink {
 public:
  void Begin(absl::string_view, uint64_t, absl::string_view) override {}
  void SetDone(uint64_t) override {}
  void SetDetail(absl::string_view) override {}
  void Warn(absl::string_view text) override { warnings += std::string(text); }
  std::string warnings;
};

TEST_F(TokenizeStageTest, FoldersTemplateWritesPromptsAndIsNoted) {
  LIMBECK_ASSERT_OK(TrainTokenizer());
  const std::string trained =
      JoinPath(PartitionPath(bench_.Directory("vocabulary"), 0), "tokenizer");
  TemporaryDirectory model;
  const std::vector<std::string> names = *ListDirectory(trained);
  for (const std::string& name : names) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(
        model.File(name), *ReadFile(JoinPath(trained, name), 1 << 24)));
  }
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      model.File("chat_template.jinja"),
      "{% for m in messages %}{{ m.content }}<|end|>{% endfor %}=> "));
  std::vector<Trace> traces;
  for (int i = 0; i < 3; ++i) {
    traces.push_back(MakeTrace(MakeProblem(i), 0, absl::StrCat(i)));
  }
  traces[2].mutable_problem()->mutable_messages(0)->set_content("a<|end|>");
  bench_.WriteTraces("few", traces, 1);
  StageRun run = bench_.MakeRun("samples", "tokenize", {"few"});
  StageInput input;
  input.name = "student";
  input.directory = model.path();
  input.is_model = true;
  run.inputs.push_back(input);
  WarningSink sink;
  run.context.progress = &sink;
  LIMBECK_ASSERT_OK(RunTokenizeStage(*ResolveOptions(TokenizeOptions()), run));
  LIMBECK_ASSERT_OK(FinishArtefact(run));
  const Artefact samples = bench_.Open("samples");
  const std::string fingerprint =
      ChatFormat::Load(model.path(), ChatOptions())->Fingerprint();
  EXPECT_NE(fingerprint, ReasoningFormatFingerprint());
  EXPECT_EQ(samples.manifest().template_fingerprint(), fingerprint);
  auto reader = ShardReader::Open(samples.Path(0, kSamplesFile));
  LIMBECK_ASSERT_OK(reader);
  EXPECT_EQ((*reader)->header().template_fingerprint(), fingerprint);
  const auto tokenizer = *LoadTokenizer(model.path());
  auto records = ReadArtefact<TokenizedSample>(samples, kSamplesFile);
  LIMBECK_ASSERT_OK(records);
  ASSERT_EQ(records->size(), 2u);
  const TokenizedSample& sample = (*records)[0];
  const std::vector<int32_t> ids(sample.ids().begin(), sample.ids().end());
  const std::string text = *tokenizer->Decode(ids);
  EXPECT_NE(text.find("?<|end|>=> <think>\n"), text.npos) << text;
  auto rejects = ReadArtefact<Rejection>(samples, kRejectsFile);
  LIMBECK_ASSERT_OK(rejects);
  ASSERT_EQ(rejects->size(), 1u);
  EXPECT_EQ((*rejects)[0].detail(),
            "message 0 contains <|end|>, a control token of the tokenizer");
  EXPECT_EQ(sink.warnings, "");
}

TEST_F(TokenizeStageTest, VocabularyTrainingRepeats) {
  LIMBECK_ASSERT_OK(TrainTokenizer());
  const auto first = bench_.Files("vocabulary");
  LIMBECK_ASSERT_OK(RemoveTree(bench_.Directory("vocabulary")));
  LIMBECK_ASSERT_OK(TrainTokenizer());
  EXPECT_EQ(bench_.Files("vocabulary"), first);
}

TEST_F(TokenizeStageTest, MissingTokenizerIsNamed) {
  EXPECT_THAT(bench_.Run("s", RunTokenizeStage, TokenizeOptions(), {"traces"}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "needs an input with a tokenizer"));
}

TEST(TrainTokenizerTexts, ProblemsAndTracesAreRendered) {
  Problem problem = MakeProblem(7);
  EXPECT_EQ(*RenderProblem(problem), kPrompt);
  problem.set_reference_solution("six plus one\n");
  EXPECT_EQ(*RenderProblem(problem),
            absl::StrCat(kPrompt, "six plus one\n</think>\\boxed{7}<|end|>"));
  EXPECT_EQ(*RenderTrace(MakeTraceWithOutput(problem, 0, "x</think>7")),
            absl::StrCat(kPrompt, "x</think>7<|end|>"));
  Trace plain;
  plain.set_raw_output("1+1=2");
  EXPECT_EQ(*RenderTrace(plain), "1+1=2");
}

TEST(TrainTokenizerTexts, FilesGiveOneDocumentALine) {
  TemporaryDirectory folder;
  const std::string text = folder.File("a.txt");
  const std::string jsonl = folder.File("b.jsonl");
  LIMBECK_ASSERT_OK(WriteFileAtomically(text, "one\n\ntwo\n"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      jsonl, "{\"q\":\"x\",\"n\":1,\"list\":[\"y\"]}\nbroken\n"));
  TokenizerTexts texts;
  LIMBECK_ASSERT_OK(ReadTextFile(text, texts));
  LIMBECK_ASSERT_OK(ReadTextFile(jsonl, texts));
  EXPECT_EQ(texts.documents, (std::vector<std::string>{"one", "two", "x\ny"}));
  ASSERT_EQ(texts.rejected.size(), 1);
  EXPECT_EQ(texts.rejected[0].raw_line(), "broken");
  EXPECT_EQ(texts.rejected[0].detail().find("b.jsonl, line 2: "), 0);
  EXPECT_THAT(ReadTextFile(folder.File("c.pdf"), texts),
              IsError(absl::StatusCode::kInvalidArgument,
                      "allowed: files that end in .txt or .jsonl"));
}

TEST(TrainTokenizerTexts, NoTextIsAnError) {
  Workbench bench;
  bench.WriteTraces("traces", {}, 1);
  EXPECT_THAT(bench.Run("v", RunTrainTokenizerStage, TrainTokenizerOptions(),
                        {"traces"}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "1 inputs and 0 files hold 0 usable documents"));
}

}  // namespace
}  // namespace limbeck
