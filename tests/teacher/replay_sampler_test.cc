// Recorded traces and reference solutions as teachers, on fixtures made here.
#include "teacher/replay_sampler.h"

#include <map>
#include <string>

#include "data/base/file.h"
#include "data/text/reasoning_format.h"
#include "gtest/gtest.h"
#include "teacher/reference_sampler.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

constexpr char kGeneric[] =
    R"({"question":"One plus one?","output":"1+1=2</think>\\boxed{2}"}

{"question":"Two  plus\ntwo?","output":"hm","teacher":"big","finish_reason":"length","is_correct":false}
{"question":"one plus one?","output":"two</think>2","teacher":"small","is_correct":true}
)";

constexpr char kPublished[] =
    R"({"question": "Q one", "ground_truth": "x\nA: 3",)"
    R"( "6b_finetuning": {"is_correct": true, "solution": "1+2=3\nA: 3"},)"
    R"( "6b_verification": {"is_correct": false, "solution": "guess\nA: 1,024"},)"
    R"( "175b_finetuning": {"is_correct": false, "solution": "and so on and so"},)"
    R"( "175b_verification": {"is_correct": true, "solution": "A: 3"}})"
    "\n";

class ReplayTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Sampler>> Open(
      absl::string_view content, GenerateOptions::ReplayFormat format) {
    const std::string path = directory_.File("recorded.jsonl");
    LIMBECK_EXPECT_OK(WriteFileAtomically(path, content));
    return CreateReplaySampler(path, format, "MIT");
  }

  static SampleResult Ask(Sampler& sampler, absl::string_view question,
                          int index) {
    SampleRequest request;
    request.ticket = 77;
    Message& message = *request.problem.add_messages();
    message.set_role(ROLE_USER);
    message.set_content(std::string(question));
    request.sampling.set_sample_index(index);
    LIMBECK_EXPECT_OK(sampler.Submit(request));
    auto results = sampler.Poll();
    EXPECT_THAT(results, IsOk());
    EXPECT_EQ(results->size(), 1u);
    EXPECT_EQ(results->at(0).ticket, 77u);
    return results->at(0);
  }

  TemporaryDirectory directory_;
};

TEST_F(ReplayTest, SampleIsTheRecordingOfItsQuestion) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto sampler,
      Open(kGeneric, GenerateOptions::REPLAY_FORMAT_GENERIC));
  const SampleResult first = Ask(*sampler, "One plus one?", 0);
  EXPECT_EQ(first.text, "1+1=2</think>\\boxed{2}");
  EXPECT_EQ(first.finish_reason, FINISH_REASON_STOP);
  EXPECT_FALSE(first.teacher.has_value());
  EXPECT_TRUE(first.verifications.empty());

  const SampleResult second = Ask(*sampler, "ONE plus one? ", 1);
  EXPECT_EQ(second.text, "two</think>2");
  EXPECT_EQ(second.teacher->name(), "small");
  EXPECT_EQ(second.teacher->licence(), "MIT");
  ASSERT_EQ(second.verifications.size(), 1u);
  EXPECT_EQ(second.verifications[0].method(), "published_label");
  EXPECT_EQ(second.verifications[0].verdict(), VERDICT_CORRECT);

  const SampleResult cut = Ask(*sampler, "two plus two?", 0);
  EXPECT_EQ(cut.finish_reason, FINISH_REASON_LENGTH);
  EXPECT_EQ(cut.verifications.at(0).verdict(), VERDICT_WRONG);
}

TEST_F(ReplayTest, MissingRecordingsSayHowManyThereAre) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto sampler,
      Open(kGeneric, GenerateOptions::REPLAY_FORMAT_GENERIC));
  EXPECT_THAT(Ask(*sampler, "One plus one?", 2).status,
              IsError(absl::StatusCode::kNotFound,
                      "sample 2 asked for, the recordings hold 2"));
  EXPECT_THAT(Ask(*sampler, "What?", 0).status,
              IsError(absl::StatusCode::kNotFound, "the recordings hold 0"));
}

TEST_F(ReplayTest, PublishedSolutionsBecomeTracesOfFourTeachers) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto sampler,
      Open(kPublished, GenerateOptions::REPLAY_FORMAT_GSM8K_SOLUTIONS));
  const SampleResult small = Ask(*sampler, "Q one", 0);
  EXPECT_EQ(small.text, "1+2=3\nA: 3</think>\\boxed{3}");
  EXPECT_EQ(small.teacher->name(), "gsm8k/6b_finetuning");
  EXPECT_EQ(small.verifications.at(0).verdict(), VERDICT_CORRECT);
  const OutputParts parts = SplitOutput(small.text);
  ASSERT_TRUE(parts.well_formed);
  EXPECT_EQ(small.text.substr(parts.think.begin(),
                              parts.think.end() - parts.think.begin()),
            "1+2=3\nA: 3");

  const SampleResult comma = Ask(*sampler, "Q one", 1);
  EXPECT_EQ(comma.text, "guess\nA: 1,024</think>\\boxed{1,024}");
  EXPECT_EQ(comma.verifications.at(0).verdict(), VERDICT_WRONG);

  const SampleResult cut = Ask(*sampler, "Q one", 2);
  EXPECT_EQ(cut.text, "and so on and so");
  EXPECT_EQ(cut.finish_reason, FINISH_REASON_LENGTH);
  EXPECT_EQ(cut.teacher->name(), "gsm8k/175b_finetuning");

  EXPECT_EQ(Ask(*sampler, "Q one", 3).text, "A: 3</think>\\boxed{3}");
  EXPECT_FALSE(Ask(*sampler, "Q one", 4).status.ok());
}

