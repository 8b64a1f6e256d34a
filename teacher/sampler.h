// Producing tokens from any model: local weights, recorded traces, later a
// remote server. Also used to sample students for evaluation.
#ifndef LIMBECK_TEACHER_SAMPLER_H_
#define LIMBECK_TEACHER_SAMPLER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/records.pb.h"

namespace limbeck {

struct SamplerCapabilities {
  bool token_ids = false;  // outputs carry ids, not only text
  bool logprobs = false;   // of the sampled token
  int max_top_k = 0;       // largest top-k capture; 0: none
  bool exact = false;      // same bytes for any concurrency and order
  bool publish_weights = false;
  int64_t max_context = 0;  // prompt and output tokens; 0: unknown
};

// One sample to produce. Its result depends on nothing but these fields and
// the weights.
struct SampleRequest {
  uint64_t ticket = 0;  // chosen by the caller, returned with the result
  Problem problem;
  std::vector<uint32_t> prompt_ids;  // empty: rendered from the problem
  // With prompt_ids: what their text ends with (Trace.turn_prefix); unset:
  // "<think>\n". Without: filled in.
  std::optional<std::string> turn_prefix;
  Sampling sampling;
  int capture_top_k = 0;  // teacher signals wanted
};

struct SampleResult {
  uint64_t ticket = 0;
  // Not OK: this sample failed, others go on. OutOfRange: the prompt does not
  // fit the context; NotFound: nothing was recorded for the problem.
  absl::Status status;
  FinishReason finish_reason = FINISH_REASON_UNSPECIFIED;
  std::string text;                    // raw output, end token's text left out
  std::vector<uint32_t> output_ids;    // end token included
  std::vector<float> output_logprobs;  // temperature 1, nats
  // Under the distribution actually sampled from (temperature, cuts).
  std::vector<float> sampling_logprobs;
  std::vector<TeacherSignal> signals;  // trace_id and key left to the caller
  uint64_t weights_version = 0;
  std::vector<uint32_t> prompt_ids;        // as used; empty: text only
  std::optional<std::string> turn_prefix;  // of the prompt, as in the request
  // Who answered, where that differs by sample; else Identity() did.
  std::optional<Teacher> teacher;
  std::vector<Verification> verifications;  // that came with the sample
};

// Not thread-safe: one caller submits and polls.
class Sampler {
 public:
  virtual ~Sampler() = default;

  virtual SamplerCapabilities Capabilities() const = 0;
  // Name, revision and tokenizer of what answers.
  virtual Teacher Identity() const = 0;
  // Fingerprint of the chat template that prompts are written with; empty: the
  // built-in format.
  virtual std::string TemplateFingerprint() const { return ""; }
  // Queues a request. Bad requests (prompt longer than the context) come back
  // as a result with a status, not as an error here.
  virtual absl::Status Submit(SampleRequest request) = 0;
  // Works until at least one result is there and returns all finished ones;
  // empty only when nothing is queued.
  virtual absl::StatusOr<std::vector<SampleResult>> Poll() = 0;
  // Drops a queued or running request; unknown tickets are fine.
  virtual void Cancel(uint64_t ticket) = 0;
  // Announces that the weights now are of this version (on-policy training).
  virtual absl::Status PublishWeights(uint64_t version) = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_SAMPLER_H_
