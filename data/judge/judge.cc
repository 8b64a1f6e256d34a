#include "data/judge/judge.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/judge/cpp_function_driver.h"
#include "data/judge/livecodebench_runner.h"
#include "data/judge/sandbox/sandbox.h"
#include "data/judge/test_judge.h"

namespace limbeck {
namespace {

constexpr double kMaxTimeLimitSeconds = 600;
constexpr int kMaxMemoryMebibytes = 1 << 16;
constexpr absl::string_view kSystemFolders[] = {"/usr/", "/bin/"};

bool IsNameInBox(absl::string_view name) {
  return !name.empty() && !absl::StrContains(name, '/') && name != "." &&
         name != ".." && !absl::StrContains(name, '\0');
}

absl::Status CheckFileMode(const JudgeRequest& request) {
  for (const std::string* name : {&request.input_file, &request.output_file}) {
    if (name->empty() || IsNameInBox(*name)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "file name is ", QuoteStart(*name), ", expected one without a slash"));
  }
  if (!request.function.empty() &&
      (!request.input_file.empty() || !request.output_file.empty())) {
    return absl::InvalidArgumentError(
        "a functional test has no input or output file");
  }
  return absl::OkStatus();
}

// Letters, digits and underscores, in ASCII.
bool IsName(absl::string_view text) {
  return !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c == '_' ||
                  absl::ascii_isalnum(static_cast<unsigned char>(c));
         });
}

absl::Status CheckFunction(const JudgeRequest& request) {
  if (request.function.empty()) return absl::OkStatus();
  if (!IsName(request.function)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "function is ", QuoteStart(request.function), ", expected a name"));
  }
  switch (request.checker.kind) {
    case CheckerKind::kYesNo:
    case CheckerKind::kSetOfLines:
    case CheckerKind::kTestlib:
      return absl::InvalidArgumentError(absl::StrCat(
          "checker ", CheckerName(request.checker.kind),
          " compares texts, but function ", QuoteStart(request.function),
          " has a JSON result: use lines, exact, floats or python"));
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckLimits(const JudgeRequest& request) {
  if (!(request.time_limit_seconds > 0 &&
        request.time_limit_seconds <= kMaxTimeLimitSeconds)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "time limit is ", request.time_limit_seconds,
        " s, expected more than 0 and at most ", kMaxTimeLimitSeconds));
  }
  if (request.memory_limit_mebibytes < 1 ||
      request.memory_limit_mebibytes > kMaxMemoryMebibytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("memory limit is ", request.memory_limit_mebibytes,
                     " MiB, expected 1 to ", kMaxMemoryMebibytes));
  }
  const CheckerSpec& checker = request.checker;
  if (checker.kind == CheckerKind::kFloats &&
      !(checker.epsilon >= 0 && checker.epsilon < 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "epsilon is ", checker.epsilon, ", expected at least 0, less than 1"));
  }
  return absl::OkStatus();
}

absl::Status CheckCompat(const JudgeRequest& request) {
  if (request.language != ProgramLanguage::kPython) {
    return absl::InvalidArgumentError(
        "mode compat is LiveCodeBench's runner, which knows Python only; "
        "found cpp");
  }
  if (request.checker.kind != CheckerKind::kLines &&
      request.checker.kind != CheckerKind::kLiveCodeBench) {
    return absl::InvalidArgumentError(absl::StrCat(
        "mode compat has LiveCodeBench's comparison only, found checker ",
        CheckerName(request.checker.kind)));
  }
  return absl::OkStatus();
}

// A script in the place of the interpreter would not find its parts inside.
absl::Status CheckProgramFile(const std::string& path, absl::string_view what) {
  if (access(path.c_str(), X_OK) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("no ", what, " at ", path, "; install it or name another"));
}

// Every sandbox shows it.
bool IsOfTheSystem(const std::string& path) {
  return absl::c_any_of(kSystemFolders, [&](absl::string_view folder) {
    return absl::StartsWith(path, folder);
  });
}

