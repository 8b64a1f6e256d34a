#include "data/stages/trace_parts.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace limbeck {
namespace {

// Thought, closing tag and answer, one after another inside the output.
bool SpansFit(const Trace& trace) {
  if (!trace.has_think() || !trace.has_answer()) return false;
  const Span& think = trace.think();
  const Span& answer = trace.answer();
  const absl::string_view output = trace.raw_output();
  return think.begin() <= think.end() && think.end() <= answer.begin() &&
         answer.begin() <= answer.end() && answer.end() <= output.size() &&
         output.substr(think.end(), answer.begin() - think.end()) ==
             kThinkCloseTag;
}

bool HasRepair(const Trace& trace, Repair repair) {
  return std::count(trace.repairs().begin(), trace.repairs().end(), repair) > 0;
}

}  // namespace

ThoughtState ThoughtStateOf(const Trace& trace) {
  return trace.has_turn_prefix() ? ThoughtStateAfter(trace.turn_prefix())
                                 : ThoughtState::kOpen;
}

std::string TurnText(const Trace& trace) {
  if (absl::StartsWith(trace.raw_output(), kThinkOpenTag)) {
    return trace.raw_output();
  }
  return trace.has_turn_prefix()
             ? absl::StrCat(trace.turn_prefix(), trace.raw_output())
             : absl::StrCat(kThinkOpenTag, "\n", trace.raw_output());
}

void StoreParts(const OutputParts& parts, Trace& trace) {
  trace.clear_think();
  trace.clear_answer();
  trace.clear_repairs();
  if (parts.repaired_open_tag) trace.add_repairs(REPAIR_REPEATED_THINK_OPEN);
  if (!parts.well_formed) return;
  *trace.mutable_think() = parts.think;
  *trace.mutable_answer() = parts.answer;
}

OutputParts PartsOf(const Trace& trace) {
  if (!SpansFit(trace)) {
    return SplitOutput(trace.raw_output(), ThoughtStateOf(trace));
  }
  OutputParts parts;
  parts.well_formed = true;
  parts.repaired_open_tag = HasRepair(trace, REPAIR_REPEATED_THINK_OPEN);
  parts.think = trace.think();
  parts.answer = trace.answer();
  return parts;
}

absl::string_view AnswerText(const Trace& trace, const OutputParts& parts) {
  return absl::string_view(trace.raw_output())
      .substr(parts.answer.begin(), parts.answer.end() - parts.answer.begin());
}

}  // namespace limbeck
