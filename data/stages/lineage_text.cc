#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/digest.h"
#include "data/stages/lineage.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

// Bytes of the control character that begins at `at`; 0: there is none.
// U+0080 to U+009F count: some terminals obey them.
size_t ControlLength(absl::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  if (byte(at) < 0x20 || byte(at) == 0x7f) return 1;
  const bool is_c1 = byte(at) == 0xc2 && at + 1 < text.size() &&
                     byte(at + 1) >= 0x80 && byte(at + 1) < 0xa0;
  return is_c1 ? 2 : 0;
}

// One line of model text, fit for a terminal.
std::string Visible(absl::string_view text) {
  std::string visible;
  size_t at = 0;
  while (at < text.size()) {
    const size_t control = ControlLength(text, at);
    for (size_t i = 0; i < control; ++i) {
      absl::StrAppendFormat(&visible, "\\x%02x",
                            static_cast<unsigned char>(text[at + i]));
    }
    if (control == 0) visible.push_back(text[at]);
    at += control == 0 ? 1 : control;
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

constexpr absl::string_view kUnknown = "unknown";

std::string VisibleOrUnknown(absl::string_view text) {
  return text.empty() ? std::string(kUnknown) : Visible(text);
}

// "stop" of FINISH_REASON_STOP; what is unspecified or of a newer program is
// unknown.
std::string Word(absl::string_view name, absl::string_view prefix) {
  if (!absl::ConsumePrefix(&name, prefix) || name == "UNSPECIFIED") {
    return std::string(kUnknown);
  }
  return absl::AsciiStrToLower(name);
}

// Recorded and worked-out traces say nothing about how they were sampled; a
// sampled one has a token limit.
std::string SamplingText(const Sampling& sampling) {
  if (sampling.max_tokens() == 0) {
    return absl::StrCat("sampling ", kUnknown);
  }
  return absl::StrCat("temperature ", sampling.temperature(), ", top_p ",
                      sampling.top_p(), ", seed ", sampling.seed());
}

void AppendTeacher(const Trace& trace, std::string& out) {
  const Teacher& teacher = trace.teacher();
  absl::StrAppend(&out, "teacher ", VisibleOrUnknown(teacher.name()),
                  ", revision ", VisibleOrUnknown(teacher.revision()),
                  ", licence ", VisibleOrUnknown(teacher.licence()), "\n");
  absl::StrAppend(
      &out, "  sample ", trace.sampling().sample_index(), ", ",
      SamplingText(trace.sampling()), ", finish reason ",
      Word(FinishReason_Name(trace.finish_reason()), "FINISH_REASON_"), "\n");
}

void AppendVerdicts(const Trace& trace, std::string& out) {
  absl::StrAppend(&out, "verdicts\n");
  for (const Verification& verdict : trace.verifications()) {
    absl::StrAppend(&out, "  ", Visible(verdict.method()), " version ",
                    verdict.version(), ": ",
                    Word(Verdict_Name(verdict.verdict()), "VERDICT_"));
    if (!verdict.extracted().empty()) {
      absl::StrAppend(&out, ", extracted \"", Visible(verdict.extracted()),
                      "\"");
    }
    if (!verdict.detail().empty()) {
      absl::StrAppend(&out, ", ", Visible(verdict.detail()));
    }
    out += '\n';
  }
}

// What the row itself is.
std::string RowText(const Lineage& lineage) {
  switch (lineage.start) {
    case Lineage::Start::kBin: {
      const PackedSequence& packed = lineage.packed;
      uint64_t loss_tokens = 0;
      for (const LossRun& run : packed.loss_runs()) loss_tokens += run.length();
      return absl::StrCat("bin ", lineage.row, ", sequence ", lineage.sequence,
                          ": tokens ", packed.start(), " to ",
                          packed.start() + packed.length(), ", ", loss_tokens,
                          " with loss, weight ", packed.weight(), "\n");
    }
    case Lineage::Start::kSample:
      return absl::StrCat("sample ", lineage.row, ": ",
                          lineage.sample.ids_size(), " tokens\n");
    case Lineage::Start::kTrace:
      return absl::StrCat("trace ", lineage.row, " of ",
                          lineage.steps.front().stage_name, "\n");
    case Lineage::Start::kProblem:
      break;
  }
  return absl::StrCat("problem ", lineage.row, " of ",
                      lineage.steps.front().stage_name, "\n");
}

// "gsm8k test, row 17, licence MIT"; what is not known is left out.
std::string SourceText(const Source& source) {
  std::string text = Visible(source.dataset());
  if (!source.split().empty()) {
    absl::StrAppend(&text, " ", Visible(source.split()));
  }
  absl::StrAppend(&text, ", row ", source.row());
  if (!source.licence().empty()) {
    absl::StrAppend(&text, ", licence ", Visible(source.licence()));
  }
  return text;
}

}  // namespace

std::string FormatLineage(const Lineage& lineage) {
  const SampleReference& reference = lineage.packed.sample();
  const Problem& problem = lineage.trace.problem();
  const bool has_trace = lineage.start != Lineage::Start::kProblem;
  std::string out = RowText(lineage);
  if (has_trace) {
    absl::StrAppend(&out, "trace ", ToHex(reference.trace_id()), "\n");
  }
  absl::StrAppend(&out, "problem ", ToHex(reference.problem_id()), " of ",
                  SourceText(problem.source()), "\n");
  AppendSteps(lineage, out);
  if (has_trace) {
    AppendTeacher(lineage.trace, out);
    AppendVerdicts(lineage.trace, out);
  }
  AppendBlock("question", QuestionText(problem), out);
  AppendBlock("gold answer", problem.gold_answer(), out);
  if (has_trace) AppendBlock("output", lineage.trace.raw_output(), out);
  return out;
}

}  // namespace limbeck
