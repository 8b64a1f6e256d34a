// Thought and answer of a trace: split once, when the trace is made, and read
// from its spans afterwards.
#ifndef LIMBECK_DATA_STAGES_TRACE_PARTS_H_
#define LIMBECK_DATA_STAGES_TRACE_PARTS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "data/records.pb.h"
#include "data/text/reasoning_format.h"

namespace limbeck {

// Where the teacher's prompt left the thought of this turn.
ThoughtState ThoughtStateOf(const Trace& trace);

// The teacher's whole turn: the end of its prompt that belongs to it, then the
// output, whose own think tag wins.
std::string TurnText(const Trace& trace);

// Sets the trace's spans and repairs; parts that are not well formed leave no
// spans.
void StoreParts(const OutputParts& parts, Trace& trace);

// The parts that the trace's spans tell. Without spans, or with spans that
// cannot be of this output, the output is split.
OutputParts PartsOf(const Trace& trace);

// The text of the answer; not well formed: what follows the last closing tag.
absl::string_view AnswerText(const Trace& trace, const OutputParts& parts);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_TRACE_PARTS_H_
