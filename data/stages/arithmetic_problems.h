// The stage that makes arithmetic problems.
//
// Splits are disjoint by text, whatever the seeds: a problem's place follows
// from its question. Names are part of the question, so that a test problem may
// have the numbers of a training problem about other people: 27 of the
// quickstart's 2,000 test problems (7 of "ages", 20 of "shopping") are such
// twins of its 4,000 training problems, 109 of the 60,000 that its teacher
// learned from. The test of this stage counts them.
#ifndef LIMBECK_DATA_STAGES_ARITHMETIC_PROBLEMS_H_
#define LIMBECK_DATA_STAGES_ARITHMETIC_PROBLEMS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "data/records.pb.h"
#include "data/stages/options.pb.h"
#include "data/stages/stage.h"

namespace limbeck {

// Bump when the same options and seed give other problems.
inline constexpr uint32_t kArithmeticProblemsStageVersion = 1;

// `options.num_problems` distinct problems whose SplitPosition lies in
// [split_begin, split_end), sorted by id. Families and difficulties in equal
// shares. ResourceExhausted when the families have too few distinct ones.
absl::StatusOr<std::vector<Problem>> MakeArithmeticProblems(
    const ArithmeticProblemsOptions& resolved, uint64_t seed);

// Writes them to problems.lbk of each partition.
absl::Status RunArithmeticProblemsStage(
    const ArithmeticProblemsOptions& resolved, const StageRun& run);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_ARITHMETIC_PROBLEMS_H_
