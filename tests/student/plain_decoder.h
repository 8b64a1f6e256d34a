// A decoder in plain double-precision loops, written from the papers and not
// from student/: the other side of every comparison.
#ifndef LIMBECK_TESTS_STUDENT_PLAIN_DECODER_H_
#define LIMBECK_TESTS_STUDENT_PLAIN_DECODER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "student/weights.h"

namespace limbeck {

using Matrix = std::vector<std::vector<double>>;  // rows

// Weights by Hugging Face name, row-major.
using PlainWeights = std::map<std::string, std::vector<double>>;

PlainWeights PlainWeightsOf(const Model& model);

// Log-probabilities [ids][vocab] of one sequence.
Matrix PlainLogProbs(const ModelConfig& config, const PlainWeights& weights,
                     const std::vector<int64_t>& ids);

// Mean of -log p(ids[t + 1] | ids[0..t]) over all sequences and positions.
double PlainLoss(const ModelConfig& config, const PlainWeights& weights,
                 const std::vector<std::vector<int64_t>>& sequences);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_STUDENT_PLAIN_DECODER_H_
