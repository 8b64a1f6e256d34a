// Hand-written matchers. Blanks are skipped as far as they go: runs of them are
// passed by a few matches at most.
#include "data/verify/compat_places.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace limbeck {
namespace {

constexpr int kMaxJoined = 6;
// Longer formulas are no answers.
constexpr size_t kMaxFormula = 4096;

size_t SkipBlanks(absl::string_view text, size_t at) {
  while (at < text.size() && absl::ascii_isspace(text[at])) ++at;
  return at;
}

size_t DigitsAt(absl::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && absl::ascii_isdigit(text[end])) ++end;
  return end - at;
}

// Where the next formula of a list may begin; npos: the list ends here.
size_t AfterJoin(absl::string_view text, size_t at) {
  at = SkipBlanks(text, at);
  for (absl::string_view word : {",", "and", "or"}) {
    if (absl::StartsWith(text.substr(at), word)) {
      return SkipBlanks(text, at + word.size());
    }
  }
  return text.npos;
}

void AppendPercent(absl::string_view text, CompatPlace* place) {
  const size_t percent = PercentBytes(text, place->end);
  if (percent == 0) return;
  place->end += percent;
  absl::StrAppend(&place->text, "\\%");
}

// One number at `at` with its separators taken out; its end, 0: none.
struct Number {
  size_t end = 0;
  std::string text;
  bool separated = false;
};

// "1,234,567", "1 234 567": groups of three behind 1 to 3 digits.
std::optional<Number> GroupedNumber(absl::string_view text, size_t at) {
  const size_t first = DigitsAt(text, at);
  if (first == 0 || first > 3) return std::nullopt;
  Number number{at + first, std::string(text.substr(at, first)), true};
  const char separator = number.end < text.size() ? text[number.end] : char{0};
  if (separator != ',' && separator != ' ') return std::nullopt;
  bool grouped = false;
  while (number.end < text.size() && text[number.end] == separator &&
         DigitsAt(text, number.end + 1) >= 3) {
    number.text.append(text.data() + number.end + 1, 3);
    number.end += 4;
    grouped = true;
    if (number.end < text.size() && absl::ascii_isdigit(text[number.end])) {
      break;  // "1,0000" is read as 1000
    }
  }
  if (!grouped) return std::nullopt;
  // "0,111" and "00,500" are decimals.
  if (separator == ',' && text[at] == '0') return std::nullopt;
  if (number.end < text.size() && text[number.end] == '.') {
    const size_t decimals = DigitsAt(text, number.end + 1);
    if (decimals > 0) {
      number.text.append(text.data() + number.end, decimals + 1);
      number.end += decimals + 1;
    }
  }
  return number;
}

std::optional<Number> OneNumber(absl::string_view text, size_t at) {
  if (auto grouped = GroupedNumber(text, at)) return grouped;
  const size_t whole = DigitsAt(text, at);
  Number number{at + whole, std::string(text.substr(at, whole)), false};
  const bool point =
      number.end < text.size() &&
      (text[number.end] == '.' || (text[number.end] == ',' && whole > 0));
  const size_t decimals = point ? DigitsAt(text, number.end + 1) : 0;
  if (decimals > 0) {
    if (whole == 0) number.text = "0";
    absl::StrAppend(&number.text, ".", text.substr(number.end + 1, decimals));
    number.end += decimals + 1;
  }
  if (number.text.empty()) return std::nullopt;
  return number;
}

// Whether a number may begin at `at`, judged by what stands before it.
bool MayBegin(absl::string_view text, size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  if (absl::ascii_isspace(before) || before == '=' || before == '$') {
    return true;
  }
  if (before == '*') return at >= 2 && text[at - 2] == '*';
  const absl::string_view head = text.substr(0, at);
  return absl::EndsWith(head, "\xE2\x82\xAC") ||  // euro
         absl::EndsWith(head, "\xC2\xA3") ||      // pound
         absl::EndsWith(head, "\xC2\xA5");        // yen
}

// A sign between two numbers with the blanks around it; its end, 0: none.
size_t SignEnd(absl::string_view text, size_t at) {
  at = SkipBlanks(text, at);
  if (at >= text.size() || !absl::StrContains("+-*/^", text.substr(at, 1))) {
    return 0;
  }
  return SkipBlanks(text, at + 1);
}

}  // namespace

size_t PercentBytes(absl::string_view text, size_t at) {
  const size_t begin = SkipBlanks(text, at);
  for (absl::string_view word : {"%", "\\%", "percentage", "percent", "pct"}) {
    if (absl::StartsWith(text.substr(begin), word)) {
      return begin + word.size() - at;
    }
  }
  return 0;
}

