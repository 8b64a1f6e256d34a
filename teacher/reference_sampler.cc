// See reference_sampler.h.
#include "teacher/reference_sampler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "data/text/reasoning_format.h"
#include "teacher/text_sampler.h"

namespace limbeck {
namespace {

SampleResult AnswerFromSolution(const SampleRequest& request) {
  const Problem& problem = request.problem;
  SampleResult result;
  if (request.sampling.sample_index() != 0) {
    result.status = absl::NotFoundError(
        absl::StrCat("sample ", request.sampling.sample_index(),
                     " asked for, a problem has one reference solution"));
  } else if (problem.reference_solution().empty()) {
    result.status =
        absl::NotFoundError("the problem has no reference solution");
  } else if (problem.gold_answer().empty()) {
    result.status = absl::NotFoundError("the problem has no gold answer");
  } else {
    result.text =
        RenderOutput(problem.reference_solution(),
                     absl::StrCat("\\boxed{", problem.gold_answer(), "}"));
    result.finish_reason = FINISH_REASON_STOP;
  }
  return result;
}

}  // namespace

std::unique_ptr<Sampler> MakeReferenceSampler(const std::string& licence) {
  Teacher identity;
  identity.set_name("reference");
  identity.set_revision("1");
  identity.set_licence(licence);
  return MakeTextSampler(std::move(identity), AnswerFromSolution);
}

}  // namespace limbeck
