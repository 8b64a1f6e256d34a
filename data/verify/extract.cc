// Boxes first, then sentences that name the answer, then the bare text.
#include "data/verify/extract.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "data/verify/box_scan.h"

namespace limbeck {
namespace {

constexpr absl::string_view kThinkOpen = "<think>";
constexpr absl::string_view kThinkClose = "</think>";
// Boxes of one list, and bytes between two of them, that are looked at.
constexpr size_t kMaxListedBoxes = 64;
constexpr size_t kMaxBetween = 80;

absl::string_view Content(absl::string_view text, const Box& box) {
  return text.substr(box.content, box.close - box.content);
}

// What may stand between two boxes of one list, besides blanks; the first five
// say that there is a list.
struct ListWord {
  absl::string_view text;
  bool joins;
};
constexpr std::array<ListWord, 19> kListWords = {{{",", true},
                                                  {";", true},
                                                  {"and", true},
                                                  {"or", true},
                                                  {"&", true},
                                                  {"\\text{", false},
                                                  {"\\quad", false},
                                                  {"\\qquad", false},
                                                  {"\\(", false},
                                                  {"\\)", false},
                                                  {"\\[", false},
                                                  {"\\]", false},
                                                  {"\\,", false},
                                                  {"\\;", false},
                                                  {"\\ ", false},
                                                  {"$", false},
                                                  {"}", false},
                                                  {"~", false},
                                                  {"*", false}}};

// Whether `between` holds nothing but such words, and one that joins.
bool JoinsBoxes(absl::string_view between) {
  if (between.size() > kMaxBetween) return false;
  bool joins = false;
  while (true) {
    between = absl::StripLeadingAsciiWhitespace(between);
    if (between.empty()) return joins;
    bool known = false;
    for (const ListWord& word : kListWords) {
      if (!absl::ConsumePrefix(&between, word.text)) continue;
      known = true;
      joins |= word.joins;
      break;
    }
    if (!known) return false;
  }
}

// The last box, or the list that it ends.
FoundAnswer LastBoxes(absl::string_view text, const BoxScan& scan) {
  FoundAnswer found;
  if (scan.boxes.empty()) return found;
  found.mark = AnswerMark::kBox;
  size_t listed = 1;
  for (; listed < scan.boxes.size(); ++listed) {
    const size_t end = scan.boxes[listed].close + 1;
    const size_t next = scan.boxes[listed - 1].begin;
    if (end > next || !JoinsBoxes(text.substr(end, next - end))) break;
  }
  for (size_t i = listed; i-- > 0;) {
    found.boxes.emplace_back(Content(text, scan.boxes[i]));
  }
  found.text = absl::StrJoin(found.boxes, ",");
  if (listed == 1) found.boxes.clear();
  return found;
}

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Takes `word` (lower case) off the front in any case, as a whole word.
bool ConsumeWord(absl::string_view* text, absl::string_view word) {
  if (!absl::StartsWithIgnoreCase(*text, word)) return false;
  if (text->size() > word.size() && absl::ascii_isalpha((*text)[word.size()])) {
    return false;
  }
  text->remove_prefix(word.size());
  return true;
}

void SkipAnyOf(absl::string_view* text, absl::string_view bytes) {
  text->remove_prefix(std::min(text->find_first_not_of(bytes), text->size()));
}

struct Formula {
  absl::string_view open;
  absl::string_view close;
};
constexpr std::array<Formula, 2> kDisplayed = {{{"$$", "$$"}, {"\\[", "\\]"}}};

// The displayed formula at the start of `text`, without its marks.
std::optional<absl::string_view> LeadingDisplay(absl::string_view text) {
  for (const Formula& formula : kDisplayed) {
    if (!absl::ConsumePrefix(&text, formula.open)) continue;
    const size_t close = text.find(formula.close);
    if (close == absl::string_view::npos) return std::nullopt;
    return text.substr(0, close);
  }
  return std::nullopt;
}

// To the end of the line, or a full stop before a blank; dollars hide stops.
absl::string_view Sentence(absl::string_view text) {
  bool in_formula = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || c == '\r') return text.substr(0, at);
    if (c == '\\') {
      ++at;
    } else if (c == '$') {
      in_formula = !in_formula;
    } else if (c == '.' && !in_formula) {
      if (at + 1 == text.size() || absl::ascii_isspace(text[at + 1])) {
        return text.substr(0, at);
      }
    }
  }
  return text;
}

// One inline formula around everything is taken off.
absl::string_view WithoutOuterFormula(absl::string_view text) {
  for (const Formula& formula :
       {Formula{"$", "$"}, Formula{"\\(", "\\)"}, Formula{"\\[", "\\]"}}) {
    if (text.size() < formula.open.size() + formula.close.size() ||
        !absl::StartsWith(text, formula.open) ||
        !absl::EndsWith(text, formula.close)) {
      continue;
    }
    const absl::string_view inner =
        text.substr(formula.open.size(),
                    text.size() - formula.open.size() - formula.close.size());
    const bool one =
        inner.find(formula.open) == inner.npos && !absl::EndsWith(inner, "\\");
    if (one) return absl::StripAsciiWhitespace(inner);
  }
  return text;
}

absl::string_view WithoutEmphasis(absl::string_view text) {
  constexpr absl::string_view kMarks = "*_`\"' \t\r\n";
  SkipAnyOf(&text, kMarks);
  while (!text.empty()) {
    const char last = text.back();
    const bool escaped = text.size() > 1 && text[text.size() - 2] == '\\';
    const bool drop = kMarks.find(last) != kMarks.npos ||
                      absl::StrContains(".,;:!", absl::string_view(&last, 1));
    // A prime belongs to the formula; "\," is a blank of it.
    if (!drop || escaped || last == '\'') break;
    text.remove_suffix(1);
  }
  return text;
}

