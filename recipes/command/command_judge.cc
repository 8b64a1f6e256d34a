// limbeck judge: does a program do what its tests ask?
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/judge/judge.h"
#include "data/judge/judge_json.h"
#include "data/judge/physical_cores.h"
#include "recipes/command/commands.h"
#include "recipes/console/jsonl_filter.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxHeaderBytes = uint64_t{8} << 20;

struct JudgeArguments {
  std::string mode = "sound";
  std::string min_isolation = "B";
  std::string testlib_header;  // path
  std::string input = "-";
  int workers = 0;  // 0: one per physical core
  JudgeOptions options;
};

absl::StatusOr<std::unique_ptr<Judge>> OpenJudge(
    const JudgeArguments& arguments) {
  JudgeOptions options = arguments.options;
  options.mode =
      arguments.mode == "compat" ? VerifyMode::kCompat : VerifyMode::kSound;
  LIMBECK_ASSIGN_OR_RETURN(options.min_isolation,
                           ParseIsolation(arguments.min_isolation));
  if (!arguments.testlib_header.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(
        options.testlib_header,
        ReadFile(arguments.testlib_header, kMaxHeaderBytes));
  }
  return Judge::Create(std::move(options));
}

absl::StatusOr<Json> JudgeLine(const Judge& judge, const Json& line) {
  LIMBECK_ASSIGN_OR_RETURN(const JudgeRequest request,
                           JudgeRequestFromJson(line));
  LIMBECK_ASSIGN_OR_RETURN(const JudgeResult result, judge.Run(request));
  return JudgeResultToJson(result);
}

absl::Status RunJudge(const JudgeArguments& arguments) {
  // A machine that isolates too little refuses every line, in its place.
  const absl::StatusOr<std::unique_ptr<Judge>> judge = OpenJudge(arguments);
  const int workers =
      arguments.workers > 0 ? arguments.workers : NumPhysicalCores();
  return RunParallelLineFilter(arguments.input, workers,
                               [&](const Json& line) -> absl::StatusOr<Json> {
                                 if (!judge.ok()) return judge.status();
                                 return JudgeLine(**judge, line);
                               });
}

void AddJudgeOptions(CLI::App* verb, JudgeArguments* arguments) {
  verb->add_option("--mode", arguments->mode,
                   "sound, or compat: LiveCodeBench's runner (Python)")
      ->check(CLI::IsMember({"sound", "compat"}));
  verb->add_option("--workers", arguments->workers,
                   "lines judged at once; default: physical cores")
      ->check(CLI::Range(1, 1024));
  verb->add_option("--min_isolation", arguments->min_isolation,
                   "refuse where the machine isolates less (doctor says why)")
      ->check(CLI::IsMember({"A", "B", "C", "D"}))
      ->capture_default_str();
  verb->add_flag("--unsafe", arguments->options.unsafe,
                 "run anyway, even without isolation; then nothing passes");
  verb->add_option("--python", arguments->options.python,
                   "interpreter of Python programs and checkers")
      ->capture_default_str();
  verb->add_option("--compiler", arguments->options.compiler,
                   "compiler of C++ programs and checkers")
      ->capture_default_str();
  verb->add_option("--testlib", arguments->testlib_header,
                   "testlib.h, for checkers that include it");
  verb->add_option("input", arguments->input, "JSONL file, - for stdin");
}

}  // namespace

void AddJudgeCommand(CLI::App& app, absl::Status& result) {
  auto arguments = std::make_shared<JudgeArguments>();
  CLI::App* verb =
      AddVerb(app, "judge",
              "Filter: {\"language\", \"code\", \"tests\"} -> {\"verdict\", "
              "\"tests\", \"isolation\", \"detail\"}",
              "printf '%s\\n' '{\"language\": \"python\", \"code\": "
              "\"print(int(input()) * 2)\", \"tests\": [{\"input\": \"21\", "
              "\"output\": \"42\"}]}' | limbeck judge");
  AddJudgeOptions(verb, arguments.get());
  verb->callback([arguments, &result] { result = RunJudge(*arguments); });
}

}  // namespace limbeck
