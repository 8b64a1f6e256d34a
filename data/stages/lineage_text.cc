#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "data/base/digest.h"
#include "data/stages/lineage.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

bool IsControl(absl::string_view text, size_t at) {
  const unsigned char byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte == 0x7f) return true;
  // U+0080 to U+009F in UTF-8: terminals obey some of them.
  return byte == 0xc2 && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

// One line of model text, fit for a terminal.
std::string Visible(absl::string_view text) {
  std::string visible;
  for (size_t at = 0; at < text.size(); ++at) {
    if (IsControl(text, at)) {
      absl::StrAppendFormat(&visible, "\\x%02x",
                            static_cast<unsigned char>(text[at]));
    } else {
      visible.push_back(text[at]);
    }
  }
  return visible;
}

void AppendBlock(absl::string_view title, absl::string_view text,
                 std::string& out) {
  absl::StrAppend(&out, title, "\n");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&out, "  | ", Visible(line), "\n");
  }
}

void AppendSteps(const Lineage& lineage, std::string& out) {
  absl::StrAppend(&out, "stages, last first\n");
  for (const LineageStep& step : lineage.steps) {
    if (step.stage_kind.empty()) {
      absl::StrAppend(&out, "  ", step.stage_name, ": ", step.place,
                      ", digest ", step.content_digest, "\n");
      continue;
    }
    absl::StrAppend(&out, "  ", step.stage_name, " (", step.stage_kind,
                    ", version ", step.stage_version, "): ", step.place,
                    ", digest ", step.content_digest, "\n");
  }
}

void AppendTeacher(const Trace& trace, std::string& out) {
  const Sampling& sampling = trace.sampling();
  absl::StrAppend(&out, "teacher ", Visible(trace.teacher().name()),
                  ", revision ", Visible(trace.teacher().revision()),
                  ", licence ", Visible(trace.teacher().licence()), "\n");
  absl::StrAppend(&out, "  sample ", sampling.sample_index(), ", temperature ",
                  sampling.temperature(), ", top_p ", sampling.top_p(),
                  ", seed ", sampling.seed(), ", finish reason ",
                  FinishReason_Name(trace.finish_reason()), "\n");
}

void AppendVerdicts(const Trace& trace, std::string& out) {
  absl::StrAppend(&out, "verdicts\n");
  for (const Verification& verdict : trace.verifications()) {
    absl::StrAppend(&out, "  ", Visible(verdict.method()), " version ",
                    verdict.version(), ": ", Verdict_Name(verdict.verdict()),
                    ", extracted \"", Visible(verdict.extracted()), "\" ",
                    Visible(verdict.detail()), "\n");
  }
}

}  // namespace

std::string FormatLineage(const Lineage& lineage) {
  const PackedSequence& packed = lineage.packed;
  const Problem& problem = lineage.trace.problem();
  const Source& source = problem.source();
  uint64_t loss_tokens = 0;
  for (const LossRun& run : packed.loss_runs()) loss_tokens += run.length();
  std::string out = absl::StrCat(
      "bin ", lineage.bin, ", sequence ", lineage.sequence, ": tokens ",
      packed.start(), " to ", packed.start() + packed.length(), ", ",
      loss_tokens, " with loss, weight ", packed.weight(), "\n");
  absl::StrAppend(&out, "trace ", ToHex(packed.sample().trace_id()),
                  "\nproblem ", ToHex(packed.sample().problem_id()), " of ",
                  Visible(source.dataset()), " ", Visible(source.split()),
                  ", row ", source.row(), ", licence ",
                  Visible(source.licence()), "\n");
  AppendSteps(lineage, out);
  AppendTeacher(lineage.trace, out);
  AppendVerdicts(lineage.trace, out);
  AppendBlock("question", QuestionText(problem), out);
  AppendBlock("gold answer", problem.gold_answer(), out);
  AppendBlock("output", lineage.trace.raw_output(), out);
  return out;
}

}  // namespace limbeck
