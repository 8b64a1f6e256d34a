// The benchmark decides which verifier is asked, the mode which rules it uses.
#include "eval/sample_judge.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/status_macros.h"
#include "data/judge/code_extraction.h"
#include "data/verify/verify.h"
#include "eval/benchmarks/option_order.h"
#include "eval/benchmarks/packed_tests.h"
#include "eval/program_language.h"
#include "eval/scores.h"

namespace limbeck {
namespace {

constexpr std::array<absl::string_view, 4> kRuleNames = {"default", "box",
                                                         "stated", "hashes"};

// GSM8K's own form: the answer stands after the last "####".
std::optional<std::string> AfterHashes(absl::string_view text) {
  const std::optional<absl::string_view> part = AnswerPart(text);
  if (!part) return std::nullopt;
  const size_t mark = part->rfind("####");
  if (mark == absl::string_view::npos) return std::nullopt;
  absl::string_view answer = part->substr(mark + 4);
  answer = answer.substr(0, answer.find('\n'));
  return std::string(absl::StripAsciiWhitespace(answer));
}

// Math-Verify finds an answer only where something marks it; its harnesses give
// it the solution, box included.
std::string MarkedGold(const BenchmarkProblem& problem) {
  const bool mathematical =
      problem.kind == ANSWER_KIND_MATH || problem.kind == ANSWER_KIND_INTEGER;
  if (!mathematical || absl::StrContains(problem.gold, "\\boxed")) {
    return problem.gold;
  }
  return absl::StrCat("\\boxed{", problem.gold, "}");
}

JudgeRequest MakeRequest(const BenchmarkProblem& problem,
                         std::vector<CodeTest> tests, VerifyMode mode) {
  const CodeProblem& code = *problem.code;
  JudgeRequest request;
  request.function = code.function;
  request.input_file = code.input_file;
  request.output_file = code.output_file;
  for (CodeTest& test : tests) {
    request.tests.push_back({std::move(test.input), std::move(test.output)});
  }
  if (code.time_limit_seconds > 0) {
    request.time_limit_seconds = code.time_limit_seconds;
  }
  if (code.memory_limit_mb >= 1) {
    request.memory_limit_mebibytes = static_cast<int>(code.memory_limit_mb);
  }
  if (!code.checker.empty()) {
    request.checker = {CheckerKind::kPython, 0, code.checker};
  } else if (problem.benchmark == BenchmarkId::kCodeforces) {
    request.checker.kind = CheckerKind::kYesNo;
  } else {
    request.checker.kind = mode == VerifyMode::kCompat
                               ? CheckerKind::kLiveCodeBench
                               : CheckerKind::kFloats;
  }
  return request;
}

Verdict VerdictOf(JudgeVerdict verdict) {
  switch (verdict) {
    case JudgeVerdict::kAccepted:
      return VERDICT_CORRECT;
    case JudgeVerdict::kJudgeError:
      return VERDICT_UNKNOWN;
    default:
      return VERDICT_WRONG;
  }
}

}  // namespace

const std::vector<std::string>& ExtractionRuleNames() {
  static const auto* names =
      new std::vector<std::string>(kRuleNames.begin(), kRuleNames.end());
  return *names;
}

absl::StatusOr<ExtractionRule> ExtractionRuleFromName(absl::string_view name) {
  for (size_t i = 0; i < kRuleNames.size(); ++i) {
    if (kRuleNames[i] == name) return static_cast<ExtractionRule>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown extraction '", name,
                   "', known: ", absl::StrJoin(kRuleNames, ", ")));
}

SampleJudge::SampleJudge(SampleJudgeOptions options,
                         std::unique_ptr<const limbeck::Judge> judge)
    : options_(std::move(options)), judge_(std::move(judge)) {}

absl::StatusOr<std::unique_ptr<SampleJudge>> SampleJudge::Create(
    SampleJudgeOptions options) {
  const bool answers_are_chosen =
      IsCodeBenchmark(options.benchmark) ||
      options.benchmark == BenchmarkId::kGpqaDiamond ||
      options.mode == VerifyMode::kCompat;
  if (answers_are_chosen && options.extraction != ExtractionRule::kDefault) {
    return absl::InvalidArgumentError(absl::StrCat(
        "extraction '", kRuleNames[static_cast<size_t>(options.extraction)],
        "' is for mathematics in mode sound; ", NameOf(options.benchmark),
        options.mode == VerifyMode::kCompat ? " in mode compat" : "",
        " has one rule of its own"));
  }
  std::unique_ptr<limbeck::Judge> judge;
  if (IsCodeBenchmark(options.benchmark)) {
    // Codeforces has no published harness that could be repeated in Python.
    options.code.mode = options.benchmark == BenchmarkId::kLiveCodeBench
                            ? options.mode
                            : VerifyMode::kSound;
    LIMBECK_ASSIGN_OR_RETURN(judge, limbeck::Judge::Create(options.code));
  }
  return CreateWith(std::move(options), std::move(judge));
}

std::unique_ptr<SampleJudge> SampleJudge::CreateWith(
    SampleJudgeOptions options, std::unique_ptr<const limbeck::Judge> judge) {
  return std::unique_ptr<SampleJudge>(
      new SampleJudge(std::move(options), std::move(judge)));
}

