#include "data/stages/rejections.h"

#include <utility>

namespace limbeck {

absl::string_view GroupId(const Problem& problem) { return problem.id(); }

absl::string_view GroupId(const Trace& trace) {
  return trace.has_problem() ? trace.problem().id() : trace.id();
}

void SetRejected(Problem problem, Rejection& rejection) {
  *rejection.mutable_problem() = std::move(problem);
}

void SetRejected(Trace trace, Rejection& rejection) {
  *rejection.mutable_trace() = std::move(trace);
}

void SetRejected(TokenizedSample sample, Rejection& rejection) {
  *rejection.mutable_sample() = std::move(sample);
}

Rejection MakeRejection(RejectionReason reason, double value, double threshold,
                        absl::string_view detail) {
  Rejection rejection;
  rejection.set_reason(reason);
  rejection.set_value(value);
  rejection.set_threshold(threshold);
  rejection.set_detail(std::string(detail));
  return rejection;
}

}  // namespace limbeck
