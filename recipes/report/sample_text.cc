#include "recipes/report/sample_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "data/stages/record_id.h"
#include "eval/scores.h"
#include "recipes/report/html.h"
#include "recipes/report/numbers.h"
#include "recipes/report/outcome.h"

namespace limbeck::report {
namespace {

constexpr size_t kLongestFact = 200;

// The first byte at or after `at` that begins a character.
size_t CharacterAt(absl::string_view text, size_t at) {
  constexpr size_t kLongestTail = 3;
  for (size_t forward = 0; forward <= kLongestTail; ++forward) {
    if (at + forward >= text.size()) return text.size();
    if ((static_cast<uint8_t>(text[at + forward]) & 0xC0) != 0x80) {
      return at + forward;
    }
  }
  return at;
}

// Where the answer begins; the text's size where there is none.
size_t AnswerBegin(const Trace& trace) {
  const size_t size = trace.raw_output().size();
  if (!trace.has_answer()) return size;
  return std::min<uint64_t>(trace.answer().begin(), size);
}

std::string Soft(const std::string& html) {
  if (html.empty()) return "";
  return absl::StrCat("<span class=\"soft\">", html, "</span>");
}

}  // namespace

std::string VerdictText(const Trace& trace) {
  const Verification& verdict = LastVerdict(trace);
  const Outcome outcome = OutcomeOf(trace);
  const bool right = outcome == Outcome::kRight;
  std::string text = absl::StrCat(" <span class=\"", right ? "good" : "bad",
                                  "\">", OutcomeName(outcome));
  // Of a program the reason tells more than its first line.
  const bool is_program = verdict.method() == kJudgeMethod;
  if (!right && !is_program && !verdict.extracted().empty()) {
    absl::StrAppend(&text, ": <bdi>",
                    Excerpt(verdict.extracted(), kLongestAnswer), "</bdi>");
  }
  const bool is_said = outcome == Outcome::kCutOff;
  if (trace.finish_reason() == FINISH_REASON_LENGTH && !is_said) {
    text += ", cut off";
  }
  return text + "</span>";
}

std::string OutputText(const Trace& trace, size_t max_bytes) {
  const absl::string_view text = trace.raw_output();
  const size_t begin = AnswerBegin(trace);
  if (!trace.has_answer() || begin > max_bytes) {
    return Excerpt(text, max_bytes);
  }
  return absl::StrCat(Soft(Escape(text.substr(0, begin))), "<b>",
                      Excerpt(text.substr(begin), max_bytes - begin), "</b>");
}

std::string OutputEnds(const Trace& trace, size_t max_bytes) {
  const absl::string_view text = trace.raw_output();
  if (text.size() <= max_bytes) return OutputText(trace, max_bytes);
  const size_t head = CharacterAt(text, max_bytes / 4);
  const size_t tail = CharacterAt(text, text.size() - (max_bytes - head));
  const size_t answer = std::max(AnswerBegin(trace), tail);
  return absl::StrCat(
      Soft(absl::StrCat(Escape(text.substr(0, head)), " [… ",
                        Count(tail - head), " more bytes …] ",
                        Escape(text.substr(tail, answer - tail)))),
      "<b>", Escape(text.substr(answer)), "</b>");
}

std::string ProblemFacts(const Problem& problem) {
  std::string facts;
  if (!problem.gold_answer().empty()) {
    absl::StrAppend(&facts, "answer <bdi>",
                    Excerpt(problem.gold_answer(), kLongestAnswer), "</bdi>");
  }
  const auto separate = [&] {
    if (!facts.empty()) facts += "; ";
  };
  if (!problem.family().empty()) {
    separate();
    facts += Excerpt(problem.family(), kLongestFact);
  }
  if (problem.difficulty() > 0) {
    separate();
    absl::StrAppend(&facts, "difficulty ", problem.difficulty());
  }
  return facts;
}

std::string QuestionHtml(const Problem& problem, size_t max_bytes) {
  return absl::StrCat("<bdi>", Excerpt(QuestionText(problem), max_bytes),
                      "</bdi>");
}

}  // namespace limbeck::report
