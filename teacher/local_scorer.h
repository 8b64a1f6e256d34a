// Soft labels from a model in this process, by teacher forcing over packed
// sequences.
#ifndef LIMBECK_TEACHER_LOCAL_SCORER_H_
#define LIMBECK_TEACHER_LOCAL_SCORER_H_

#include <cstdint>
#include <memory>

#include "data/records.pb.h"
#include "student/weights.h"
#include "teacher/scorer.h"

namespace limbeck {

struct LocalScorerOptions {
  // Rows of logits that exist at one time: 256 rows of a 150k vocabulary are
  // 150 MB.
  int64_t head_rows = 256;
};

// Log-probabilities and top-k are made row by row with the arithmetic of the
// sampler (sampling.h), so scoring what a model generated gives what it
// captured, up to the rounding of the forward passes. Errors: starts that are
// no rising run from 0 to the number of ids, sequences beyond the model's
// positions, ids or top_k beyond the columns.
std::unique_ptr<Scorer> MakeLocalScorer(std::shared_ptr<const Model> model,
                                        Teacher identity,
                                        const LocalScorerOptions& options = {});

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_LOCAL_SCORER_H_