ExtractionRule SampleJudge::Rule() const {
  if (options_.extraction != ExtractionRule::kDefault) {
    return options_.extraction;
  }
  switch (options_.benchmark) {
    case BenchmarkId::kAime24:
    case BenchmarkId::kAime25:
      return ExtractionRule::kBox;
    case BenchmarkId::kGsm8k:
      return ExtractionRule::kHashes;
    default:
      return ExtractionRule::kStated;
  }
}

absl::StatusOr<Verification> SampleJudge::Judge(
    const BenchmarkProblem& problem, absl::string_view text,
    absl::Span<const int> option_order) const {
  if (problem.code) return JudgeProgram(problem, text);
  if (!problem.choices.empty()) {
    return JudgeChoice(problem, text, option_order);
  }
  return JudgeAnswer(problem, text);
}

Verification SampleJudge::JudgeAnswer(const BenchmarkProblem& problem,
                                      absl::string_view text) const {
  const bool compat = options_.mode == VerifyMode::kCompat;
  const std::string gold = compat ? MarkedGold(problem) : problem.gold;
  VerifyRequest request;
  request.gold = gold;
  request.answer = text;
  request.kind = problem.kind;
  request.mode = options_.mode;
  request.options = problem.answer_options;
  const ExtractionRule rule = Rule();
  request.place = rule == ExtractionRule::kBox ? AnswerPlace::kBoxOnly
                                               : AnswerPlace::kStated;
  std::optional<std::string> marked;
  if (rule == ExtractionRule::kHashes && !ExtractBoxedAnswer(text)) {
    marked = AfterHashes(text);
    if (marked) request.answer = *marked;
  }
  return VerifyAnswer(request);
}

absl::StatusOr<Verification> SampleJudge::JudgeChoice(
    const BenchmarkProblem& problem, absl::string_view text,
    absl::Span<const int> option_order) const {
  const auto num_options = static_cast<int>(problem.choices.size());
  LIMBECK_RETURN_IF_ERROR(CheckOptionOrder(option_order, num_options));
  const std::string gold(1, LetterOf(0, option_order));
  VerifyRequest request;
  request.gold = gold;
  request.answer = text;
  request.kind = ANSWER_KIND_CHOICE;
  request.mode = options_.mode;
  Verification verification = VerifyAnswer(request);
  // The letter means another option in another order: votes are for options.
  const std::string& letter = verification.extracted();
  if (letter.size() == 1 && letter[0] >= 'A' && letter[0] < 'A' + num_options) {
    const int option = option_order[letter[0] - 'A'];
    verification.set_detail(absl::StrCat(
        "letter ", letter, verification.detail().empty() ? "" : "; ",
        verification.detail()));
    verification.set_extracted(absl::StrCat(option));
  }
  return verification;
}

absl::StatusOr<Verification> SampleJudge::JudgeProgram(
    const BenchmarkProblem& problem, absl::string_view text) const {
  Verification verification;
  verification.set_method(std::string(kJudgeMethod));
  verification.set_version(kJudgeVersion);
  // LiveCodeBench asks for Python; elsewhere the answer chooses.
  const bool chooses = problem.benchmark == BenchmarkId::kCodeforces;
  const ProgramLanguage language =
      chooses ? LanguageOf(text) : ProgramLanguage::kPython;
  const VerifyMode mode = chooses ? VerifyMode::kSound : options_.mode;
  const std::optional<std::string> code = ExtractCode(text, language, mode);
  const bool foreign =
      mode == VerifyMode::kSound && OnlyInOtherLanguages(text, language);
  if (!code || foreign) {
    verification.set_verdict(VERDICT_WRONG);
    verification.set_detail(foreign ? "a program in another language"
                                    : "no program in the answer");
    return verification;
  }
  LIMBECK_ASSIGN_OR_RETURN(std::vector<CodeTest> tests, UnpackTests(problem));
  JudgeRequest request = MakeRequest(problem, std::move(tests), options_.mode);
  request.language = language;
  request.code = *code;
  LIMBECK_ASSIGN_OR_RETURN(const JudgeResult result, judge_->Run(request));
  verification.set_extracted(*code);
  verification.set_verdict(VerdictOf(result.verdict));
  verification.set_detail(absl::StrCat(JudgeVerdictName(result.verdict),
                                       result.detail.empty() ? "" : ": ",
                                       result.detail));
  return verification;
}

Json SampleJudge::Settings() const {
  Json settings = Json::Object();
  const bool compat = options_.mode == VerifyMode::kCompat;
  if (judge_ != nullptr) {
    settings.Set("extraction",
                 compat && options_.benchmark == BenchmarkId::kLiveCodeBench
                     ? "livecodebench"
                     : "last_program");
    settings.Set("judge_version", kJudgeVersion);
    settings.Set("isolation", IsolationName(judge_->isolation()));
  } else if (options_.benchmark == BenchmarkId::kGpqaDiamond) {
    settings.Set("extraction", compat ? "simple_evals" : "choice");
  } else {
    settings.Set("extraction", compat
                                   ? "math_verify_0.8.0"
                                   : kRuleNames[static_cast<size_t>(Rule())]);
  }
  return settings;
}

}  // namespace limbeck
