// The local sampler: exactness under any company, finish reasons, capture.
#include "teacher/local_sampler.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "teacher/sample_outcome.h"
#include "teacher/signal_records.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_models.h"
#include "tests/teacher/tiny_teacher.h"

namespace limbeck {
namespace {

std::unique_ptr<Sampler> MakeSampler(const LocalSamplerOptions& options = {},
                                     uint64_t seed = 1) {
  const ModelInput teacher = MakeTinyTeacher(seed);
  LocalSamplerOptions filled = options;
  filled.identity = teacher.identity;
  auto sampler = CreateLocalSampler(teacher.model, teacher.tokenizer, filled);
  EXPECT_THAT(sampler, IsOk());
  return *std::move(sampler);
}

// Submits all requests (tickets 0, 1, ...) and polls to the end.
std::map<uint64_t, SampleResult> RunAll(Sampler& sampler,
                                        std::vector<SampleRequest> requests) {
  std::map<uint64_t, SampleResult> results;
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].ticket = i;
    LIMBECK_EXPECT_OK(sampler.Submit(requests[i]));
  }
  while (true) {
    absl::StatusOr<std::vector<SampleResult>> polled = sampler.Poll();
    EXPECT_THAT(polled, IsOk());
    if (polled->empty()) return results;
    for (SampleResult& result : *polled) {
      const uint64_t ticket = result.ticket;
      EXPECT_TRUE(results.emplace(ticket, std::move(result)).second);
    }
  }
}

std::vector<SampleRequest> MakeRequests(int problems, int samples,
                                        int capture) {
  std::vector<SampleRequest> requests;
  for (const Problem& problem : MakeProblems(problems)) {
    for (int index = 0; index < samples; ++index) {
      requests.push_back(
          MakeRequest(problem, index, 8 + 5 * (index + problems) % 17));
      requests.back().capture_top_k = capture;
    }
  }
  return requests;
}

// What each request gives when it runs all alone.
std::vector<std::string> Alone(const std::vector<SampleRequest>& requests) {
  std::vector<std::string> described;
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  for (const SampleRequest& request : requests) {
    described.push_back(Describe(RunAll(*sampler, {request}).at(0)));
  }
  return described;
}

TEST(LocalSampler, SameBytesAloneAndInAnyCompany) {
  const std::vector<SampleRequest> requests = MakeRequests(11, 4, 5);
  const std::vector<std::string> alone = Alone(requests);
  for (const size_t together : {size_t{7}, size_t{32}, requests.size()}) {
    const std::unique_ptr<Sampler> sampler = MakeSampler();
    for (size_t first = 0; first < requests.size(); first += together) {
      const size_t last = std::min(first + together, requests.size());
      const std::vector<SampleRequest> some(
          requests.begin() + static_cast<std::ptrdiff_t>(first),
          requests.begin() + static_cast<std::ptrdiff_t>(last));
      for (const auto& [ticket, result] : RunAll(*sampler, some)) {
        EXPECT_EQ(Describe(result), alone[first + ticket])
            << together << " together, request " << first + ticket;
      }
    }
  }
}

TEST(LocalSampler, SameBytesInAnyOrder) {
  const std::vector<SampleRequest> requests = MakeRequests(12, 4, 3);
  const std::vector<std::string> alone = Alone(requests);
  // Strides coprime to 48 are permutations.
  for (const size_t stride : {5u, 7u, 47u}) {
    std::vector<SampleRequest> permuted;
    for (size_t i = 0; i < requests.size(); ++i) {
      permuted.push_back(requests[i * stride % requests.size()]);
    }
    const std::unique_ptr<Sampler> sampler = MakeSampler();
    for (const auto& [ticket, result] : RunAll(*sampler, permuted)) {
      EXPECT_EQ(Describe(result), alone[ticket * stride % requests.size()]);
    }
  }
}

