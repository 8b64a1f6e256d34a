// Equal answers vote as one, however they are written.
#ifndef LIMBECK_EVAL_VOTES_H_
#define LIMBECK_EVAL_VOTES_H_

#include <vector>

#include "data/records.pb.h"
#include "data/verify/verify_mode.h"
#include "eval/metrics.h"

namespace limbeck {

// Gives equal answers of one problem one text: all right ones are equal, and
// mathematical ones (kind MATH) are where the verifier proves it. Answers of
// other kinds are equal as texts. At most kMaxCompared different wrong answers
// are compared, the rest by their texts.
inline constexpr size_t kMaxCompared = 128;
void GroupEqualVotes(AnswerKind kind, VerifyMode mode,
                     std::vector<Vote>* votes);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_VOTES_H_
