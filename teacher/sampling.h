// Turns one row of logits into a token and into soft labels, as pure
// functions: nothing but the arguments decides the result.
//
// Randomness is an exponential race, the same distribution as adding Gumbel
// noise and taking the largest: token i has weight w_i = exp(logit_i / T) and
// noise e_i = -log(u(key, step, i)), and the largest w_i / e_i wins. The noise
// of a token depends on key, step and id only, so neither the batch, nor the
// other candidates, nor the order of the rows changes a sample.
#ifndef LIMBECK_TEACHER_SAMPLING_H_
#define LIMBECK_TEACHER_SAMPLING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "data/records.pb.h"

namespace limbeck {

// Ranges: temperature >= 0, 0 < top_p <= 1, top_k >= 0, 0 <= min_p <= 1,
// max_tokens >= 1. The error names field, value and range.
absl::Status ValidateSampling(const Sampling& sampling);

// True when the distribution sampled from is the model's own: temperature 1
// and no cut.
bool SamplesModelItself(const Sampling& sampling);

// Key of one sample: run seed, problem and sample index. A problem without id
// is known by its prompt ids.
uint64_t SamplingKey(const Sampling& sampling, absl::string_view problem_id,
                     absl::Span<const uint32_t> prompt_ids);

// Memory that the functions below reuse; its content means nothing between
// calls. One per thread or row.
struct RowScratch {
  std::vector<uint64_t> ranking;  // sortable keys: falling logit, rising id
  size_t num_ranked = 0;          // so many of them are in final order
  std::vector<double> weights;    // exp(logit - largest)
  std::vector<double> tempered;   // exp((logit - largest) / temperature)
  std::vector<double> saved;
};

// The largest log-probabilities of a row (temperature 1, nats) by falling
// value, ties by lower id, and the log of the mass of all others (-inf: none).
struct RowTopK {
  std::vector<uint32_t> ids;
  std::vector<float> logprobs;
  float tail_logprob = 0.0f;
};

struct RowSample {
  uint32_t token = 0;
  float logprob = 0.0f;           // temperature 1, over all logits given
  float sampling_logprob = 0.0f;  // after temperature and cuts
  RowTopK top;                    // empty when no capture was asked for
};

// Where in the run a token is sampled.
struct TokenPosition {
  uint64_t key = 0;   // SamplingKey
  uint64_t step = 0;  // index of the output token
};

// Samples from logits [vocab]. Temperature, top-k, top-p and min-p apply in
// this order, as in Hugging Face: top-k keeps all ties with the k-th logit;
// top-p keeps a token when the mass of the larger ones is below top_p; min-p
// keeps those of at least min_p times the largest probability. Temperature 0
// takes the largest logit, ties to the lower id. NaN, +inf or no finite logit
// is an error. capture_top_k above the vocabulary means all of it.
absl::Status SampleRow(absl::Span<const float> logits, const Sampling& sampling,
                       TokenPosition position, int capture_top_k,
                       RowScratch& scratch, RowSample& sample);

// The log-probability of `target` and the top-k of logits [vocab], by the same
// arithmetic. sampling_logprob is left alone.
absl::Status ScoreRow(absl::Span<const float> logits, uint32_t target,
                      int capture_top_k, RowScratch& scratch,
                      RowSample& sample);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_SAMPLING_H_
