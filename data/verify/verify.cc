// Extraction and exact comparison of answers. One pass over the text, no
// recursion: model output is untrusted and may be a megabyte of braces.
#include "data/verify/verify.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace limbeck {
namespace {

constexpr absl::string_view kThinkOpen = "<think>";
constexpr absl::string_view kThinkClose = "</think>";

// Length of a box command name at the start of `text` ("boxed", "fbox"), not
// followed by a further letter; 0: none.
size_t BoxNameLength(absl::string_view text) {
  for (absl::string_view name : {"boxed", "fbox"}) {
    if (!absl::StartsWith(text, name)) continue;
    const bool longer_word =
        text.size() > name.size() && absl::ascii_isalpha(text[name.size()]);
    if (!longer_word) return name.size();
  }
  return 0;
}

struct Brace {
  size_t content;  // first byte after the brace
  bool is_box;
};

struct BoxScan {
  bool has_command = false;  // a box command, closed or not
  std::optional<absl::string_view> last;
};

// Walks through braces as LaTeX sees them: \{ and \} are text, \\ is a line
// break (before "boxed" it is taken for a doubled backslash).
class BoxScanner {
 public:
  explicit BoxScanner(absl::string_view text) : text_(text) {}

  BoxScan Run() {
    size_t at = 0;
    while (at < text_.size()) at = Step(at);
    return scan_;
  }

 private:
  size_t Step(size_t at) {
    if (text_[at] == '\\') return Command(at + 1);
    if (text_[at] == '{') open_.push_back({at + 1, false});
    if (text_[at] == '}') Close(at);
    return at + 1;
  }

  // `at` is the byte after a backslash; returns where to go on.
  size_t Command(size_t at) {
    if (at >= text_.size()) return at;
    const absl::string_view rest = text_.substr(at);
    if (rest[0] == '\\') return BoxNameLength(rest.substr(1)) ? at : at + 1;
    const size_t name = BoxNameLength(rest);
    if (name == 0) return at + 1;
    scan_.has_command = true;
    at += name;
    while (at < text_.size() && absl::ascii_isspace(text_[at])) ++at;
    if (at >= text_.size() || text_[at] != '{') return at;
    open_.push_back({at + 1, true});
    return at + 1;
  }

  void Close(size_t at) {
    if (open_.empty()) return;
    const Brace brace = open_.back();
    open_.pop_back();
    if (!brace.is_box || (scan_.last && brace.content < last_content_)) return;
    last_content_ = brace.content;
    scan_.last = text_.substr(brace.content, at - brace.content);
  }

