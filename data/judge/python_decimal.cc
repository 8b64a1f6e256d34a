#include "data/judge/python_decimal.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/judge/python_text.h"

namespace limbeck {
namespace {

// Decimal's largest exponent; also keeps the sums below from overflowing.
constexpr int64_t kMaxExponent = 999999999999999999;

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), IsDigit);
}

// "inf", "infinity", "nan123", "snan": without sign.
std::optional<PythonDecimal> ParseSpecial(absl::string_view word,
                                          bool negative) {
  PythonDecimal value;
  value.negative = negative;
  const std::string lower = absl::AsciiStrToLower(word);
  if (lower == "inf" || lower == "infinity") {
    value.kind = PythonDecimal::Kind::kInfinite;
    return value;
  }
  absl::string_view rest = lower;
  if (!absl::ConsumePrefix(&rest, "nan") &&
      !absl::ConsumePrefix(&rest, "snan")) {
    return std::nullopt;
  }
  if (!AreDigits(rest)) return std::nullopt;
  value.kind = PythonDecimal::Kind::kNan;
  return value;
}

// Cuts "e-12" off the word; false: an exponent, but no good one.
bool TakeExponent(absl::string_view* word, int64_t* exponent) {
  *exponent = 0;
  const size_t at = word->find_first_of("eE");
  if (at == absl::string_view::npos) return true;
  absl::string_view text = word->substr(at + 1);
  *word = word->substr(0, at);
  absl::string_view digits = text;
  if (!absl::ConsumePrefix(&digits, "-")) absl::ConsumePrefix(&digits, "+");
  if (digits.empty() || !AreDigits(digits)) return false;
  absl::ConsumePrefix(&text, "+");
  return absl::SimpleAtoi(text, exponent) && *exponent <= kMaxExponent &&
         *exponent >= -kMaxExponent;
}

PythonDecimal Normal(bool negative, std::string digits, int64_t exponent) {
  PythonDecimal value;
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return value;  // zeros of both signs
  const size_t last = digits.find_last_not_of('0');
  value.negative = negative;
  value.digits = digits.substr(first, last - first + 1);
  value.exponent = exponent - static_cast<int64_t>(first);
  return value;
}

}  // namespace

std::optional<PythonDecimal> ParsePythonDecimal(absl::string_view word) {
  std::string plain(StripPython(word));
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  absl::string_view text = plain;
  const bool negative = absl::ConsumePrefix(&text, "-");
  if (!negative) absl::ConsumePrefix(&text, "+");
  if (!text.empty() &&
      absl::ascii_isalpha(static_cast<unsigned char>(text[0]))) {
    return ParseSpecial(text, negative);
  }
  int64_t exponent = 0;
  if (!TakeExponent(&text, &exponent)) return std::nullopt;
  const size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (point < text.size()) absl::StrAppend(&digits, text.substr(point + 1));
  if (digits.empty() || !AreDigits(digits)) return std::nullopt;
  return Normal(negative, std::move(digits),
                exponent + static_cast<int64_t>(point));
}

bool SameDecimal(const PythonDecimal& a, const PythonDecimal& b) {
  if (a.kind == PythonDecimal::Kind::kNan) return false;
  return a.kind == b.kind && a.negative == b.negative && a.digits == b.digits &&
         a.exponent == b.exponent;
}

bool SameDecimals(absl::string_view a, absl::string_view b) {
  const std::vector<absl::string_view> words_a = SplitPython(a);
  const std::vector<absl::string_view> words_b = SplitPython(b);
  if (words_a.size() != words_b.size()) return false;
  for (size_t i = 0; i < words_a.size(); ++i) {
    const std::optional<PythonDecimal> value_a = ParsePythonDecimal(words_a[i]);
    if (!value_a.has_value()) return false;
    const std::optional<PythonDecimal> value_b = ParsePythonDecimal(words_b[i]);
    if (!value_b.has_value() || !SameDecimal(*value_a, *value_b)) return false;
  }
  return true;
}

}  // namespace limbeck
