// What the stages that reject share: whose record it is, and how a rejection
// takes it over.
#ifndef LIMBECK_DATA_STAGES_REJECTIONS_H_
#define LIMBECK_DATA_STAGES_REJECTIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck {

// The id that partitions and splits go by: the problem's; for a trace without
// a problem (plain text) its own.
absl::string_view GroupId(const Problem& problem);
absl::string_view GroupId(const Trace& trace);

void SetRejected(Problem problem, Rejection& rejection);
void SetRejected(Trace trace, Rejection& rejection);
void SetRejected(TokenizedSample sample, Rejection& rejection);

// A rejection with reason, measured value and threshold.
Rejection MakeRejection(RejectionReason reason, double value, double threshold,
                        absl::string_view detail = "");

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_REJECTIONS_H_