absl::Status CheckPython(const std::string& path) {
  // Needed for Python only: said when a program comes.
  if (IsOfTheSystem(path)) return absl::OkStatus();
  if (absl::StartsWith(path, "/")) {
    // Below a prefix: bin/python3 needs the lib/ beside its folder.
    LIMBECK_RETURN_IF_ERROR(CheckProgramFile(path, "Python"));
    if (DirName(DirName(path)) != "/") return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("python is ", QuoteStart(path),
                   ", expected the absolute path of an interpreter, such as "
                   "/usr/bin/python3"));
}

SandboxOptions SandboxOptionsFor(const JudgeOptions& options) {
  SandboxOptions sandbox;
  sandbox.min_isolation =
      options.unsafe ? IsolationLevel::kNone : options.min_isolation;
  if (!IsOfTheSystem(options.python)) {
    // bin/python3 of a prefix, whose lib/ it needs.
    sandbox.read_only_folders.push_back(DirName(DirName(options.python)));
  }
  return sandbox;
}

JudgeResult NothingToRun(std::string detail) {
  JudgeResult result;
  result.verdict = JudgeVerdict::kJudgeError;
  result.detail = std::move(detail);
  return result;
}

// The first test at which the program failed; failures of ours count only
// where there is no other.
void SumUp(const std::vector<TestOutcome>& outcomes, JudgeResult* result) {
  result->verdict = JudgeVerdict::kAccepted;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const JudgeVerdict verdict = outcomes[i].test.verdict;
    result->tests.push_back(outcomes[i].test);
    const bool first = result->verdict == JudgeVerdict::kAccepted ||
                       result->verdict == JudgeVerdict::kJudgeError;
    if (verdict == JudgeVerdict::kAccepted || !first ||
        verdict == result->verdict) {
      continue;
    }
    result->verdict = verdict;
    result->detail = absl::StrCat("test ", i + 1, ": ", outcomes[i].detail);
  }
  // Python finds out at the first test what a compiler says before it.
  if (result->verdict == JudgeVerdict::kCompileError) result->tests.clear();
}

absl::StatusOr<std::shared_ptr<const CppBinary>> CompileRequest(
    const JudgeTools& tools, const JudgeRequest& request) {
  const SharedRun together(*tools.gate);  // not beside one that runs alone
  if (request.function.empty())
    return tools.compiler->Compile(request.code, {});
  return tools.compiler->Compile(
      CppFunctionSource(request.code, request.function), {});
}

void RunTests(const JudgeTools& tools, const JudgeRequest& request,
              const CppBinary* binary, JudgeResult* result) {
  std::vector<TestOutcome> outcomes;
  for (const JudgeTest& test : request.tests) {
    outcomes.push_back(JudgeOneTest(tools, request, binary, test));
    const JudgeVerdict verdict = outcomes.back().test.verdict;
    if (verdict == JudgeVerdict::kCompileError) break;
    if (verdict != JudgeVerdict::kAccepted && !request.all_tests) break;
  }
  SumUp(outcomes, result);
}

}  // namespace

const char* JudgeVerdictName(JudgeVerdict verdict) {
  switch (verdict) {
    case JudgeVerdict::kAccepted:
      return "accepted";
    case JudgeVerdict::kWrongAnswer:
      return "wrong_answer";
    case JudgeVerdict::kTimeLimit:
      return "time_limit";
    case JudgeVerdict::kMemoryLimit:
      return "memory_limit";
    case JudgeVerdict::kRuntimeError:
      return "runtime_error";
    case JudgeVerdict::kCompileError:
      return "compile_error";
    case JudgeVerdict::kJudgeError:
      return "judge_error";
  }
  LIMBECK_CHECK(false);
}

Judge::Judge(std::unique_ptr<const ProgramRunner> runner, JudgeOptions options)
    : runner_(std::move(runner)), options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<Judge>> Judge::Create(JudgeOptions options) {
  LIMBECK_RETURN_IF_ERROR(CheckPython(options.python));
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<Sandbox> sandbox,
                           Sandbox::Create(SandboxOptionsFor(options)));
  return CreateWith(std::move(sandbox), std::move(options));
}

