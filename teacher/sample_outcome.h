// From a sampler's result to the record of it: a trace with its signals, or a
// rejection that says what happened.
#ifndef LIMBECK_TEACHER_SAMPLE_OUTCOME_H_
#define LIMBECK_TEACHER_SAMPLE_OUTCOME_H_

#include "data/records.pb.h"
#include "teacher/journal.pb.h"
#include "teacher/sampler.h"

namespace limbeck {

// Fills trace id, think and answer spans, repairs, and the signals' keys.
// `answered_by` and `max_context` are the sampler's; samples with a teacher of
// their own keep it.
GeneratedSample MakeOutcome(const SampleRequest& request,
                            const Teacher& answered_by, int64_t max_context,
                            SampleResult result);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_SAMPLE_OUTCOME_H_
