// Candidates of both texts in order; the first that can be read is compared.
#include "data/verify/compat.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "data/verify/compat_equal.h"
#include "data/verify/compat_extract.h"
#include "data/verify/compat_form.h"
#include "data/verify/math/math_answer.h"

namespace limbeck {
namespace {

struct CompatReading {
  std::string text;     // of the first candidate
  ExpressionPtr value;  // of the first that can be read; null: none
  std::string letters;  // its words without blanks
};

// "14 {, }916": a separator of thousands, whatever the blanks.
std::string WithPlainSeparators(absl::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t comma = text.find_first_not_of(" ", at + 1);
    const bool opens =
        text[at] == '{' && comma != text.npos && text[comma] == ',';
    const size_t close =
        opens ? text.find_first_not_of(" ", comma + 1) : text.npos;
    if (close == text.npos || text[close] != '}') {
      plain.push_back(text[at]);
      continue;
    }
    while (!plain.empty() && plain.back() == ' ') plain.pop_back();
    plain.push_back(',');
    at = close;
  }
  return plain;
}

// Variables renamed in the order of their names, where there are as many.
ExpressionPtr WithNamesOf(const ExpressionPtr& gold, ExpressionPtr answer) {
  const std::vector<std::string> wanted = FreeSymbols(*gold);
  const std::vector<std::string> found = FreeSymbols(*answer);
  if (wanted.size() != found.size()) return answer;
  // By way of names that nobody writes: x, y may become y, x.
  for (size_t i = 0; i < found.size(); ++i) {
    answer = Substitute(answer, found[i], MakeSymbol(absl::StrCat("#", i)));
  }
  for (size_t i = 0; i < found.size(); ++i) {
    answer = Substitute(answer, absl::StrCat("#", i), MakeSymbol(wanted[i]));
  }
  return answer;
}

// "\\text{odd}" and the variables o d d.
bool SameLetters(const CompatReading& gold, const CompatReading& answer) {
  const bool words = gold.value->is(ExpressionKind::kText) ||
                     answer.value->is(ExpressionKind::kText);
  return words && !gold.letters.empty() && gold.letters == answer.letters;
}

bool SameValues(const CompatReading& gold, const CompatReading& answer,
                const CompatOptions& options) {
  if (SameLetters(gold, answer)) return true;
  WorkBudget budget;
  const ExpressionPtr renamed =
      options.strict ? answer.value : WithNamesOf(gold.value, answer.value);
  return CompatEqual(gold.value, renamed, options, budget);
}

MathOptions ParserOptions(bool plain) {
  MathOptions options;
  options.percent = PercentPolicy::kValueOnly;
  options.units = UnitPolicy::kIgnored;
  options.decimals = DecimalPolicy::kSixPlaces;
  options.comma = plain ? CommaPolicy::kDecimalFirst : CommaPolicy::kListFirst;
  return options;
}

std::optional<CompatReading> ReadAnswer(absl::string_view text,
                                        const CompatOptions& options) {
  const std::vector<CompatCandidate> candidates =
      CompatCandidates(text, options);
  if (candidates.empty()) return std::nullopt;
  CompatReading reading;
  reading.text = candidates[0].text;
  for (const CompatCandidate& candidate : candidates) {
    const absl::StatusOr<MathAnswer> answer = ParseMathAnswer(
        WithPlainSeparators(candidate.text), ParserOptions(candidate.plain));
    if (!answer.ok()) continue;
    reading.value = CompatForm(answer->root());
    reading.letters = absl::StrReplaceAll(answer->words(), {{" ", ""}});
    break;
  }
  return reading;
}

bool IsBlank(absl::string_view text) {
  return absl::StripAsciiWhitespace(text).empty();
}

}  // namespace

CompatVerdict VerifyAsMathVerify(absl::string_view gold,
                                 absl::string_view answer,
                                 const CompatOptions& options) {
  const std::optional<CompatReading> wanted = ReadAnswer(gold, options);
  const std::optional<CompatReading> found = ReadAnswer(answer, options);
  CompatVerdict verdict;
  if (!found) {
    verdict.reason = "no answer found";
    return verdict;
  }
  verdict.extracted = found->text;
  if (!wanted) {
    verdict.reason = "nothing was found in the gold answer";
    return verdict;
  }
  WorkBudget budget;
  const bool same_text = !IsBlank(found->text) && wanted->text == found->text;
  const bool equal = same_text || (wanted->value && found->value &&
                                   SameValues(*wanted, *found, options));
  if (equal) {
    verdict.verdict = VERDICT_CORRECT;
  } else {
    verdict.reason = "another answer";
  }
  return verdict;
}

FoundChoice FindChoiceAsSimpleEvals(absl::string_view output,
                                    absl::string_view letters) {
  constexpr absl::string_view kWord = "answer";
  const auto skip = [&](size_t at, absl::string_view bytes) {
    const size_t next = output.find_first_not_of(bytes, at);
    return next == output.npos ? output.size() : next;
  };
  for (size_t at = 0; at + kWord.size() <= output.size(); ++at) {
    if (!absl::EqualsIgnoreCase(output.substr(at, kWord.size()), kWord)) {
      continue;
    }
    size_t next = skip(at + kWord.size(), " \t");
    if (next >= output.size() || output[next] != ':') continue;
    next = skip(next + 1, " \t");
    if (next < output.size() && output[next] == '$') ++next;
    if (next >= output.size()) continue;
    const char letter = absl::ascii_toupper(output[next]);
    if (letters.find(letter) != letters.npos) return {letter, ""};
  }
  return {0, "no option named"};
}

}  // namespace limbeck
