// A sampler that answers each request at once from what is already written:
// recorded traces, reference solutions.
#ifndef LIMBECK_TEACHER_TEXT_SAMPLER_H_
#define LIMBECK_TEACHER_TEXT_SAMPLER_H_

#include <functional>
#include <memory>

#include "teacher/sampler.h"

namespace limbeck {

// Answers one request; ticket and weights version are filled in for it. Errors
// go into the result's status.
using AnswerFunction = std::function<SampleResult(const SampleRequest&)>;

// Text only: no token ids, no log-probabilities, weights cannot be published.
std::unique_ptr<Sampler> MakeTextSampler(Teacher identity,
                                         AnswerFunction answer);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_TEXT_SAMPLER_H_
