#include "recipes/report/report.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipes/report/report_data.h"
#include "recipes/report/sections.h"
#include "tests/recipes/report/example_files.h"
#include "tests/recipes/report/example_run.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() : directory_(TemporaryPlace::kMemory) {}

  // The report of an example run; failures are reported by the caller's
  // expectations on the empty text.
  std::string Render(const std::string& name, const ExampleOptions& options) {
    const std::string workspace = directory_.File(name);
    EXPECT_THAT(MakeDirectories(workspace), IsOk());
    auto request = WriteExampleRun(workspace, options);
    EXPECT_THAT(request, IsOk());
    if (!request.ok()) return "";
    request_ = *std::move(request);
    EXPECT_THAT(WriteReport(request_), IsOk());
    auto html = ReadFile(request_.output_path);
    EXPECT_THAT(html, IsOk());
    return html.ok() ? *html : "";
  }

  // Replaces text in a file of the last run's workspace, which must have it.
  void Edit(const std::string& file, const std::string& from,
            const std::string& to) {
    const std::string path = JoinPath(request_.workspace, file);
    auto text = ReadFile(path);
    LIMBECK_ASSERT_OK(text);
    ASSERT_THAT(*text, HasSubstr(from));
    LIMBECK_ASSERT_OK(
        WriteFileAtomically(path, absl::StrReplaceAll(*text, {{from, to}})));
  }

  const TemporaryDirectory directory_;
  ReportRequest request_;
};

std::string WithoutCosts(const std::string& html) {
  const size_t begin = html.find("<section id=\"costs\">");
  if (begin == std::string::npos) return html;
  const size_t end = html.find("</section>", begin);
  return html.substr(0, begin) + html.substr(end);
}

TEST_F(ReportTest, ShowsEverySection) {
  const std::string html = Render("run", {});
  for (const char* id : {"result", "scores", "problems", "comparison",
                         "samples", "models", "loss", "lengths", "funnel",
                         "rejects", "agreement", "costs", "provenance"}) {
    EXPECT_THAT(html, HasSubstr(absl::StrCat("<section id=\"", id, "\">")));
    EXPECT_THAT(html, HasSubstr(absl::StrCat("<a href=\"#", id, "\">")));
  }
  EXPECT_THAT(html, Not(HasSubstr("Not complete")));
}

TEST_F(ReportTest, FiguresNameTheirArtefact) {
  const std::string html = Render("run", {});
  for (const char* source :
       {"distilled_scores-0123456789ab/part-0000/scores.json",
        "distilled_scores-0123456789ab/part-0000/traces.lbk",
        "student_sft-0123456789ab/part-0000/metrics.jsonl",
        "filtered-0123456789ab/part-0000/rejects.lbk",
        "comparison-0123456789ab/part-0000/comparison.json",
        "verified-0123456789ab/part-0000/agreement.json", "ledger.json"}) {
    EXPECT_THAT(html, HasSubstr(source));
  }
}

TEST_F(ReportTest, HoldsTheFiguresOfTheArtefacts) {
  const std::string html = Render("run", {});
  // comparison.json
  EXPECT_THAT(html, HasSubstr("<b>student distilled</b> scores 20.4 points "
                              "above <b>student sft</b>"));
  EXPECT_THAT(html, HasSubstr("scores 2.1 points below <b>teacher</b> "
                              "(95\u00A0% interval −6.1 to +1.9, "
                              "p\u00A0(Holm)\u00A0=\u00A00.31): no clear "
                              "difference."));
  // agreement.json: 41 + 17 of 60
  EXPECT_THAT(html, HasSubstr("60 traces carry a label (published_label); the "
                              "verifier agrees with 58 of them, 96.7"));
  // rejects.lbk: value and threshold
  EXPECT_THAT(html,
              HasSubstr("too long</span></h4>\n<p>value 51; threshold 50"));
  EXPECT_THAT(html, HasSubstr("<mark>"));
  // Checkpoints.
  EXPECT_THAT(html, HasSubstr(absl::StrCat(kExampleParameters, " parameters")));
  // metrics.jsonl: one of 200 steps skipped
  EXPECT_THAT(html, HasSubstr(">200</td>"));
}

