// The problems' own worked solutions as a teacher: what a first teacher can be
// trained on when no other exists.
#ifndef LIMBECK_TEACHER_REFERENCE_SAMPLER_H_
#define LIMBECK_TEACHER_REFERENCE_SAMPLER_H_

#include <memory>
#include <string>

#include "teacher/sampler.h"

namespace limbeck {

// Answers with SOLUTION</think>\boxed{GOLD}, teacher name "reference". A
// problem without worked solution or gold answer is NotFound, and so is any
// sample index but 0: there is one solution a problem.
std::unique_ptr<Sampler> MakeReferenceSampler(const std::string& licence);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_REFERENCE_SAMPLER_H_
