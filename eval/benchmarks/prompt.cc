// The wordings. Sources: README of deepseek-ai/DeepSeek-R1 (the box),
// openai/simple-evals (multiple choice), huggingface/lighteval 3fd1526
// (programs, "Therefore, the final answer"), MathArena, Qwen2.5-Math a45202b.
#include "eval/benchmarks/prompt.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/option_order.h"

namespace limbeck {
namespace {

constexpr std::array<absl::string_view, 5> kNames = {
    "deepseek_r1", "lighteval", "matharena", "qwen", "question_only"};

constexpr absl::string_view kBoxDirective =
    "Please reason step by step, and put your final answer within \\boxed{}.";
constexpr absl::string_view kLightevalDirective =
    "Solve the following math problem efficiently and clearly.  The last line "
    "of your response should be of the following format: 'Therefore, the final "
    "answer is: $\\boxed{ANSWER}$. I hope it is correct' (without quotes) "
    "where ANSWER is just the final number or expression that solves the "
    "problem. Think step by step before answering.\n\n";
constexpr absl::string_view kMathArenaDirective =
    "Put your final answer within \\boxed{}.\nThe answer is an integer between "
    "0 and 999 inclusive.\n\n";
constexpr absl::string_view kChoiceDirective =
    "Answer the following multiple choice question. The last line of your "
    "response should be of the following format: 'Answer: $LETTER' (without "
    "quotes) where LETTER is one of ABCD. Think step by step before "
    "answering.\n\n";
constexpr absl::string_view kPythonDirective =
    "You will be given a question (problem specification) and will generate a "
    "correct Python program that matches the specification and passes all "
    "tests.\n\n";
constexpr absl::string_view kStarterDirective =
    "You will use the following starter code to write the solution to the "
    "problem and enclose your code within delimiters.\n";
constexpr absl::string_view kStdinDirective =
    "Read the inputs from stdin solve the problem and write the answer to "
    "stdout (do not directly test on the sample inputs). Enclose your code "
    "within delimiters as follows. Ensure that when the python program runs, "
    "it reads the inputs, runs the algorithm and writes output to STDOUT.\n"
    "```python\n# YOUR CODE HERE\n```\n\n";
constexpr absl::string_view kContestDirective =
    "You will be given a competitive programming problem. Reason step by step "
    "about the solution, then provide a complete program in C++17 or Python 3. "
    "It keeps to the limits of time and memory on every valid input. Enclose "
    "the program within delimiters: ```cpp ... ``` or ```python ... ```.\n\n";

bool IsMathematics(const BenchmarkProblem& problem) {
  return problem.kind == ANSWER_KIND_MATH ||
         problem.kind == ANSWER_KIND_INTEGER ||
         problem.kind == ANSWER_KIND_NUMERIC;
}

// The question and its options under letters.
std::string Choices(const BenchmarkProblem& problem,
                    const std::vector<int>& order) {
  std::string text = absl::StrCat(problem.question, "\n");
  for (size_t i = 0; i < order.size(); ++i) {
    absl::StrAppend(&text, "\n", std::string(1, static_cast<char>('A' + i)),
                    ") ", problem.choices[order[i]]);
  }
  return text;
}

std::string Limits(const CodeProblem& code) {
  std::string text = "Input: standard input\nOutput: standard output\n";
  if (!code.input_file.empty()) {
    text = absl::StrCat("Input: the file ", code.input_file,
                        "\nOutput: the file ", code.output_file, "\n");
  }
  if (code.time_limit_seconds > 0) {
    absl::StrAppend(&text, "Time limit per test: ", code.time_limit_seconds,
                    " s\n");
  }
  if (code.memory_limit_mb > 0) {
    absl::StrAppend(&text, "Memory limit: ", code.memory_limit_mb, " MB\n");
  }
  return absl::StrCat(text, "\n");
}

std::string Program(const BenchmarkProblem& problem) {
  const CodeProblem& code = *problem.code;
  if (problem.benchmark == BenchmarkId::kCodeforces) {
    return absl::StrCat(kContestDirective, Limits(code), problem.question);
  }
  const std::string question =
      absl::StrCat(kPythonDirective, "Question: ", problem.question, "\n\n");
  if (code.starter_code.empty()) return absl::StrCat(question, kStdinDirective);
  return absl::StrCat(question, kStarterDirective, "```python\n",
                      code.starter_code, "\n```\n\n");
}

// What the problem says without any instruction.
std::string Plain(const BenchmarkProblem& problem,
                  const std::vector<int>& order) {
  if (!order.empty()) return Choices(problem, order);
  if (!problem.code || problem.code->starter_code.empty()) {
    return problem.question;
  }
  return absl::StrCat(problem.question, "\n\n```python\n",
                      problem.code->starter_code, "\n```");
}

std::string InDeepSeekR1(const BenchmarkProblem& problem,
                         const std::vector<int>& order) {
  if (!order.empty()) {
    return absl::StrCat(kChoiceDirective, Choices(problem, order));
  }
  if (problem.code) return Program(problem);
  // Where the whole text is the answer, nothing goes into a box.
  if (problem.kind == ANSWER_KIND_REGEX ||
      problem.kind == ANSWER_KIND_JSON_SCHEMA) {
    return problem.question;
  }
  return absl::StrCat(problem.question, "\n", kBoxDirective);
}

absl::Status NoWords(const BenchmarkProblem& problem, PromptStyle style) {
  return absl::InvalidArgumentError(
      absl::StrCat("prompt style '", NameOf(style), "' has no words for ",
                   NameOf(problem.benchmark), ", problem '", problem.id,
                   "'; deepseek_r1 and question_only serve all"));
}

}  // namespace

const std::vector<std::string>& PromptStyleNames() {
  static const auto* names =
      new std::vector<std::string>(kNames.begin(), kNames.end());
  return *names;
}

absl::string_view NameOf(PromptStyle style) {
  return kNames[static_cast<size_t>(style)];
}

absl::StatusOr<PromptStyle> PromptStyleFromName(absl::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<PromptStyle>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown prompt style '", name,
                   "', known: ", absl::StrJoin(kNames, ", ")));
}

absl::StatusOr<BenchmarkPrompt> MakePrompt(const BenchmarkProblem& problem,
                                           const PromptRequest& request) {
  BenchmarkPrompt prompt;
  if (!problem.choices.empty()) {
    prompt.option_order = OptionOrder(request.seed, problem.id, request.sample,
                                      static_cast<int>(problem.choices.size()));
  }
  const bool aime = problem.benchmark == BenchmarkId::kAime24 ||
                    problem.benchmark == BenchmarkId::kAime25;
  switch (request.style) {
    case PromptStyle::kDeepSeekR1:
      prompt.user = InDeepSeekR1(problem, prompt.option_order);
      return prompt;
    case PromptStyle::kQuestionOnly:
      prompt.user = Plain(problem, prompt.option_order);
      return prompt;
    case PromptStyle::kLighteval:
      if (!IsMathematics(problem)) break;
      prompt.user = absl::StrCat(kLightevalDirective, problem.question);
      return prompt;
    case PromptStyle::kMathArena:
      if (!aime) break;
      prompt.user = absl::StrCat(kMathArenaDirective, problem.question);
      return prompt;
    case PromptStyle::kQwen:
      if (!IsMathematics(problem)) break;
      prompt.system = std::string(kBoxDirective);
      prompt.user = problem.question;
      return prompt;
  }
  return NoWords(problem, request.style);
}

}  // namespace limbeck