bool BeginsFormula(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  for (absl::string_view open : {"$", "\\(", "\\["}) {
    if (absl::StartsWith(text, open)) return true;
  }
  return false;
}

// "The largest $n$ is 34": what the sentence says, where it says it of
// something.
std::string WhatIsSaid(std::string sentence) {
  constexpr absl::string_view kIs = " is ";
  const size_t is = absl::string_view(sentence).rfind(kIs);
  if (is == sentence.npos) return sentence;
  const absl::string_view said =
      absl::string_view(sentence).substr(is + kIs.size());
  return std::string(WithoutOuterFormula(absl::StripAsciiWhitespace(said)));
}

// X of "answer: X" or "answer is X"; `text` begins behind the word "answer".
std::optional<std::string> AfterAnswerWord(absl::string_view text) {
  constexpr absl::string_view kBlanks = " \t*_";
  SkipAnyOf(&text, kBlanks);
  bool says = ConsumeWord(&text, "is");
  SkipAnyOf(&text, kBlanks);
  says = absl::ConsumePrefix(&text, ":") || says;
  says = says || absl::ConsumePrefix(&text, "=") || BeginsFormula(text);
  if (!says) return std::nullopt;
  SkipAnyOf(&text, " \t*_\r\n");
  if (const auto display = LeadingDisplay(text)) {
    return std::string(absl::StripAsciiWhitespace(*display));
  }
  const absl::string_view stated =
      WithoutOuterFormula(WithoutEmphasis(Sentence(text)));
  if (stated.empty()) return std::nullopt;
  return std::string(stated);
}

bool FollowsFinal(absl::string_view before) {
  const size_t kept = before.find_last_not_of(" \t\n*_");
  if (kept == before.npos) return false;
  before = before.substr(0, kept + 1);
  if (!absl::EndsWithIgnoreCase(before, "final")) return false;
  return before.size() == 5 || !IsWordByte(before[before.size() - 6]);
}

// The text itself, where it is one line or one displayed formula.
std::optional<std::string> BareAnswer(absl::string_view part) {
  const absl::string_view bare = absl::StripAsciiWhitespace(part);
  if (bare.empty()) return std::nullopt;
  if (const auto display = LeadingDisplay(bare)) {
    const bool whole = display->end() + 2 == bare.end();
    if (whole) return std::string(absl::StripAsciiWhitespace(*display));
  }
  if (bare.find_first_of("\r\n") != bare.npos) return std::nullopt;
  return std::string(WithoutOuterFormula(bare));
}

}  // namespace

absl::string_view AnswerMarkName(AnswerMark mark) {
  switch (mark) {
    case AnswerMark::kBox:
      return "box";
    case AnswerMark::kFinalAnswer:
      return "final answer";
    case AnswerMark::kAnswer:
      return "answer";
    case AnswerMark::kBare:
      return "bare";
    default:
      return "none";
  }
}

std::optional<absl::string_view> AnswerPart(absl::string_view output) {
  const size_t close = output.rfind(kThinkClose);
  if (close != absl::string_view::npos) {
    return output.substr(close + kThinkClose.size());
  }
  if (absl::StrContains(output, kThinkOpen)) return std::nullopt;
  return output;
}

std::optional<std::string> ExtractBoxed(absl::string_view text) {
  const BoxScan scan = ScanBoxes(text, 1);
  if (scan.boxes.empty()) return std::nullopt;
  return std::string(Content(text, scan.boxes[0]));
}

std::optional<std::string> ExtractBoxedAnswer(absl::string_view output) {
  const auto part = AnswerPart(output);
  return part ? ExtractBoxed(*part) : std::nullopt;
}

std::optional<std::string> StatedAnswer(absl::string_view text,
                                        bool final_only) {
  constexpr absl::string_view kWord = "answer";
  // Backwards over the last letter of the word: rare enough to look at each.
  for (size_t at = text.size(); at >= kWord.size(); --at) {
    const absl::string_view found =
        text.substr(at - kWord.size(), kWord.size());
    if ((found[5] | 0x20) != 'r' || !absl::EqualsIgnoreCase(found, kWord)) {
      continue;
    }
    const absl::string_view before = text.substr(0, at - kWord.size());
    if (!before.empty() && IsWordByte(before.back())) continue;
    if (final_only && !FollowsFinal(before)) continue;
    auto stated = AfterAnswerWord(text.substr(at));
    if (!stated) continue;
    return final_only ? WhatIsSaid(*std::move(stated)) : stated;
  }
  return std::nullopt;
}

FoundAnswer FindAnswer(absl::string_view output, AnswerPlace place) {
  const auto part = AnswerPart(output);
  if (!part) return {};
  const BoxScan scan = ScanBoxes(*part, kMaxListedBoxes);
  FoundAnswer boxed = LastBoxes(*part, scan);
  if (boxed.mark == AnswerMark::kBox) return boxed;
  if (scan.has_command || place == AnswerPlace::kBoxOnly) return {};
  if (auto stated = StatedAnswer(*part, true)) {
    return {AnswerMark::kFinalAnswer, *std::move(stated), {}};
  }
  if (auto stated = StatedAnswer(*part, false)) {
    return {AnswerMark::kAnswer, *std::move(stated), {}};
  }
  if (auto bare = BareAnswer(*part)) {
    return {AnswerMark::kBare, *std::move(bare), {}};
  }
  return {};
}

}  // namespace limbeck
