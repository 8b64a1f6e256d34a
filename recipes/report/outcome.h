// What became of one sample: six kinds that exclude each other, so that their
// shares add up to all samples.
#ifndef LIMBECK_RECIPES_REPORT_OUTCOME_H_
#define LIMBECK_RECIPES_REPORT_OUTCOME_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"

namespace limbeck::report {

enum class Outcome {
  kRight,
  kWrong,
  kUnknown,     // an answer that the verifier could not decide; not solved
  kNoAnswer,    // ended by itself without an answer
  kCutOff,      // reached the token limit without an answer
  kJudgeError,  // the judge failed, not the answer; in no denominator
};
inline constexpr size_t kNumOutcomes = 6;
inline constexpr std::array<Outcome, kNumOutcomes> kOutcomes = {
    Outcome::kRight,    Outcome::kWrong,  Outcome::kUnknown,
    Outcome::kNoAnswer, Outcome::kCutOff, Outcome::kJudgeError};

using OutcomeCounts = std::array<uint64_t, kNumOutcomes>;

// By the last verdict, which is the evaluation's own.
Outcome OutcomeOf(const Trace& trace);
// The last verdict; an empty one where there is none.
const Verification& LastVerdict(const Trace& trace);

// "cut off, no answer".
absl::string_view OutcomeName(Outcome outcome);
// Class of the style sheet that fills a part of a bar.
absl::string_view OutcomeCss(Outcome outcome);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_OUTCOME_H_
