#include "tests/recipes/report/example_records.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

constexpr const char* kFamilies[] = {"sum", "ages", "chain"};

}  // namespace

Problem MakeExampleProblem(int number, const ExampleOptions& options) {
  Problem problem;
  const int family = number % 3;
  problem.set_family(kFamilies[family]);
  problem.set_difficulty(1 + number % 4);
  problem.set_gold_answer(absl::StrCat(3 * number + 5));
  problem.set_answer_kind(ANSWER_KIND_INTEGER);
  problem.mutable_source()->set_dataset("limbeck/example");
  problem.mutable_source()->set_split("test");
  problem.mutable_source()->set_row(number);
  problem.mutable_source()->set_licence("MIT");
  Message* message = problem.add_messages();
  message->set_role(ROLE_USER);
  message->set_content(absl::StrCat(
      "A tray holds ", number, " apples, then three times as many come. ",
      number % 5 == 0
          ? absl::StrCat(options.foreign_text, options.foreign_bytes)
          : "How many are there?"));
  problem.set_id(ProblemId(problem));
  return problem;
}

Trace MakeExampleTrace(const Problem& problem, int sample, bool right,
                       int length, const ExampleOptions& options) {
  Trace trace;
  *trace.mutable_problem() = problem;
  trace.mutable_sampling()->set_sample_index(sample);
  trace.set_finish_reason(FINISH_REASON_STOP);
  const std::string answer =
      right ? problem.gold_answer() : absl::StrCat(40 + sample);
  std::string text = "<think>\nFirst count the apples.\n";
  for (int i = 0; i < length / 4; ++i) {
    absl::StrAppend(&text, i, " + 3 = ", i + 3, "\n");
  }
  if (sample == 0) {
    absl::StrAppend(&text, options.foreign_text, options.foreign_bytes, "\n");
  }
  text += "</think>\n";
  const uint64_t begin = text.size();
  absl::StrAppend(&text, "The answer is \\boxed{", answer, "}.");
  trace.mutable_answer()->set_begin(begin);
  trace.mutable_answer()->set_end(text.size());
  trace.set_raw_output(text);
  for (int i = 0; i < length; ++i) trace.add_output_ids(5);
  Verification* verdict = trace.add_verifications();
  verdict->set_method("integer");
  verdict->set_verdict(right ? VERDICT_CORRECT : VERDICT_WRONG);
  verdict->set_extracted(answer);
  trace.set_id(TraceId(trace));
  return trace;
}

Trace MakeExampleExamTrace(const Problem& problem, int number, int sample,
                           const ExampleExam& exam, int strength,
                           const ExampleOptions& options) {
  const bool right = (7 * number + 3 * sample + number * sample) % 10 <
                     strength - (number * 6) / exam.problems + 2;
  Trace trace = MakeExampleTrace(
      problem, sample, right, exam.output_tokens + 7 * ((number + sample) % 23),
      options);
  Verification& verdict = *trace.mutable_verifications(0);
  verdict.set_detail(right ? "equal as integers" : options.foreign_text);
  if (right) return trace;
  switch ((number + 5 * sample) % 7) {
    case 0:
      trace.set_finish_reason(FINISH_REASON_LENGTH);
      verdict.clear_extracted();
      verdict.set_detail("the thinking never ended");
      break;
    case 1:
      verdict.clear_extracted();
      verdict.set_detail("no \\boxed{}");
      break;
    case 2:
      verdict.set_verdict(VERDICT_UNKNOWN);
      verdict.set_detail("the value is too large to compute");
      break;
    default:
      break;
  }
  return trace;
}

}  // namespace limbeck