TEST_F(ReportTest, AModelHasOneColourEverywhere) {
  ASSERT_NE(Render("run", {}), "");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const report::ReportData data,
                               report::CollectReportData(request_));
  ASSERT_EQ(data.evaluations.size(), 3u);
  const report::Evaluation* sft = data.FindEvaluation("sft_scores");
  ASSERT_NE(sft, nullptr);
  EXPECT_EQ(sft->label, "student sft");
  EXPECT_EQ(sft->model, "student_sft");
  ASSERT_EQ(data.trainings.size(), 2u);
  EXPECT_EQ(data.trainings[0].stage, "student_sft");
  EXPECT_EQ(data.trainings[0].colour, sft->colour);
  EXPECT_EQ(data.FindModel("student_sft")->colour, sft->colour);
  EXPECT_EQ(data.outputs[0].colour,
            data.FindEvaluation("teacher_scores")->colour);
  EXPECT_NE(data.FindModel("base")->colour, sft->colour);
}

TEST_F(ReportTest, ModelEvaluatedTwiceHasTwoColours) {
  ASSERT_NE(Render("run", {}), "");
  for (StageEntry& entry : *request_.recipe.mutable_stages()) {
    if (entry.name() == "sft_scores") entry.set_inputs(1, "teacher");
  }
  LIMBECK_ASSERT_OK_AND_ASSIGN(const report::ReportData data,
                               report::CollectReportData(request_));
  EXPECT_EQ(data.FindEvaluation("sft_scores")->label, "sft");
  EXPECT_NE(data.FindEvaluation("sft_scores")->colour,
            data.FindEvaluation("teacher_scores")->colour);
}

TEST_F(ReportTest, StartOfTheStudentsIsNamedOnItsCard) {
  const std::string before = Render("run", {});
  EXPECT_THAT(before, Not(HasSubstr("before distillation")));
  for (StageEntry& entry : *request_.recipe.mutable_stages()) {
    if (entry.name() == "teacher_scores") entry.set_inputs(1, "base");
  }
  LIMBECK_ASSERT_OK(WriteReport(request_));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string html,
                               ReadFile(request_.output_path));
  EXPECT_THAT(html, HasSubstr("before distillation: the start of 2 students"));
}

TEST_F(ReportTest, IntervalsAndMetricsSayWhatTheyAre) {
  const std::string html = Render("run", {});
  EXPECT_THAT(html, HasSubstr("</b><span>pass@1<br>95\u00A0% interval <span "
                              "class=\"whole\">"));
  EXPECT_THAT(html, HasSubstr(">this exam (95\u00A0%)</th>"));
  EXPECT_THAT(html, HasSubstr(">95\u00A0% interval</th>"));
  for (const char* term : {"pass@1", "pass@k", "cons@k", "truncated",
                           "no answer", "left out", "such exams"}) {
    EXPECT_THAT(html, HasSubstr(absl::StrCat("<li><b>", term, "</b> ")));
  }
}

TEST_F(ReportTest, EvaluationsFollowTheRecipesOrder) {
  ASSERT_NE(Render("run", {}), "");
  request_.recipe.mutable_report()->add_evaluations("sft_scores");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const report::ReportData data,
                               report::CollectReportData(request_));
  EXPECT_EQ(data.evaluations[0].stage, "sft_scores");
  EXPECT_EQ(data.evaluations[1].stage, "teacher_scores");
}

TEST_F(ReportTest, EvaluationWithoutSamplesIsNamed) {
  ExampleOptions options;
  options.refuse_all = true;
  const std::string html = Render("refused", options);
  EXPECT_THAT(html, HasSubstr("<b>teacher</b>: no problem could be scored, 48 "
                              "were refused."));
  EXPECT_THAT(html, Not(HasSubstr("id=\"problems\"")));
}

