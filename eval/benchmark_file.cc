// See benchmark_file.h.
#include "eval/benchmark_file.h"

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/stages/record_id.h"
#include "eval/benchmarks/option_order.h"

namespace limbeck {
namespace {

Domain DomainOf(BenchmarkId benchmark) {
  if (IsCodeBenchmark(benchmark)) return DOMAIN_CODE;
  switch (benchmark) {
    case BenchmarkId::kGpqaDiamond:
      return DOMAIN_SCIENCE;
    case BenchmarkId::kJsonl:
      return DOMAIN_GENERAL;
    default:
      return DOMAIN_MATH;
  }
}

// 1 to 3 for words, the number for numbers; 0: unknown.
int DifficultyOf(absl::string_view text) {
  constexpr std::array<absl::string_view, 3> kWords = {"easy", "medium",
                                                       "hard"};
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (text == kWords[i]) return static_cast<int>(i) + 1;
  }
  int number = 0;
  return absl::SimpleAtoi(text, &number) && number > 0 ? number : 0;
}

// Labels that records have fields for.
void TakeLabels(const BenchmarkProblem& from, Problem& problem) {
  constexpr absl::string_view kFamilies[] = {"subject", "subdomain", "domain",
                                             "platform", "family"};
  for (const absl::string_view family : kFamilies) {
    for (const auto& [label, value] : from.labels) {
      if (label == family && problem.family().empty()) {
        problem.set_family(value);
      }
    }
  }
  for (const auto& [label, value] : from.labels) {
    if (label == "difficulty" || label == "level") {
      problem.set_difficulty(DifficultyOf(value));
    }
  }
}

Problem RecordOf(const BenchmarkProblem& from) {
  Problem problem;
  problem.set_domain(DomainOf(from.benchmark));
  problem.mutable_source()->set_dataset(std::string(NameOf(from.benchmark)));
  problem.mutable_source()->set_record_id(from.id);
  problem.set_gold_answer(from.gold);
  problem.set_answer_kind(from.code ? ANSWER_KIND_PROGRAM : from.kind);
  *problem.mutable_answer_options() = from.answer_options;
  TakeLabels(from, problem);
  return problem;
}

void AddMessage(Role role, const std::string& text, Problem& problem) {
  if (text.empty()) return;
  Message* message = problem.add_messages();
  message->set_role(role);
  message->set_content(text);
}

absl::Status AskAs(const BenchmarkProblem& from, const PromptRequest& request,
                   Problem& problem) {
  LIMBECK_ASSIGN_OR_RETURN(const BenchmarkPrompt prompt,
                           MakePrompt(from, request));
  problem.clear_messages();
  AddMessage(ROLE_SYSTEM, prompt.system, problem);
  AddMessage(ROLE_USER, prompt.user, problem);
  problem.clear_option_order();
  for (const int option : prompt.option_order) {
    problem.add_option_order(static_cast<uint32_t>(option));
  }
  if (!prompt.option_order.empty()) {
    problem.set_gold_answer(std::string(1, LetterOf(0, prompt.option_order)));
  }
  return absl::OkStatus();
}

}  // namespace

BenchmarkId BenchmarkIdOf(const BenchmarkFileOptions& options) {
  switch (options.name()) {
    case BenchmarkFileOptions::NAME_AIME24:
      return BenchmarkId::kAime24;
    case BenchmarkFileOptions::NAME_AIME25:
      return BenchmarkId::kAime25;
    case BenchmarkFileOptions::NAME_MATH500:
      return BenchmarkId::kMath500;
    case BenchmarkFileOptions::NAME_GPQA_DIAMOND:
      return BenchmarkId::kGpqaDiamond;
    case BenchmarkFileOptions::NAME_LIVECODEBENCH:
      return BenchmarkId::kLiveCodeBench;
    case BenchmarkFileOptions::NAME_CODEFORCES:
      return BenchmarkId::kCodeforces;
    case BenchmarkFileOptions::NAME_GSM8K:
      return BenchmarkId::kGsm8k;
    default:
      return BenchmarkId::kJsonl;
  }
}

PromptStyle PromptStyleOf(const BenchmarkFileOptions& options) {
  switch (options.prompt()) {
    case BenchmarkFileOptions::PROMPT_LIGHTEVAL:
      return PromptStyle::kLighteval;
    case BenchmarkFileOptions::PROMPT_MATHARENA:
      return PromptStyle::kMathArena;
    case BenchmarkFileOptions::PROMPT_QWEN:
      return PromptStyle::kQwen;
    case BenchmarkFileOptions::PROMPT_QUESTION_ONLY:
      return PromptStyle::kQuestionOnly;
    default:
      return PromptStyle::kDeepSeekR1;
  }
}

BenchmarkSource SourceOf(const BenchmarkFileOptions& options) {
  BenchmarkSource source;
  source.benchmark = BenchmarkIdOf(options);
  source.path = options.path();
  source.mode = options.mode() == BenchmarkFileOptions::MODE_COMPAT
                    ? VerifyMode::kCompat
                    : VerifyMode::kSound;
  source.version = options.version();
  source.first_date = options.first_date();
  source.last_date = options.last_date();
  source.tests_path = options.tests_path();
  return source;
}

RatingSource RatingSourceOf(const BenchmarkFileOptions& options) {
  return {options.standings_path(), options.population_path()};
}

SampleJudgeOptions SampleJudgeOptionsOf(const BenchmarkFileOptions& options) {
  SampleJudgeOptions judge;
  judge.benchmark = BenchmarkIdOf(options);
  judge.mode = SourceOf(options).mode;
  switch (options.min_isolation()) {
    case BenchmarkFileOptions::ISOLATION_A:
      judge.code.min_isolation = IsolationLevel::kA;
      break;
    case BenchmarkFileOptions::ISOLATION_C:
      judge.code.min_isolation = IsolationLevel::kC;
      break;
    case BenchmarkFileOptions::ISOLATION_D:
      judge.code.min_isolation = IsolationLevel::kD;
      break;
    default:
      judge.code.min_isolation = IsolationLevel::kB;
  }
  return judge;
}

absl::Status AskedBenchmark::Ask(int sample, Problem& problem) const {
  PromptRequest request = prompt;
  request.sample = sample;
  return AskAs(set.problems[place.at(problem.source().record_id())], request,
               problem);
}

absl::StatusOr<AskedBenchmark> AskBenchmark(const BenchmarkFileOptions& options,
                                            int64_t max_problems,
                                            uint64_t seed) {
  AskedBenchmark asked;
  LIMBECK_ASSIGN_OR_RETURN(asked.set, ReadBenchmark(SourceOf(options)));
  asked.prompt = {PromptStyleOf(options), seed, 0};
  std::vector<BenchmarkProblem>& all = asked.set.problems;
  const auto most = static_cast<size_t>(max_problems);
  if (most > 0 && all.size() > most) all.resize(most);
  std::map<std::string, std::string> seen;  // record id, by problem id
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].refusal.empty()) continue;
    Problem problem = RecordOf(all[i]);
    LIMBECK_RETURN_IF_ERROR(AskAs(all[i], asked.prompt, problem));
    problem.set_id(ProblemId(problem));
    const auto [first, is_new] = seen.emplace(problem.id(), all[i].id);
    if (!is_new) {
      all[i].refusal =
          absl::StrCat("asks the same as problem '", first->second, "'");
      continue;
    }
    asked.place[all[i].id] = i;
    asked.problems.push_back(std::move(problem));
  }
  return asked;
}

}  // namespace limbeck