  const absl::string_view text_;
  std::vector<Brace> open_;
  size_t last_content_ = 0;
  BoxScan scan_;
};

// The part in which an answer may stand: what follows the last </think>.
// Thinking that never ends holds no answer.
std::optional<absl::string_view> AnswerPart(absl::string_view text) {
  const size_t close = text.rfind(kThinkClose);
  if (close != absl::string_view::npos) {
    return text.substr(close + kThinkClose.size());
  }
  if (absl::StrContains(text, kThinkOpen)) return std::nullopt;
  return text;
}

struct Wrapper {
  absl::string_view open;
  absl::string_view close;
};
// What may stand around a number without changing it.
constexpr std::array<Wrapper, 8> kWrappers = {{{"\\(", "\\)"},
                                               {"\\[", "\\]"},
                                               {"\\text{", "}"},
                                               {"\\mathrm{", "}"},
                                               {"\\mathbf{", "}"},
                                               {"\\textbf{", "}"},
                                               {"\\mbox{", "}"},
                                               {"{", "}"}}};

bool ConsumeWrapper(absl::string_view* text) {
  for (const Wrapper& wrapper : kWrappers) {
    if (absl::StartsWith(*text, wrapper.open) &&
        absl::EndsWith(*text, wrapper.close)) {
      text->remove_prefix(wrapper.open.size());
      return absl::ConsumeSuffix(text, wrapper.close);
    }
  }
  return false;
}

// Dollars may stand on one side ("$12") or both; "\$" as well.
bool ConsumeDollars(absl::string_view* text) {
  bool any = false;
  for (absl::string_view sign : {"\\$", "$"}) {
    any = any || absl::ConsumePrefix(text, sign);
  }
  for (absl::string_view sign : {"\\$", "$"}) {
    if (absl::ConsumeSuffix(text, sign)) return true;
  }
  return any;
}

bool ConsumeDegrees(absl::string_view* text) {
  for (absl::string_view sign : {"^\\circ", "^{\\circ}", "\xC2\xB0"}) {
    if (absl::ConsumeSuffix(text, sign)) return true;
  }
  return false;
}

// Each round drops something, so that this takes linear time.
absl::string_view Unwrap(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  while (ConsumeDollars(&text) || ConsumeWrapper(&text) ||
         ConsumeDegrees(&text)) {
    text = absl::StripAsciiWhitespace(text);
  }
  return text;
}

// One spelling for the typeset signs and thousands separators: minus sign, en
// dash, small and wide hyphen-minus; "1{,}234", "1,\!234", "1\,234".
std::string PlainSigns(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\xE2\x88\x92", "-"},
                                    {"\xE2\x80\x93", "-"},
                                    {"\xEF\xB9\xA3", "-"},
                                    {"\xEF\xBC\x8D", "-"},
                                    {"{,}", ","},
                                    {"\\!", ""},
                                    {"\\,", ","}});
}

// Removes separators; false unless there is one group of 1 to 3 digits that
// does not start with 0 and all others have 3.
bool JoinGroups(absl::string_view text, std::string* digits) {
  size_t group = 0;  // digits since the last separator
  bool separated = false;
  for (char c : text) {
    if (absl::ascii_isdigit(c)) {
      digits->push_back(c);
      ++group;
      continue;
    }
    if (c != ',' || group == 0 || group > 3) return false;
    if (separated ? group != 3 : text[0] == '0') return false;
    separated = true;
    group = 0;
  }
  return group > 0 && (!separated || group == 3);
}

struct PlainNumber {
  std::string integer;    // canonical, as NormalizeInteger gives it
  bool is_whole = false;  // nothing but zeros after the point
};

bool IsDigits(absl::string_view text) {
  return text.find_first_not_of("0123456789") == absl::string_view::npos;
}

std::string Canonical(bool negative, std::string digits) {
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return "0";
  return negative ? "-" + digits : digits;
}

std::optional<PlainNumber> ParsePlainNumber(absl::string_view given) {
  const std::string plain = PlainSigns(given);
  absl::string_view text = Unwrap(plain);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text = Unwrap(text.substr(1));
  }
  PlainNumber number;
  number.is_whole = true;
  const size_t point = text.find('.');
  if (point != absl::string_view::npos) {
    const absl::string_view decimals = text.substr(point + 1);
    if (!IsDigits(decimals)) return std::nullopt;
    number.is_whole = decimals.find_first_not_of('0') == decimals.npos;
    text = text.substr(0, point);
  }
  std::string digits;
  const bool leading_point = text.empty() && !number.is_whole;  // ".5"
  if (!leading_point && !JoinGroups(text, &digits)) return std::nullopt;
  number.integer = Canonical(negative, std::move(digits));
  return number;
}

Verification Decided(Verdict verdict, absl::string_view detail,
                     Verification verification) {
  verification.set_verdict(verdict);
  verification.set_detail(std::string(detail));
  return verification;
}

Verification VerifyInteger(absl::string_view gold, absl::string_view answer,
                           Verification verification) {
  const auto extracted = ExtractAnswer(answer, ANSWER_KIND_INTEGER);
  verification.set_extracted(extracted.value_or(""));
  if (absl::StripAsciiWhitespace(verification.extracted()).empty()) {
    return Decided(VERDICT_WRONG, "no answer found", std::move(verification));
  }
  const auto found = ParsePlainNumber(verification.extracted());
  if (!found) {
    return Decided(VERDICT_UNKNOWN, "the answer is no plain number",
                   std::move(verification));
  }
  if (!found->is_whole) {
    return Decided(VERDICT_WRONG, "the answer is no integer",
                   std::move(verification));
  }
  const bool right = found->integer == NormalizeIntegerGold(gold);
  verification.set_verdict(right ? VERDICT_CORRECT : VERDICT_WRONG);
  return verification;
}