FormulaFinder::FormulaFinder(absl::string_view text) : text_(text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') line_breaks_.push_back(at);
    for (size_t kind = 0; kind < kDelimiters.size(); ++kind) {
      if (absl::StartsWith(text.substr(at), kDelimiters[kind].close)) {
        closes_[kind].push_back(at);
      }
    }
    // What follows a backslash is no mark by itself: "\\$".
    if (text[at] == '\\') ++at;
  }
}

// The first closing mark at or behind `at`; npos: none on this line or near.
size_t FormulaFinder::FindClose(size_t at, size_t kind) const {
  const std::vector<size_t>& closes = closes_[kind];
  const auto close = std::lower_bound(closes.begin(), closes.end(), at);
  if (close == closes.end() || *close - at > kMaxFormula) return text_.npos;
  if (kDelimiters[kind].many_lines) return *close;
  const auto line =
      std::lower_bound(line_breaks_.begin(), line_breaks_.end(), at);
  return line == line_breaks_.end() || *close < *line ? *close : text_.npos;
}

std::optional<CompatPlace> FormulaFinder::Delimited(size_t at) const {
  if (at > 0 && text_[at - 1] == '\\') return std::nullopt;
  for (size_t kind = 0; kind + 1 < kDelimiters.size(); ++kind) {
    const Delimiters& marks = kDelimiters[kind];
    if (!absl::StartsWith(text_.substr(at), marks.open)) continue;
    const size_t begin = at + marks.open.size();
    const size_t close = FindClose(begin, kind);
    if (close == text_.npos || close == begin) continue;
    return CompatPlace{close + marks.close.size(),
                       std::string(text_.substr(begin, close - begin))};
  }
  return std::nullopt;
}

// " [ x + 1 ] ", blanks on both sides.
std::optional<CompatPlace> FormulaFinder::Bracketed(size_t at) const {
  if (at == 0 || !absl::ascii_isspace(text_[at - 1])) return std::nullopt;
  const size_t close = FindClose(at + 1, kDelimiters.size() - 1);
  if (close == text_.npos) return std::nullopt;
  const size_t end = close + 1;
  if (end < text_.size() && !absl::ascii_isspace(text_[end])) {
    return std::nullopt;
  }
  return CompatPlace{end, std::string(text_.substr(at + 1, close - at - 1))};
}

// "-\\frac{1}{2}" outside of formulas.
std::optional<CompatPlace> FormulaFinder::BareFraction(size_t at) const {
  absl::string_view rest = text_.substr(at);
  absl::ConsumePrefix(&rest, "-");
  if (!absl::ConsumePrefix(&rest, "\\frac")) return std::nullopt;
  for (int part = 0; part < 2; ++part) {
    if (!absl::ConsumePrefix(&rest, "{")) return std::nullopt;
    absl::ConsumePrefix(&rest, "-");
    const size_t digits = DigitsAt(rest, 0);
    rest.remove_prefix(digits);
    if (digits == 0 || !absl::ConsumePrefix(&rest, "}")) return std::nullopt;
  }
  const size_t end = text_.size() - rest.size();
  return CompatPlace{end, std::string(text_.substr(at, end - at))};
}

std::optional<CompatPlace> FormulaFinder::One(size_t at) const {
  switch (text_[at]) {
    case '$':
      return Delimited(at);
    case '\\':
      if (auto formula = Delimited(at)) return formula;
      return BareFraction(at);
    case '-':
      return BareFraction(at);
    case '[':
      return Bracketed(at);
    default:
      return std::nullopt;
  }
}

std::optional<CompatPlace> FormulaFinder::At(size_t at) const {
  std::optional<CompatPlace> place = One(at);
  if (!place) return std::nullopt;
  AppendPercent(text_, &*place);
  for (int joined = 1; joined < kMaxJoined; ++joined) {
    const size_t next = AfterJoin(text_, place->end);
    if (next >= text_.size()) break;
    std::optional<CompatPlace> more = One(next);
    if (!more) break;
    AppendPercent(text_, &*more);
    place->end = more->end;
    absl::StrAppend(&place->text, " \\text{ and } ", more->text);
  }
  return place;
}

std::optional<CompatPlace> PlainNumberAt(absl::string_view text, size_t at) {
  if (!MayBegin(text, at)) return std::nullopt;
  const bool negative = text[at] == '-';
  std::optional<Number> number = OneNumber(text, at + (negative ? 1 : 0));
  if (!number) return std::nullopt;
  CompatPlace place{number->end,
                    absl::StrCat(negative ? "-" : "", number->text)};
  while (!number->separated) {
    const size_t sign = SignEnd(text, place.end);
    if (sign == 0 || sign >= text.size()) break;
    number = OneNumber(text, sign);
    if (!number || number->separated) break;
    absl::StrAppend(&place.text, text.substr(place.end, sign - place.end),
                    number->text);
    place.end = number->end;
  }
  AppendPercent(text, &place);
  return place;
}

}  // namespace limbeck