TEST_F(ReportTest, HostileTextStaysText) {
  const std::string html = Render("hostile", HostileOptions());
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;hostile&#39;)"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<a href=\"javascript")));
  EXPECT_THAT(html, Not(HasSubstr("\xE2\x80\xAE")));
  EXPECT_THAT(html, HasSubstr("␀␛[31m␡␍"));
  EXPECT_EQ(html.find('\0'), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(html.find('\xFF'), std::string::npos);
}

TEST_F(ReportTest, OnlyCostsDifferBetweenRuns) {
  ExampleOptions slow;
  slow.slowness = 3.7;
  const std::string first = Render("first", {});
  const std::string second = Render("second", slow);
  ASSERT_NE(WithoutCosts(first), first);
  EXPECT_NE(first, second);
  EXPECT_EQ(WithoutCosts(first), WithoutCosts(second));
  EXPECT_THAT(first, Not(HasSubstr(directory_.path())));
}

TEST_F(ReportTest, CostsAddUp) {
  const std::string html = Render("run", {});
  EXPECT_THAT(html, HasSubstr(" s apart, 0.10 %)"));
  EXPECT_THAT(html, HasSubstr("Money in EUR: 0.05 per CPU hour."));
  EXPECT_THAT(html, HasSubstr(">energy</th>"));
  EXPECT_THAT(html, Not(HasSubstr(">GPU</th>")));  // nothing was used
}

TEST_F(ReportTest, ProvenanceSaysHowToMakeItAgain) {
  ASSERT_NE(Render("run", {}), "");
  request_.overrides = {"seed=9", "report.title=<b>"};
  LIMBECK_ASSERT_OK(WriteReport(request_));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string html,
                               ReadFile(request_.output_path));
  const std::string part = html.substr(html.find("<section id=\"provenance\""));
  EXPECT_THAT(part, HasSubstr("<code>--set seed=9</code> <code>--set "
                              "report.title=&lt;b&gt;</code>"));
  EXPECT_THAT(part, HasSubstr("<code>example_option_of: &quot;filtered&quot;"));
  EXPECT_THAT(part, HasSubstr(Sha256Hex("problems")));
  for (const char* text :
       {"0.1.0, Clang 14", "2.11.0, AVX2", "Abacus 9, 2 cores", ">1, cpu<",
        ">all<", "aaaa0000", "bbbb1111"}) {
    EXPECT_THAT(part, HasSubstr(text));
  }
  EXPECT_THAT(html, Not(HasSubstr("secret-host")));
}

TEST_F(ReportTest, DamagedRunRecordIsNoReasonToStop) {
  ASSERT_NE(Render("run", {}), "");
  for (const auto& [name, directory] : request_.artefacts) {
    LIMBECK_ASSERT_OK(
        WriteFileAtomically(JoinPath(directory, "run.json"), "{\"attempts\":"));
  }
  LIMBECK_ASSERT_OK(WriteReport(request_));
  EXPECT_THAT(*ReadFile(request_.output_path),
              Not(HasSubstr("Program and machine")));
}

TEST_F(ReportTest, AllModelsOfAProblemStandSideBySide) {
  EXPECT_THAT(Render("run", {}), HasSubstr("<div class=\"grid of3\">"));
}

TEST_F(ReportTest, LedgerMayBeAbsent) {
  ExampleOptions options;
  options.with_ledger = false;
  const std::string html = Render("run", options);
  EXPECT_THAT(html, Not(HasSubstr("id=\"costs\"")));
  EXPECT_THAT(html, HasSubstr("id=\"scores\""));
}

TEST_F(ReportTest, PartsOfARunAreEnough) {
  ASSERT_NE(Render("run", {}), "");
  request_.artefacts.resize(2);  // the problems
  LIMBECK_ASSERT_OK(WriteReport(request_));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string html,
                               ReadFile(request_.output_path));
  EXPECT_THAT(html, HasSubstr("Not complete: 2 of 13 stages are done."));
  EXPECT_THAT(html, HasSubstr("No model has been evaluated"));
  request_.artefacts.clear();
  LIMBECK_EXPECT_OK(WriteReport(request_));
}

TEST_F(ReportTest, ManifestThatMiscountsIsAnError) {
  ASSERT_NE(Render("run", {}), "");
  const std::string before = *ReadFile(request_.output_path);
  Edit("traces-0123456789ab/manifest.textproto", "out: 60", "out: 61");
  EXPECT_FALSE(WriteReport(request_).ok());
  Edit("traces-0123456789ab/manifest.textproto", "in: 60", "in: 61");
  EXPECT_THAT(WriteReport(request_),
              IsError(absl::StatusCode::kDataLoss,
                      "the manifest says 61 out, the shards hold 60"));
  EXPECT_EQ(*ReadFile(request_.output_path), before);
}

