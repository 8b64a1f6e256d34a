#include "recipes/report/outcome.h"

#include "eval/scores.h"

namespace limbeck::report {
namespace {

Outcome WithoutAnswer(const Trace& trace) {
  return trace.finish_reason() == FINISH_REASON_LENGTH ? Outcome::kCutOff
                                                       : Outcome::kNoAnswer;
}

}  // namespace

const Verification& LastVerdict(const Trace& trace) {
  const int count = trace.verifications_size();
  return count > 0 ? trace.verifications(count - 1)
                   : Verification::default_instance();
}

Outcome OutcomeOf(const Trace& trace) {
  const Verification& verdict = LastVerdict(trace);
  switch (verdict.verdict()) {
    case VERDICT_CORRECT:
      return Outcome::kRight;
    case VERDICT_WRONG:
      return verdict.extracted().empty() ? WithoutAnswer(trace)
                                         : Outcome::kWrong;
    case VERDICT_UNKNOWN:
      return verdict.method() == kJudgeMethod ? Outcome::kJudgeError
                                              : Outcome::kUnknown;
    default:
      return Outcome::kJudgeError;
  }
}

absl::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRight:
      return "right";
    case Outcome::kWrong:
      return "wrong";
    case Outcome::kUnknown:
      return "unknown";
    case Outcome::kNoAnswer:
      return "no answer";
    case Outcome::kCutOff:
      return "cut off, no answer";
    case Outcome::kJudgeError:
      return "judge error";
  }
  return "";
}

absl::string_view OutcomeCss(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRight:
      return "o-right";
    case Outcome::kWrong:
      return "o-wrong";
    case Outcome::kUnknown:
      return "o-unknown";
    case Outcome::kNoAnswer:
      return "o-none";
    case Outcome::kCutOff:
      return "o-cut";
    case Outcome::kJudgeError:
      return "o-error";
  }
  return "";
}

}  // namespace limbeck::report
