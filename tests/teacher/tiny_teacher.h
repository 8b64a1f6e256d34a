// A random model with a byte tokenizer, and problems for it.
#ifndef LIMBECK_TESTS_TEACHER_TINY_TEACHER_H_
#define LIMBECK_TESTS_TEACHER_TINY_TEACHER_H_

#include <memory>
#include <string>
#include <vector>

#include "data/records.pb.h"
#include "data/stages/stage.h"
#include "teacher/model_input.h"
#include "teacher/sampler.h"

namespace limbeck {

// A FreshModel of TinyTeacherConfig (tests/support/tiny_models.h).
ModelInput MakeTinyTeacher(uint64_t seed = 1);

// Distinct problems; their prompts have different lengths.
std::vector<Problem> MakeProblems(int count);
SampleRequest MakeRequest(const Problem& problem, int sample_index,
                          int max_tokens = 24);

// Everything of a result but its ticket, as text.
std::string Describe(const SampleResult& result);

// Writes a complete artefact with these problems and names it as an input.
StageInput WriteProblems(const std::vector<Problem>& problems,
                         int num_partitions, const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_TEACHER_TINY_TEACHER_H_