Verification VerifyString(absl::string_view gold, absl::string_view answer,
                          Verification verification) {
  const auto extracted = ExtractAnswer(answer, ANSWER_KIND_STRING);
  if (!extracted) {
    return Decided(VERDICT_WRONG, "no answer found", std::move(verification));
  }
  verification.set_extracted(*extracted);
  const bool right = absl::StripAsciiWhitespace(*extracted) ==
                     absl::StripAsciiWhitespace(gold);
  verification.set_verdict(right ? VERDICT_CORRECT : VERDICT_WRONG);
  return verification;
}

}  // namespace

std::optional<std::string> ExtractBoxed(absl::string_view text) {
  const BoxScan scan = BoxScanner(text).Run();
  if (!scan.last) return std::nullopt;
  return std::string(*scan.last);
}

std::optional<std::string> ExtractAnswer(absl::string_view text,
                                         AnswerKind kind) {
  const auto part = AnswerPart(text);
  if (!part) return std::nullopt;
  const BoxScan scan = BoxScanner(*part).Run();
  if (scan.last) return std::string(*scan.last);
  const bool bare_allowed =
      kind == ANSWER_KIND_INTEGER || kind == ANSWER_KIND_STRING;
  if (scan.has_command || !bare_allowed) return std::nullopt;
  const absl::string_view bare = absl::StripAsciiWhitespace(*part);
  if (bare.empty() || bare.find_first_of("\r\n") != bare.npos) {
    return std::nullopt;
  }
  return std::string(bare);
}

std::optional<std::string> NormalizeInteger(absl::string_view given) {
  std::optional<PlainNumber> number = ParsePlainNumber(given);
  if (!number || !number->is_whole) return std::nullopt;
  return std::move(number->integer);
}

std::optional<std::string> NormalizeIntegerGold(absl::string_view gold) {
  if (auto bare = NormalizeInteger(gold)) return bare;
  const std::optional<std::string> boxed = ExtractBoxed(gold);
  return boxed ? NormalizeInteger(*boxed) : std::nullopt;
}

std::string WhyUndecidable(absl::string_view gold, AnswerKind kind) {
  switch (kind) {
    case ANSWER_KIND_INTEGER:
      return NormalizeIntegerGold(gold) ? "" : "the gold answer is no integer";
    case ANSWER_KIND_STRING:
      return absl::StripAsciiWhitespace(gold).empty()
                 ? "the gold answer is empty"
                 : "";
    case ANSWER_KIND_MATH:
      return NormalizeIntegerGold(gold)
                 ? ""
                 : "this verifier knows no mathematics beyond integers";
    default:
      return "this verifier knows integer and string answers only";
  }
}

Verification VerifyAnswer(absl::string_view gold, absl::string_view answer,
                          AnswerKind kind) {
  Verification verification;
  verification.set_version(kVerifierVersion);
  const bool is_string = kind == ANSWER_KIND_STRING;
  const bool is_integer =
      kind == ANSWER_KIND_INTEGER || kind == ANSWER_KIND_MATH;
  verification.set_method(is_string    ? "string"
                          : is_integer ? "integer"
                                       : "none");
  const std::string reason = WhyUndecidable(gold, kind);
  if (reason.empty()) {
    return is_string ? VerifyString(gold, answer, std::move(verification))
                     : VerifyInteger(gold, answer, std::move(verification));
  }
  verification.set_extracted(ExtractAnswer(answer, kind).value_or(""));
  return Decided(VERDICT_UNKNOWN, reason, std::move(verification));
}

}  // namespace limbeck
