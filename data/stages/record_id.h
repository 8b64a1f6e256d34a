// Ids of records: hashes of defined fields in a fixed order.
#ifndef LIMBECK_DATA_STAGES_RECORD_ID_H_
#define LIMBECK_DATA_STAGES_RECORD_ID_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "data/records.pb.h"

namespace limbeck {

// Lower-case, runs of white space as one blank, no blank at the ends. Digits
// and punctuation stay: problems that differ in a number differ.
std::string NormalizeForIdentity(absl::string_view text);

// 16 bytes from the normalised messages (roles and contents). Independent of
// source, gold answer and row: the same question is the same problem.
std::string ProblemId(const Problem& problem);
// 16 bytes from problem id, teacher name and revision, sampling settings and
// sample index. Not from the output: it is known before generation.
std::string TraceId(const Trace& trace);
// 16 bytes over prompt ids and output ids.
std::string TokenIdsHash(absl::Span<const uint32_t> prompt_ids,
                         absl::Span<const uint32_t> output_ids);
// 16 bytes from trace id, token ids hash, teacher revision, tokenizer
// fingerprint and first token.
std::string SignalKey(const TeacherSignal& signal);

// Partition of a problem: equal ranges of the id's first 8 bytes (big endian).
int PartitionOf(absl::string_view problem_id, int num_partitions);
// Position of a problem in [0, 1), from bytes 8..15 of its id, so that it is
// independent of the partition. Splits take ranges of it.
double SplitPosition(absl::string_view problem_id);

// The user's question: the last user message.
absl::string_view QuestionText(const Problem& problem);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_RECORD_ID_H_