std::unique_ptr<Judge> Judge::CreateWith(
    std::unique_ptr<const ProgramRunner> runner, JudgeOptions options) {
  return std::unique_ptr<Judge>(
      new Judge(std::move(runner), std::move(options)));
}

absl::StatusOr<const CppCompiler*> Judge::Compiler() const {
  const std::lock_guard<std::mutex> lock(compiler_mutex_);
  if (compiler_ == nullptr) {
    LIMBECK_RETURN_IF_ERROR(
        CheckProgramFile(options_.compiler, "C++ compiler"));
    CppCompilerOptions options;
    options.compiler = options_.compiler;
    LIMBECK_ASSIGN_OR_RETURN(compiler_,
                             CppCompiler::Create(runner_.get(), options));
  }
  return compiler_.get();
}

absl::StatusOr<JudgeResult> Judge::Run(const JudgeRequest& request) const {
  LIMBECK_RETURN_IF_ERROR(CheckLimits(request));
  LIMBECK_RETURN_IF_ERROR(CheckFileMode(request));
  LIMBECK_RETURN_IF_ERROR(CheckFunction(request));
  LIMBECK_ASSIGN_OR_RETURN(JudgeResult result, RunInMode(request));
  result.isolation = runner_->level();
  if (result.verdict == JudgeVerdict::kAccepted &&
      result.isolation < options_.min_isolation) {
    result.verdict = JudgeVerdict::kJudgeError;
    result.unsafe_pass = true;
    result.detail = absl::StrCat(
        "all tests passed, but isolation was ", IsolationName(result.isolation),
        ", less than ", IsolationName(options_.min_isolation),
        ": no pass is reported");
  }
  return result;
}

absl::StatusOr<JudgeResult> Judge::RunInMode(
    const JudgeRequest& request) const {
  if (request.interactive) {
    JudgeResult skipped =
        NothingToRun("skipped: an interactive problem needs an interactor");
    skipped.skipped = true;
    return skipped;
  }
  if (request.tests.empty()) return NothingToRun("there is no test");
  if (options_.mode == VerifyMode::kSound) return RunSound(request);
  LIMBECK_RETURN_IF_ERROR(CheckCompat(request));
  LIMBECK_RETURN_IF_ERROR(CheckProgramFile(options_.python, "Python"));
  absl::StatusOr<JudgeResult> result =
      RunLiveCodeBench(*runner_, gate_, options_.python, request);
  if (result.ok()) return result;
  return NothingToRun(std::string(result.status().message()));
}

absl::StatusOr<JudgeResult> Judge::RunSound(const JudgeRequest& request) const {
  JudgeTools tools;
  tools.runner = runner_.get();
  tools.gate = &gate_;
  tools.python = options_.python;
  const bool is_cpp = request.language == ProgramLanguage::kCpp;
  if (!is_cpp || request.checker.kind == CheckerKind::kPython) {
    LIMBECK_RETURN_IF_ERROR(CheckProgramFile(options_.python, "Python"));
  }
  if (is_cpp || request.checker.kind == CheckerKind::kTestlib) {
    LIMBECK_ASSIGN_OR_RETURN(tools.compiler, Compiler());
  }
  if (!options_.testlib_header.empty()) {
    tools.checker_headers = {{"testlib.h", options_.testlib_header, false}};
  }
  JudgeResult result;
  if (!is_cpp) {
    RunTests(tools, request, nullptr, &result);
    return result;
  }
  const absl::StatusOr<std::shared_ptr<const CppBinary>> binary =
      CompileRequest(tools, request);
  if (!binary.ok()) return NothingToRun(std::string(binary.status().message()));
  if ((*binary)->binary.empty()) {
    result.verdict = JudgeVerdict::kCompileError;
    result.detail = (*binary)->error;
    return result;
  }
  RunTests(tools, request, binary->get(), &result);
  return result;
}

}  // namespace limbeck