// A template that opens no thought and greets.
std::shared_ptr<const ChatFormat> GreetingFormat() {
  TemporaryDirectory folder;
  LIMBECK_EXPECT_OK(WriteFileAtomically(
      folder.File("chat_template.jinja"),
      "{% for m in messages %}{{ m.role }}: hi, {{ m.content }}<|user|>"
      "{% endfor %}{% if add_generation_prompt %}it:{% endif %}"));
  LIMBECK_EXPECT_OK(WriteFileAtomically(folder.File("tokenizer_config.json"),
                                        "{\"eos_token\": \"<|user|>\"}"));
  auto format = ChatFormat::Load(folder.path(), ChatOptions());
  EXPECT_THAT(format, IsOk());
  return std::make_shared<const ChatFormat>(*std::move(format));
}

TEST(LocalSampler, AsksByTheFormat) {
  LocalSamplerOptions options;
  options.format = GreetingFormat();
  const std::unique_ptr<Sampler> sampler = MakeSampler(options);
  EXPECT_EQ(sampler->TemplateFingerprint(), options.format->Fingerprint());
  const Problem problem = MakeProblems(1)[0];
  const SampleRequest request = MakeRequest(problem, 0, 4);
  const SampleResult result = RunAll(*sampler, {request}).at(0);
  const std::vector<int32_t> ids(result.prompt_ids.begin(),
                                 result.prompt_ids.end());
  EXPECT_EQ(
      *MakeByteTokenizer()->Decode(ids),
      absl::StrCat("user: hi, ", problem.messages(0).content(), "<|user|>it:"));
  EXPECT_EQ(result.turn_prefix, "");
  const GeneratedSample outcome = MakeOutcome(request, Teacher(), 1000, result);
  EXPECT_TRUE(outcome.trace().has_turn_prefix());
  EXPECT_EQ(outcome.trace().turn_prefix(), "");
}

TEST(LocalSampler, UsualThoughtIsNotNoted) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  const SampleRequest request = MakeRequest(MakeProblems(1)[0], 0, 4);
  const SampleResult result = RunAll(*sampler, {request}).at(0);
  EXPECT_EQ(result.turn_prefix, "<think>\n");
  EXPECT_FALSE(
      MakeOutcome(request, Teacher(), 1000, result).trace().has_turn_prefix());
}

TEST(LocalSampler, SameBytesForAnyNumberOfRows) {
  const std::vector<SampleRequest> requests = MakeRequests(6, 3, 4);
  const std::vector<std::string> alone = Alone(requests);
  for (const int rows : {1, 7, 64}) {
    LocalSamplerOptions options;
    options.rows = rows;
    const std::unique_ptr<Sampler> sampler = MakeSampler(options);
    for (const auto& [ticket, result] : RunAll(*sampler, requests)) {
      EXPECT_EQ(Describe(result), alone[ticket]) << rows << " rows";
    }
  }
}

TEST(LocalSampler, SamplesOfOneProblemDiffer) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  std::set<std::vector<uint32_t>> outputs;
  for (const auto& [ticket, result] : RunAll(*sampler, MakeRequests(1, 8, 0))) {
    outputs.insert(result.output_ids);
  }
  EXPECT_GE(outputs.size(), 7u);
}

TEST(LocalSampler, CancelledSamplesLeaveTheOthersAlone) {
  const std::vector<SampleRequest> requests = MakeRequests(10, 4, 2);
  const std::vector<std::string> alone = Alone(requests);
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  for (size_t i = 0; i < requests.size(); ++i) {
    SampleRequest request = requests[i];
    request.ticket = i;
    LIMBECK_ASSERT_OK(sampler->Submit(std::move(request)));
  }
  std::map<uint64_t, std::string> seen;
  LIMBECK_ASSERT_OK_AND_ASSIGN(std::vector<SampleResult> results,
                               sampler->Poll());
  for (uint64_t ticket = 0; ticket < requests.size(); ticket += 3) {
    sampler->Cancel(ticket);  // running, queued or already done
  }
  sampler->Cancel(12345);
  while (!results.empty()) {
    for (const SampleResult& result : results) {
      EXPECT_TRUE(seen.emplace(result.ticket, Describe(result)).second);
    }
    LIMBECK_ASSERT_OK_AND_ASSIGN(results, sampler->Poll());
  }
  size_t expected = 0;
  for (uint64_t ticket = 0; ticket < requests.size(); ++ticket) {
    if (ticket % 3 == 0) continue;
    ++expected;
    ASSERT_EQ(seen.count(ticket), 1u) << ticket;
    EXPECT_EQ(seen[ticket], alone[ticket]);
  }
  EXPECT_GE(seen.size(), expected);
}

