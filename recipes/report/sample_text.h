// One sample as HTML: its verdict and what the model wrote, escaped and cut to
// a size.
#ifndef LIMBECK_RECIPES_REPORT_SAMPLE_TEXT_H_
#define LIMBECK_RECIPES_REPORT_SAMPLE_TEXT_H_

#include <cstddef>
#include <string>

#include "data/records.pb.h"

namespace limbeck::report {

// Bytes of an answer that stand in a line of text.
inline constexpr size_t kLongestAnswer = 80;

// "right" or "wrong: 41, cut off", coloured, with a blank in front.
std::string VerdictText(const Trace& trace);

// The whole output up to `max_bytes`, the thinking soft, the answer strong.
std::string OutputText(const Trace& trace, size_t max_bytes);

// The same of long outputs with the middle left out: the beginning, and as
// much as fits of the end, where the answer is.
std::string OutputEnds(const Trace& trace, size_t max_bytes);

// "answer 42; sum, difficulty 3": what is known about a problem.
std::string ProblemFacts(const Problem& problem);

// The user's question, for a paragraph.
std::string QuestionHtml(const Problem& problem, size_t max_bytes);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_SAMPLE_TEXT_H_
