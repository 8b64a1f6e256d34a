// Traces that somebody recorded, as a teacher: paid API output, published
// model solutions.
//
// GENERIC: one JSON object a line,
//   {"question": "...", "output": "THOUGHT</think>ANSWER",
//    "teacher": "name", "finish_reason": "stop", "is_correct": true}
// where the last three may be absent; `output` is taken byte for byte.
//
// GSM8K_SOLUTIONS: example_model_solutions.jsonl of github.com/openai/
// grade-school-math. Each line has `question` and, for each of four models, an
// object with `solution` and `is_correct`.
#ifndef LIMBECK_TEACHER_REPLAY_SAMPLER_H_
#define LIMBECK_TEACHER_REPLAY_SAMPLER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "teacher/options.pb.h"
#include "teacher/sampler.h"

namespace limbeck {

// A published solution as the raw output of a reasoning model. Rule: the whole
// solution, byte for byte, is the thought; if its last line is "A: N" the
// thought is closed and the answer is \boxed{N}. Without such a line the
// solution was cut off: it stays an open thought without a box.
std::string RenderPublishedSolution(absl::string_view solution);

// Reads all recordings of a file. Sample i of a problem is the i-th recording
// of its question (white space and case do not count); one too many is
// NotFound. Labels become verifications with method "published_label". The
// error of a bad line names file and line.
absl::StatusOr<std::unique_ptr<Sampler>> CreateReplaySampler(
    const std::string& path, GenerateOptions::ReplayFormat format,
    const std::string& licence);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_REPLAY_SAMPLER_H_
