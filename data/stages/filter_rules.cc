#include "data/stages/filter_rules.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/stages/rejections.h"
#include "data/stages/repetition.h"
#include "data/stages/trace_parts.h"
#include "data/text/reasoning_format.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

// Integers beyond this cannot be told apart as double.
constexpr size_t kMaxExactDigits = 15;

Span WholeOutput(const Trace& trace) {
  Span span;
  span.set_end(trace.raw_output().size());
  return span;
}

absl::string_view LengthUnit(const Trace& trace) {
  return trace.output_ids().empty() ? "words" : "tokens";
}

std::optional<Rejection> CheckFinish(const Trace& trace,
                                     const FilterOptions& options) {
  if (!options.require_stop()) return std::nullopt;
  if (trace.finish_reason() == FINISH_REASON_STOP) return std::nullopt;
  Rejection rejection = MakeRejection(
      REJECTION_REASON_FINISH_REASON, static_cast<double>(OutputLength(trace)),
      trace.sampling().max_tokens(), FinishReason_Name(trace.finish_reason()));
  *rejection.mutable_span() = WholeOutput(trace);
  return rejection;
}

double CountCloseTags(absl::string_view text) {
  double count = 0;
  for (size_t at = text.find(kThinkCloseTag); at != text.npos;
       at = text.find(kThinkCloseTag, at + kThinkCloseTag.size())) {
    ++count;
  }
  return count;
}

std::optional<Rejection> CheckFormat(const Trace& trace,
                                     const OutputParts& parts,
                                     const FilterOptions& options) {
  if (!options.require_format()) return std::nullopt;
  std::string problem = parts.problem;
  if (parts.well_formed) {
    if (!absl::StripAsciiWhitespace(AnswerText(trace, parts)).empty()) {
      return std::nullopt;
    }
    problem = parts.has_thought ? absl::StrCat("no text after ", kThinkCloseTag)
                                : "no text";
  }
  Rejection rejection = MakeRejection(
      REJECTION_REASON_FORMAT, CountCloseTags(trace.raw_output()), 1, problem);
  *rejection.mutable_span() = parts.answer;
  return rejection;
}

std::optional<double> ShortInteger(absl::string_view text) {
  const std::optional<std::string> digits = NormalizeInteger(text);
  double value = 0;
  if (!digits || digits->size() > kMaxExactDigits) return std::nullopt;
  if (!absl::SimpleAtod(*digits, &value)) return std::nullopt;
  return value;
}

Rejection WrongAnswer(const Trace& trace, const Verification& verdict) {
  Rejection rejection;
  rejection.set_reason(REJECTION_REASON_WRONG_ANSWER);
  const std::optional<double> found = ShortInteger(verdict.extracted());
  const std::optional<double> gold =
      ShortInteger(trace.problem().gold_answer());
  if (found && gold) {
    rejection.set_value(*found);
    rejection.set_threshold(*gold);
  } else {
    rejection.set_detail(verdict.detail());
  }
  return rejection;
}

// The last verdict counts: the verify stage appends its own.
std::optional<Rejection> CheckAnswer(const Trace& trace,
                                     const OutputParts& parts,
                                     const FilterOptions& options) {
  if (!options.require_correct()) return std::nullopt;
  const int num_verdicts = trace.verifications_size();
  Rejection rejection;
  if (num_verdicts == 0) {
    rejection = MakeRejection(REJECTION_REASON_UNVERIFIED, 0, 1,
                              "no verdict: a verify stage must come before");
  } else {
    const Verification& verdict = trace.verifications(num_verdicts - 1);
    if (verdict.verdict() == VERDICT_CORRECT) return std::nullopt;
    if (verdict.verdict() != VERDICT_WRONG) {
      rejection =
          MakeRejection(REJECTION_REASON_UNVERIFIED, 0, 1, verdict.detail());
    } else if (verdict.extracted().empty()) {
      rejection =
          MakeRejection(REJECTION_REASON_NO_ANSWER, 0, 1, verdict.detail());
    } else {
      rejection = WrongAnswer(trace, verdict);
    }
  }
  *rejection.mutable_span() = parts.answer;
  return rejection;
}

std::optional<Rejection> CheckLength(const Trace& trace,
                                     const FilterOptions& options) {
  const double length = static_cast<double>(OutputLength(trace));
  const bool too_short = length < options.min_output_tokens();
  if (!too_short && length <= options.max_output_tokens()) return std::nullopt;
  Rejection rejection = MakeRejection(
      too_short ? REJECTION_REASON_TOO_SHORT : REJECTION_REASON_TOO_LONG,
      length,
      too_short ? options.min_output_tokens() : options.max_output_tokens(),
      LengthUnit(trace));
  *rejection.mutable_span() = WholeOutput(trace);
  return rejection;
}

std::optional<Rejection> CheckRepeats(const Repetition& found, int32_t limit,
                                      absl::string_view what) {
  const double count = static_cast<double>(found.count);
  if (count <= limit) return std::nullopt;
  Rejection rejection =
      MakeRejection(REJECTION_REASON_REPETITION, count, limit, what);
  *rejection.mutable_span() = found.first;
  return rejection;
}

}  // namespace

std::optional<Rejection> FindBreach(const Trace& trace,
                                    const FilterOptions& options) {
  const OutputParts parts = PartsOf(trace);
  if (auto breach = CheckFinish(trace, options)) return breach;
  if (auto breach = CheckFormat(trace, parts, options)) return breach;
  if (auto breach = CheckAnswer(trace, parts, options)) return breach;
  if (auto breach = CheckLength(trace, options)) return breach;
  const int words = options.repetition_ngram();
  if (auto breach = CheckRepeats(MostFrequentNgram(trace.raw_output(), words),
                                 options.max_ngram_repeats(),
                                 absl::StrCat(words, " words"))) {
    return breach;
  }
  return CheckRepeats(MostFrequentParagraph(trace.raw_output()),
                      options.max_paragraph_repeats(), "paragraph");
}

uint64_t OutputLength(const Trace& trace) {
  if (!trace.output_ids().empty()) {
    return static_cast<uint64_t>(trace.output_ids_size());
  }
  return CountWords(trace.raw_output());
}

}  // namespace limbeck
