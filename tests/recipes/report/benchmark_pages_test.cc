// The benchmarks' own pages: what stands on them, where their links lead, how
// large they get, and that foreign text stays text.
#include "recipes/report/benchmark_pages.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipes/report/charts.h"
#include "recipes/report/sample_text.h"
#include "tests/recipes/report/example_run.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t CountOf(absl::string_view text, absl::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != absl::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

class BenchmarkPagesTest : public ::testing::Test {
 protected:
  BenchmarkPagesTest() : directory_(TemporaryPlace::kMemory) {}

  void Write(const std::string& name, const ExampleOptions& options) {
    const std::string workspace = directory_.File(name);
    LIMBECK_ASSERT_OK(MakeDirectories(workspace));
    LIMBECK_ASSERT_OK_AND_ASSIGN(request_, WriteExampleRun(workspace, options));
    LIMBECK_ASSERT_OK(WriteReport(request_));
  }

  std::string PagesFolder() const {
    return JoinPath(request_.workspace, "report_pages");
  }
  std::string Page(const std::string& name) const {
    auto html = ReadFile(JoinPath(PagesFolder(), name));
    EXPECT_THAT(html, IsOk());
    return html.ok() ? *html : "";
  }

  report::ReportData Data() const {
    auto data = report::CollectReportData(request_);
    EXPECT_THAT(data, IsOk());
    return data.ok() ? *std::move(data) : report::ReportData();
  }

  static ExampleOptions WithExam(const ExampleExam& exam) {
    ExampleOptions options;
    options.exams = {exam};
    return options;
  }

  const TemporaryDirectory directory_;
  ReportRequest request_;
};

TEST_F(BenchmarkPagesTest, OwnRowStandsBesideAllThreeKindsOfReference) {
  Write("run", WithExam({"aime24", 30, 4, 40}));
  const std::string html = Page("aime24.html");
  EXPECT_THAT(html, HasSubstr(">teacher</td>"));
  EXPECT_THAT(html, HasSubstr(">student</td>"));
  EXPECT_THAT(html, HasSubstr("data-head=\"published\">55.5</td>"));
  EXPECT_THAT(html, HasSubstr("data-head=\"re-measured\">50.8</td>"));
  EXPECT_THAT(html, HasSubstr("data-head=\"over seeds\">52.3\u00A0±\u00A06.3"));
  EXPECT_THAT(html, HasSubstr("this exam (95\u00A0%)"));
  EXPECT_THAT(html, HasSubstr("such exams (95\u00A0%)"));
  EXPECT_THAT(html, HasSubstr("arXiv 2504.07086"));
  EXPECT_THAT(*ReadFile(request_.output_path),
              HasSubstr("<a href=\"report_pages/aime24.html\">"));
}

TEST_F(BenchmarkPagesTest, ReferencesOfTheRecipeGetARow) {
  Write("run", WithExam({"aime24", 30, 2, 40}));
  EXPECT_THAT(Page("aime24.html"), Not(HasSubstr(">reference</td>")));
  request_.recipe.mutable_report()->add_references("deepseek-ai/DeepSeek-R1");
  // Has a row of its own already.
  request_.recipe.mutable_report()->add_references(
      "DeepSeek-R1-Distill-Qwen-7B");
  LIMBECK_ASSERT_OK(WriteReport(request_));
  const std::string html = Page("aime24.html");
  EXPECT_EQ(CountOf(html, ">reference</td>"), 1u);
  EXPECT_THAT(html, HasSubstr("<td>DeepSeek-R1</td>"));
}

TEST_F(BenchmarkPagesTest, OwnBenchmarksHaveNoReferenceColumns) {
  Write("run", {});
  const std::string html = Page("test_problems.html");
  EXPECT_THAT(html, HasSubstr("such exams"));
  EXPECT_THAT(html, Not(HasSubstr("data-head=\"published\"")));
  EXPECT_THAT(html, Not(HasSubstr("<details class=\"fold\">")));
}

TEST_F(BenchmarkPagesTest, OutcomesAddUpToAllSamples) {
  Write("run", WithExam({"aime24", 30, 8, 40}));
  const report::ReportData data = Data();
  ASSERT_EQ(data.evaluations.size(), 5u);
  for (const report::Evaluation& one : data.evaluations) {
    uint64_t sum = 0;
    for (const uint64_t count : one.outcomes) sum += count;
    EXPECT_EQ(sum, one.traces.size()) << one.stage;
  }
  const report::Evaluation* exam =
      data.FindEvaluation("student_distilled_aime24");
  ASSERT_NE(exam, nullptr);
  for (const report::Outcome outcome :
       {report::Outcome::kRight, report::Outcome::kWrong,
        report::Outcome::kUnknown, report::Outcome::kNoAnswer,
        report::Outcome::kCutOff}) {
    EXPECT_GT(exam->outcomes[static_cast<size_t>(outcome)], 0u)
        << report::OutcomeName(outcome);
  }
}