TEST(RenderPublishedSolution, OnlyTheLastLineIsTheAnswer) {
  EXPECT_EQ(RenderPublishedSolution("A: 4\nno, wait"), "A: 4\nno, wait");
  EXPECT_EQ(RenderPublishedSolution("so\nA:"), "so\nA:");
  EXPECT_EQ(RenderPublishedSolution("so\nA: 5 "),
            "so\nA: 5 </think>\\boxed{5}");
  EXPECT_EQ(RenderPublishedSolution(""), "");
}

TEST_F(ReplayTest, BadLinesNameFileAndLine) {
  const auto refused = [this](absl::string_view content, const char* text) {
    EXPECT_THAT(Open(content, GenerateOptions::REPLAY_FORMAT_GENERIC),
                IsError(absl::StatusCode::kInvalidArgument, text));
  };
  refused("{\"question\":\"a\",\"output\":\"b\"}\n{\"question\":\"a\"}\n",
          "recorded.jsonl, line 2");
  refused("{\"question\":\"a\",\"output\":3}\n", "output");
  refused("{\"question\":\"a\",\"output\":\"b\",\"finish_reason\":\"tired\"}\n",
          "finish_reason is 'tired', known are 'stop' and 'length'");
  refused("{\"question\":\"a\",\"output\":\"b\",\"is_correct\":1}\n",
          "is_correct");
  refused("\n\n", "holds no recorded trace");
  EXPECT_THAT(Open("{\"question\":\"a\"}\n",
                   GenerateOptions::REPLAY_FORMAT_GSM8K_SOLUTIONS),
              IsError(absl::StatusCode::kInvalidArgument,
                      "no solution of '6b_finetuning'"));
  EXPECT_THAT(CreateReplaySampler(directory_.File("absent"),
                                  GenerateOptions::REPLAY_FORMAT_GENERIC, ""),
              IsError(absl::StatusCode::kNotFound, "absent"));
}

// Damaged files give an error or fewer recordings, never a crash.
TEST_F(ReplayTest, DamagedFilesAreHandled) {
  int refused = 0;
  const auto check = [&](absl::string_view bytes,
                         GenerateOptions::ReplayFormat format) {
    const auto sampler = Open(bytes, format);
    if (!sampler.ok()) {
      ++refused;
      return;
    }
    Ask(**sampler, "One plus one?", 0);
  };
  for (const auto& [bytes, format] :
       {std::pair(kGeneric, GenerateOptions::REPLAY_FORMAT_GENERIC),
        std::pair(kPublished,
                  GenerateOptions::REPLAY_FORMAT_GSM8K_SOLUTIONS)}) {
    ForEachMutation(bytes, 60, 5, [&, f = format](const std::string& damaged) {
      check(damaged, f);
    });
  }
  EXPECT_GT(refused, 20);
}

TEST_F(ReplayTest, SignalsAndWeightsAreNotOffered) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto sampler,
      Open(kGeneric, GenerateOptions::REPLAY_FORMAT_GENERIC));
  EXPECT_FALSE(sampler->Capabilities().token_ids);
  EXPECT_FALSE(sampler->PublishWeights(1).ok());
  SampleRequest request;
  request.capture_top_k = 4;
  LIMBECK_ASSERT_OK(sampler->Submit(request));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto results, sampler->Poll());
  EXPECT_THAT(results.at(0).status,
              IsError(absl::StatusCode::kUnimplemented, "capture_top_k is 4"));
}

TEST_F(ReplayTest, CancelledRequestsAreGone) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto sampler,
      Open(kGeneric, GenerateOptions::REPLAY_FORMAT_GENERIC));
  for (uint64_t ticket = 0; ticket < 3; ++ticket) {
    SampleRequest request;
    request.ticket = ticket;
    LIMBECK_ASSERT_OK(sampler->Submit(request));
  }
  sampler->Cancel(1);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto results, sampler->Poll());
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].ticket, 0u);
  EXPECT_EQ(results[1].ticket, 2u);
}

TEST(ReferenceSampler, RendersSolutionAndGoldAnswer) {
  const std::unique_ptr<Sampler> sampler = MakeReferenceSampler("CC0");
  EXPECT_EQ(sampler->Identity().name(), "reference");
  EXPECT_EQ(sampler->Identity().licence(), "CC0");
  SampleRequest request;
  request.problem.set_reference_solution("3 + 4 = 7");
  request.problem.set_gold_answer("7");
  const auto ask = [&sampler](const SampleRequest& asked) {
    LIMBECK_EXPECT_OK(sampler->Submit(asked));
    return sampler->Poll()->at(0);
  };
  const SampleResult result = ask(request);
  EXPECT_EQ(result.text, "3 + 4 = 7</think>\\boxed{7}");
  EXPECT_EQ(result.finish_reason, FINISH_REASON_STOP);

  SampleRequest second = request;
  second.sampling.set_sample_index(1);
  EXPECT_THAT(ask(second).status,
              IsError(absl::StatusCode::kNotFound, "sample 1 asked for"));
  SampleRequest unsolved = request;
  unsolved.problem.clear_reference_solution();
  EXPECT_THAT(ask(unsolved).status,
              IsError(absl::StatusCode::kNotFound, "no reference solution"));
  SampleRequest open = request;
  open.problem.clear_gold_answer();
  EXPECT_THAT(ask(open).status,
              IsError(absl::StatusCode::kNotFound, "no gold answer"));
}

}  // namespace
}  // namespace limbeck
