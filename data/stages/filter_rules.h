// The rules a trace has to keep, in the order in which they are tried.
#ifndef LIMBECK_DATA_STAGES_FILTER_RULES_H_
#define LIMBECK_DATA_STAGES_FILTER_RULES_H_

#include <cstdint>
#include <optional>

#include "data/records.pb.h"
#include "data/stages/options.pb.h"

namespace limbeck {

// The first rule that the trace breaks, as a rejection without stage and
// record: finish reason, format, answer, length, repeated n-grams, repeated
// paragraphs. nullopt: it keeps them all.
//
// What the rejection's numbers mean, by reason:
//   FINISH_REASON  output tokens; tokens allowed when it was generated
//   FORMAT         closing think tags; 1. Span: the answer or what stands there
//   UNVERIFIED     verdicts; 1
//   NO_ANSWER      answers; 1
//   WRONG_ANSWER   the answer and the gold answer where both are short integers
//   TOO_SHORT, TOO_LONG  output tokens; the limit
//   REPETITION     repeats; the limit. Span: the first occurrence
std::optional<Rejection> FindBreach(const Trace& trace,
                                    const FilterOptions& resolved);

// Generated tokens; words where the teacher gave text only.
uint64_t OutputLength(const Trace& trace);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_FILTER_RULES_H_