TEST(LocalSampler, StopsAtMaxTokens) {
  LocalSamplerOptions options;
  options.ignore_end_ids = true;
  const std::unique_ptr<Sampler> sampler = MakeSampler(options);
  const SampleResult result =
      RunAll(*sampler, {MakeRequest(MakeProblems(1)[0], 0, 13)}).at(0);
  EXPECT_EQ(result.finish_reason, FINISH_REASON_LENGTH);
  EXPECT_EQ(result.output_ids.size(), 13u);
  EXPECT_EQ(result.output_logprobs.size(), 13u);
}

TEST(LocalSampler, StopsWhereTheContextEnds) {
  LocalSamplerOptions options;
  options.ignore_end_ids = true;
  options.max_context = 40;
  const std::unique_ptr<Sampler> sampler = MakeSampler(options);
  const SampleResult result =
      RunAll(*sampler, {MakeRequest(MakeProblems(1)[0], 0, 1000)}).at(0);
  EXPECT_EQ(result.finish_reason, FINISH_REASON_LENGTH);
  EXPECT_EQ(result.prompt_ids.size() + result.output_ids.size(), 40u);
}

TEST(LocalSampler, PromptLongerThanTheContextNamesBothLengths) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  SampleRequest request = MakeRequest(MakeProblems(1)[0], 0);
  request.prompt_ids.assign(160, 65);
  const SampleResult result = RunAll(*sampler, {request}).at(0);
  EXPECT_THAT(result.status,
              IsError(absl::StatusCode::kOutOfRange,
                      "the prompt has 160 tokens, the context holds 160"));
  EXPECT_EQ(result.finish_reason, FINISH_REASON_ERROR);
  EXPECT_EQ(result.prompt_ids.size(), 160u);
  EXPECT_TRUE(result.output_ids.empty());

  request.prompt_ids.resize(159);
  EXPECT_EQ(RunAll(*sampler, {request}).at(0).output_ids.size(), 1u);
}

// With a prompt of one token nothing is prefilled.
TEST(LocalSampler, PromptOfOneTokenWorks) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  SampleRequest request = MakeRequest(MakeProblems(1)[0], 0);
  request.prompt_ids = {65};
  const SampleResult result = RunAll(*sampler, {request}).at(0);
  LIMBECK_EXPECT_OK(result.status);
  EXPECT_FALSE(result.output_ids.empty());
}

TEST(LocalSampler, BadRequestsFailAloneAndSayWhy) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  std::vector<SampleRequest> requests = MakeRequests(1, 5, 0);
  requests[0].sampling.set_top_p(0.0);
  requests[1].prompt_ids = {5, 999};
  requests[2].problem.clear_messages();
  requests[3].capture_top_k = -1;
  const std::map<uint64_t, SampleResult> results = RunAll(*sampler, requests);
  EXPECT_THAT(results.at(0).status,
              IsError(absl::StatusCode::kInvalidArgument, "sampling.top_p"));
  EXPECT_THAT(results.at(1).status,
              IsError(absl::StatusCode::kInvalidArgument,
                      absl::StrCat("token 999, the tokenizer has 262 tokens "
                                   "(the model's head ",
                                   TinyTeacherConfig().vocab_size, " rows)")));
  EXPECT_FALSE(results.at(2).status.ok());
  EXPECT_THAT(results.at(3).status, IsError(absl::StatusCode::kInvalidArgument,
                                            "capture_top_k is -1"));
  LIMBECK_EXPECT_OK(results.at(4).status);
}