TEST_F(ReportTest, ScoresThatTheTracesDoNotBearOutAreAnError) {
  const std::string scores = "sft_scores-0123456789ab/part-0000/scores.json";
  ASSERT_NE(Render("run", {}), "");
  Edit(scores, "\"pass_at_1\":0", "\"pass_at_1\":1");
  EXPECT_THAT(WriteReport(request_),
              IsError(absl::StatusCode::kDataLoss, "counted from"));
  ASSERT_NE(Render("again", {}), "");
  Edit(scores, "\"samples\":8", "\"samples\":9");
  EXPECT_THAT(WriteReport(request_),
              IsError(absl::StatusCode::kDataLoss, "of 9 samples here"));
}

TEST_F(ReportTest, DamagedFilesAreNamed) {
  ASSERT_NE(Render("run", {}), "");
  const char* const kFiles[] = {
      "sft_scores-0123456789ab/part-0000/scores.json",
      "student_sft-0123456789ab/part-0000/metrics.jsonl",
      "comparison-0123456789ab/part-0000/comparison.json", "ledger.json"};
  for (const std::string file : kFiles) {
    const std::string path = JoinPath(request_.workspace, file);
    const std::string before = *ReadFile(path);
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, before + "{"));
    EXPECT_THAT(WriteReport(request_),
                IsError(absl::StatusCode::kDataLoss, file));
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, before));
  }
}

TEST_F(ReportTest, DamageNeverCrashes) {
  ExampleOptions small;
  small.num_test_problems = 4;
  small.samples_per_problem = 2;
  ASSERT_NE(Render("run", small), "");
  const char* const kFiles[] = {
      "sft_scores-0123456789ab/part-0000/scores.json",
      "student_sft-0123456789ab/part-0000/metrics.jsonl",
      "comparison-0123456789ab/part-0000/comparison.json",
      "trace_bins-0123456789ab/part-0000/packing.json", "ledger.json"};
  int written = 0;
  for (const std::string file : kFiles) {
    const std::string path = JoinPath(request_.workspace, file);
    const std::string before = *ReadFile(path);
    ForEachMutation(before, 60, 3, [&](const std::string& bytes) {
      LIMBECK_ASSERT_OK(WriteFileAtomically(path, bytes));
      const absl::Status status = WriteReport(request_);
      EXPECT_TRUE(status.ok() || !status.message().empty());
      if (!status.ok()) return;
      ++written;
      const std::string html = *ReadFile(request_.output_path);
      for (const char* number : {"\"nan", ">nan", "\"-nan", "\"inf", ">inf"}) {
        EXPECT_EQ(html.find(number), std::string::npos) << number;
      }
    });
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, before));
  }
  EXPECT_GT(written, 5);
}

TEST_F(ReportTest, ImpossibleNumbersAreDashes) {
  ASSERT_NE(Render("run", {}), "");
  Edit("trace_bins-0123456789ab/part-0000/packing.json", "\"bins\":1,",
       "\"bins\":-1e300,");
  Edit("trace_bins-0123456789ab/part-0000/packing.json", "\"fill\":0.93",
       "\"fill\":1e999");
  Edit("ledger.json", "\"wall_seconds\":1.0", "\"wall_seconds\":-1e308");
  Edit("comparison-0123456789ab/part-0000/comparison.json", "0.151", "-1e308");
  Edit("comparison-0123456789ab/part-0000/comparison.json", "0.257", "1e308");
  const absl::Status status = WriteReport(request_);
  EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
  Edit("trace_bins-0123456789ab/part-0000/packing.json", "1e999", "1e300");
  LIMBECK_EXPECT_OK(WriteReport(request_));
}

TEST_F(ReportTest, ArtefactOfAnUnknownStageIsAnError) {
  ASSERT_NE(Render("run", {}), "");
  request_.artefacts[0].first = "elsewhere";
  EXPECT_THAT(WriteReport(request_),
              IsError(absl::StatusCode::kInvalidArgument, "'elsewhere'"));
}

TEST(ReadableName, DropsWhatTheReaderDoesNotNeed) {
  EXPECT_EQ(report::ReadableName("student_distilled_scores"),
            "student distilled");
  EXPECT_EQ(report::ReasonText("REJECTION_REASON_WRONG_ANSWER"),
            "wrong answer");
}

}  // namespace
}  // namespace limbeck