TEST_F(BenchmarkPagesTest, EveryProblemHasACellThatLeadsToItsSamples) {
  Write("run", WithExam({"aime24", 30, 2, 40}));
  const std::string html = Page("aime24.html");
  // Two models.
  EXPECT_EQ(CountOf(html, "class=\"touch\""), 60u);
  for (int i = 1; i <= 30; ++i) {
    EXPECT_EQ(CountOf(html, absl::StrCat("<a href=\"#p", i, "\">")), 2u) << i;
    EXPECT_EQ(CountOf(html, absl::StrCat("id=\"p", i, "\"")), 1u) << i;
  }
  EXPECT_EQ(CountOf(html, "<details class=\"sample\">"), 120u);
}

TEST_F(BenchmarkPagesTest, LargeBenchmarksAreSpreadOverBoundedPages) {
  Write("run", WithExam({"math500", 40, 8, 300}));
  const report::ReportData data = Data();
  report::PageContext context;
  context.report_link = "../report.html";
  context.limits = {40'000, 200'000, 6'000};
  const std::vector<report::PageFile> pages =
      report::BenchmarkPages(data, context);
  std::set<std::string> names;
  size_t samples = 0, of_math = 0;
  for (const report::PageFile& page : pages) {
    EXPECT_TRUE(names.insert(page.name).second) << page.name;
    if (!absl::StartsWith(page.name, "math500")) continue;
    ++of_math;
    samples += CountOf(page.html, "<details class=\"sample\">");
    EXPECT_LT(page.html.size(), 150'000u) << page.name;
  }
  EXPECT_GT(of_math, 5u);
  EXPECT_EQ(samples, 40u * 8u * 2u);
}

TEST_F(BenchmarkPagesTest, PagesOfAnEarlierReportGoAway) {
  Write("run", WithExam({"aime24", 30, 2, 40}));
  const std::string old_page = JoinPath(PagesFolder(), "aime24-9.html");
  LIMBECK_ASSERT_OK(
      CopyFileAtomically(JoinPath(PagesFolder(), "aime24.html"), old_page));
  const std::string foreign = JoinPath(PagesFolder(), "mine.html");
  LIMBECK_ASSERT_OK(WriteFileAtomically(foreign, "<p>not a page of ours"));
  LIMBECK_ASSERT_OK(WriteReport(request_));
  EXPECT_FALSE(FileExists(old_page));
  EXPECT_TRUE(FileExists(foreign));
}

TEST_F(BenchmarkPagesTest, PagesDoNotDependOnTime) {
  ExampleOptions options = WithExam({"aime24", 12, 3, 40});
  Write("first", options);
  const std::string first = Page("aime24.html");
  options.slowness = 4.2;
  Write("second", options);
  EXPECT_EQ(first, Page("aime24.html"));
}

TEST_F(BenchmarkPagesTest, HostileTextAndNamesStayText) {
  ExampleOptions options = HostileOptions();
  options.exams = {{"../../<b>x</b>", 5, 3, 30}};
  Write("hostile", options);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names,
                               ListDirectory(PagesFolder()));
  for (const std::string& name : names) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-."),
              std::string::npos)
        << name;
    const std::string html = Page(name);
    for (const char* bad : {"<script", "<img", "<b>x</b>", "<a href=\"java",
                            "\xE2\x80\xAE", "\x1b", "\xFF"}) {
      EXPECT_EQ(html.find(bad), std::string::npos) << name << ": " << bad;
    }
    EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  }
}

TEST(ProblemGrid, LargeCellsHoldTextSmallOnesDoNot) {
  const auto grid = [](size_t cells) {
    report::GridBlock block{"model", "", {}, 0};
    for (size_t i = 0; i < cells; ++i) {
      block.cells.push_back({0.5, "title", "31", ""});
    }
    return report::ProblemGrid({block}, "map");
  };
  EXPECT_EQ(CountOf(grid(30), ">31</text>"), 30u);
  EXPECT_EQ(CountOf(grid(500), ">31</text>"), 0u);
  EXPECT_EQ(CountOf(grid(500), "class=\"touch\""), 500u);
  EXPECT_EQ(CountOf(grid(1055), "class=\"touch\""), 1055u);
  EXPECT_EQ(CountOf(grid(0), "class=\"touch\""), 0u);
}

TEST(OutputEnds, KeepsTheEndWhereTheAnswerIs) {
  Trace trace;
  const std::string text =
      absl::StrCat("begin ", std::string(5000, 'x'), "</think>\nthe answer");
  trace.set_raw_output(text);
  trace.mutable_answer()->set_begin(text.size() - 10);
  trace.mutable_answer()->set_end(text.size());
  const std::string html = report::OutputEnds(trace, 400);
  EXPECT_THAT(html, HasSubstr("begin xxx"));
  EXPECT_THAT(html, HasSubstr("<b>the answer</b>"));
  EXPECT_THAT(html, HasSubstr("more bytes"));
  EXPECT_LT(html.size(), 600u);
  EXPECT_THAT(report::OutputEnds(trace, 10'000), Not(HasSubstr("more bytes")));
}

// Cut anywhere, also within characters and past the end of the text.
TEST(OutputEnds, CutsBetweenCharacters) {
  Trace trace;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\xE2\x88\x91";
  trace.set_raw_output(text);
  trace.mutable_answer()->set_begin(1'000'000);
  for (size_t bytes = 0; bytes < 310; ++bytes) {
    EXPECT_EQ(report::OutputEnds(trace, bytes).find("\xEF\xBF\xBD"),
              std::string::npos)
        << bytes;
  }
}

}  // namespace
}  // namespace limbeck