TEST(LocalSampler, EndTokenIsInTheIdsButNotInTheText) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  int stopped = 0;
  // Random models seldom stop: many samples, long enough.
  std::vector<SampleRequest> requests = MakeRequests(40, 4, 0);
  for (SampleRequest& request : requests) {
    request.sampling.set_max_tokens(100);
    request.sampling.set_top_p(1.0);
    request.sampling.set_temperature(1.5);
  }
  const int32_t end_id = MakeTinyTeacher().tokenizer->end_ids()[0];
  for (const auto& [ticket, result] : RunAll(*sampler, requests)) {
    const auto found =
        std::find(result.output_ids.begin(), result.output_ids.end(),
                  static_cast<uint32_t>(end_id));
    EXPECT_EQ(result.finish_reason == FINISH_REASON_STOP,
              found != result.output_ids.end());
    if (found == result.output_ids.end()) continue;
    ++stopped;
    EXPECT_EQ(found + 1, result.output_ids.end());
    EXPECT_EQ(result.text.find("<|end|>"), std::string::npos);
  }
  EXPECT_GT(stopped, 0);
}

TEST(LocalSampler, StopStringsCutTheText) {
  const std::unique_ptr<Sampler> plain = MakeSampler();
  const SampleRequest request = MakeRequest(MakeProblems(1)[0], 0, 40);
  const SampleResult whole = RunAll(*plain, {request}).at(0);
  ASSERT_GE(whole.text.size(), 12u);
  const std::string stop = whole.text.substr(6, 4);
  const size_t cut = whole.text.find(stop);
  LocalSamplerOptions options;
  options.stop_strings = {"never there", stop};
  const std::unique_ptr<Sampler> sampler = MakeSampler(options);
  const SampleResult result = RunAll(*sampler, {request}).at(0);
  EXPECT_EQ(result.finish_reason, FINISH_REASON_STOP);
  EXPECT_EQ(result.text, whole.text.substr(0, cut));
  EXPECT_LT(result.output_ids.size(), whole.output_ids.size());
  EXPECT_TRUE(std::equal(result.output_ids.begin(), result.output_ids.end(),
                         whole.output_ids.begin()));
}

TEST(LocalSampler, PaddingColumnsAreNeitherSampledNorCounted) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  std::vector<SampleRequest> requests = MakeRequests(20, 1, 300);
  for (SampleRequest& request : requests) {
    request.sampling.set_temperature(3.0);
    request.sampling.set_top_p(1.0);
  }
  for (const auto& [ticket, result] : RunAll(*sampler, requests)) {
    for (const uint32_t id : result.output_ids) EXPECT_LT(id, 262u);
    ASSERT_EQ(result.signals.size(), 1u);
    EXPECT_EQ(result.signals[0].vocab_size(), 262u);
    LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns columns,
                                 ReadTopKSignal(result.signals[0]));
    for (const uint32_t count : columns.counts) EXPECT_EQ(count, 262u);
    for (const float tail : columns.tail_logprobs) {
      EXPECT_EQ(tail, -std::numeric_limits<float>::infinity());
    }
  }
}

TEST(LocalSampler, CapturedSignalsHoldTheSampledTokens) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  std::vector<SampleRequest> requests = MakeRequests(5, 2, 262);
  for (const auto& [ticket, result] : RunAll(*sampler, requests)) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const TopKColumns columns,
                                 ReadTopKSignal(result.signals.at(0)));
    ASSERT_EQ(columns.counts.size(), result.output_ids.size());
    for (size_t t = 0; t < columns.counts.size(); ++t) {
      const auto begin =
          columns.ids.begin() + static_cast<std::ptrdiff_t>(t * 262);
      const auto found = std::find(begin, begin + 262, result.output_ids[t]);
      ASSERT_NE(found, begin + 262);
      EXPECT_EQ(
          columns.logprobs[static_cast<size_t>(found - columns.ids.begin())],
          result.output_logprobs[t]);
    }
  }
}

TEST(LocalSampler, SignalCodecIsAnOption) {
  LocalSamplerOptions options;
  options.signal_codec = LOGPROB_CODEC_FLOAT16;
  const std::unique_ptr<Sampler> sampler = MakeSampler(options);
  const SampleResult result = RunAll(*sampler, MakeRequests(1, 1, 4)).at(0);
  const TopKSignal& top_k = result.signals.at(0).top_k();
  EXPECT_EQ(top_k.codec(), LOGPROB_CODEC_FLOAT16);
  EXPECT_EQ(top_k.logprobs().size(), 2u * 4u * result.output_ids.size());
}

