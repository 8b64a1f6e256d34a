// LiveCodeBench's runner, against what the official one said of the same
// programs (tests/golden/livecodebench_verdicts.py).
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "data/base/json.h"
#include "data/base/thread_pool.h"
#include "data/judge/judge_json.h"
#include "tests/data/judge/judge_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr char kGolden[] = "tests/testdata/judge/livecodebench_verdicts.jsonl";

// Cases that wait for the alarm of six seconds: asleep, which costs nothing
// beside each other, or busy, left to the eye of whoever changes the runner.
enum class Pace { kQuick, kSleeping, kBusy };

Pace PaceOf(const std::string& id) {
  if (id == "swallows_alarm" || id == "loop_with_except") {
    return Pace::kSleeping;
  }
  const bool busy = id == "loops" || id == "f_loop" || id == "f_loop_at_load";
  return busy ? Pace::kBusy : Pace::kQuick;
}

std::string NameOfCode(const Json& code) {
  if (code.is_bool()) return code.boolean() ? "accepted" : "wrong_answer";
  switch (code.integer()) {
    case -2:
      return "wrong_answer";
    case -3:
      return "time_limit";
    default:
      return "runtime_error";
  }
}

// A process that died has no codes there: its problem fails. Here it is a
// runtime error.
std::string OfficialVerdict(const Json& line) {
  const Json& codes = *line.Find("official");
  if (codes.is_string()) return "runtime_error";
  for (const Json& code : codes.array()) {
    if (NameOfCode(code) != "accepted") return NameOfCode(code);
  }
  return "accepted";
}

class LiveCodeBench : public JudgeTestCase {
 protected:
  LiveCodeBench() { mode_ = VerifyMode::kCompat; }

  // All cases of that pace, two at once.
  void CheckGolden(Pace pace, size_t min_cases) {
    std::ifstream file(kGolden);
    ASSERT_TRUE(file.is_open());
    std::vector<Json> lines;
    for (std::string text; std::getline(file, text);) {
      LIMBECK_ASSERT_OK_AND_ASSIGN(Json line, ParseJson(text));
      if (PaceOf(*line.GetString("id")) == pace) {
        lines.push_back(std::move(line));
      }
    }
    EXPECT_GE(lines.size(), min_cases);
    ThreadPool pool(2);
    LIMBECK_EXPECT_OK(ParallelFor(
        &pool, static_cast<int64_t>(lines.size()),
        [&](int64_t i) { return CheckLine(lines[static_cast<size_t>(i)]); }));
  }

  absl::Status CheckLine(const Json& line) {
    Json asked = Json::Object();
    for (const JsonMember& member : line.object()) {
      if (member.first != "official") asked.Set(member.first, member.second);
    }
    LIMBECK_ASSIGN_OR_RETURN(const JudgeRequest request,
                             JudgeRequestFromJson(asked));
    const JudgeResult result = ResultOf(request);
    EXPECT_EQ(JudgeVerdictName(result.verdict), OfficialVerdict(line))
        << *line.GetString("id") << ": " << result.detail;
    return absl::OkStatus();
  }
};

TEST_F(LiveCodeBench, SaysWhatTheOfficialRunnerSays) {
  CheckGolden(Pace::kQuick, 120);
}

TEST_F(LiveCodeBench, AlarmRingsAsInTheOfficialRunner) {
  CheckGolden(Pace::kSleeping, 2);
}

TEST_F(LiveCodeBench, ExpectedOutputIsNotInsideToBeFound) {
  // The official runner prints gt_out for this program and lets it pass.
  EXPECT_NE(VerdictOf(PythonRequest(
                "import sys\n"
                "frame = sys._getframe()\n"
                "while frame:\n"
                "    for value in list(frame.f_locals.values()):\n"
                "        if 'needle' in str(value):\n"
                "            print(value)\n"
                "            sys.exit()\n"
                "    frame = frame.f_back\n",
                "",
                "a "
                "nee"
                "dle\n")),
            "accepted");
}

TEST_F(LiveCodeBench, OtherLanguagesAndCheckersAreRefused) {
  EXPECT_THAT(judge_->Run(CppRequest("int main() {}", "", "")),
              IsError(absl::StatusCode::kInvalidArgument, "found cpp"));
  JudgeRequest request = PythonRequest("print(1)", "", "1");
  request.checker.kind = CheckerKind::kTokens;
  EXPECT_THAT(judge_->Run(request), IsError(absl::StatusCode::kInvalidArgument,
                                            "found checker "
                                            "tokens"));
}

}  // namespace
}  // namespace limbeck