TEST(LocalSampler, GreedyIsTheSameForEverySampleIndex) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  std::vector<SampleRequest> requests = MakeRequests(1, 3, 0);
  for (SampleRequest& request : requests) {
    request.sampling.set_temperature(0.0);
    request.sampling.set_max_tokens(10);
  }
  const std::map<uint64_t, SampleResult> results = RunAll(*sampler, requests);
  EXPECT_EQ(results.at(0).output_ids, results.at(1).output_ids);
  EXPECT_EQ(results.at(0).output_ids, results.at(2).output_ids);
}

TEST(LocalSampler, PublishedWeightsAreUsedAndNamed) {
  const ModelInput first = MakeTinyTeacher(1);
  const ModelInput second = MakeTinyTeacher(2);
  absl::StatusOr<Model> copied = CastModel(*first.model, at::kFloat);
  LIMBECK_ASSERT_OK(copied);
  const auto trained = std::make_shared<Model>(*std::move(copied));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<Sampler> sampler,
      CreateLocalSampler(trained, first.tokenizer, LocalSamplerOptions()));
  const std::vector<SampleRequest> requests = MakeRequests(3, 2, 0);
  EXPECT_EQ(RunAll(*sampler, requests).at(0).weights_version, 0u);

  for (size_t i = 0; i < trained->groups.size(); ++i) {
    trained->groups[i].flat.copy_(second.model->groups[i].flat);
  }
  LIMBECK_ASSERT_OK(sampler->PublishWeights(5));
  const std::unique_ptr<Sampler> fresh = MakeSampler({}, 2);
  std::map<uint64_t, SampleResult> expected = RunAll(*fresh, requests);
  for (const auto& [ticket, result] : RunAll(*sampler, requests)) {
    EXPECT_EQ(result.weights_version, 5u);
    EXPECT_EQ(result.output_ids, expected[ticket].output_ids);
    EXPECT_EQ(result.output_logprobs, expected[ticket].output_logprobs);
  }
}

TEST(LocalSampler, WeightsMustNotChangeUnderRunningSamples) {
  const std::unique_ptr<Sampler> sampler = MakeSampler();
  std::vector<SampleRequest> requests = MakeRequests(2, 2, 0);
  requests[0].sampling.set_max_tokens(1);
  requests[1].sampling.set_max_tokens(90);
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].ticket = i;
    LIMBECK_ASSERT_OK(sampler->Submit(requests[i]));
  }
  LIMBECK_ASSERT_OK(sampler->Poll());
  EXPECT_THAT(sampler->PublishWeights(3),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "weights of version 3 arrive while samples of version "
                      "0 are running"));
}

TEST(LocalSampler, OptionsAreChecked) {
  const ModelInput teacher = MakeTinyTeacher();
  const auto refused = [&teacher](const LocalSamplerOptions& options,
                                  const char* text) {
    EXPECT_THAT(CreateLocalSampler(teacher.model, teacher.tokenizer, options),
                IsError(absl::StatusCode::kInvalidArgument, text));
  };
  LocalSamplerOptions options;
  options.rows = 0;
  refused(options, "rows is 0, must be 1 to 4096");
  options = {};
  options.max_context = 161;
  refused(options, "max_context is 161, must be 2 to 160");
  options = {};
  options.stop_strings = {""};
  refused(options, "empty stop string");
  options = {};
  options.num_valid_columns = 265;
  refused(options, "num_valid_columns is 265");
}

TEST(LocalSampler, TokenizerLargerThanTheHeadIsRefused) {
  ModelConfig config = TinyTeacherConfig();
  config.vocab_size = 200;
  LIMBECK_ASSERT_OK_AND_ASSIGN(Model model, MakeRandomModel(config, 1));
  EXPECT_THAT(
      CreateLocalSampler(std::make_shared<const Model>(std::move(model)),
                         MakeTinyTeacher().tokenizer, LocalSamplerOptions()),
      IsError(absl::StatusCode::kInvalidArgument,
              "the tokenizer has 262 tokens, the model's head 200"));
}

}  // namespace
}  // namespace limbeck
