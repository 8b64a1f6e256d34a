// One pass from the left: sign, digits, exponent, denominator, unit.
#include "data/verify/numeric.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "data/verify/plain_number.h"

namespace limbeck {
namespace {

// Longer is no number that anybody measured.
constexpr size_t kMaxBytes = 512;

size_t DigitsAt(absl::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// Digits with separators in groups of three.
std::string TakeInteger(absl::string_view* text) {
  std::string digits(text->substr(0, DigitsAt(*text)));
  text->remove_prefix(digits.size());
  const bool groups = !digits.empty() && digits.size() <= 3 && digits[0] != '0';
  while (groups && text->size() >= 4 && (*text)[0] == ',' &&
         DigitsAt(text->substr(1)) == 3) {
    digits.append(text->data() + 1, 3);
    text->remove_prefix(4);
  }
  return digits;
}

// "e3", "E-3", "\times10^{3}", "\cdot10^3", "*10^3": the exponent's text.
std::string TakeExponent(absl::string_view* text) {
  absl::string_view rest = *text;
  bool braced = false;
  bool found =
      absl::ConsumePrefix(&rest, "e") || absl::ConsumePrefix(&rest, "E");
  for (absl::string_view times : {"\\times10^", "\\cdot10^", "*10^",
                                  "\xC3\x97"
                                  "10^"}) {
    if (found) break;
    found = absl::ConsumePrefix(&rest, times);
    braced = found && absl::ConsumePrefix(&rest, "{");
  }
  if (!found) return "";
  std::string exponent;
  if (absl::ConsumePrefix(&rest, "-")) exponent = "-";
  if (exponent.empty()) absl::ConsumePrefix(&rest, "+");
  const size_t digits = DigitsAt(rest);
  if (digits == 0 || digits > 4) return "";
  exponent.append(rest.data(), digits);
  rest.remove_prefix(digits);
  if (braced && !absl::ConsumePrefix(&rest, "}")) return "";
  *text = rest;
  return exponent;
}

std::optional<double> TakeDecimal(absl::string_view* text) {
  std::string number = absl::ConsumePrefix(text, "-") ? "-" : "";
  if (number.empty()) absl::ConsumePrefix(text, "+");
  const std::string integer = TakeInteger(text);
  std::string decimals;
  if (absl::ConsumePrefix(text, ".")) {
    decimals = std::string(text->substr(0, DigitsAt(*text)));
    text->remove_prefix(decimals.size());
  }
  if (integer.empty() && decimals.empty()) return std::nullopt;
  const std::string exponent = TakeExponent(text);
  absl::StrAppend(&number, integer, ".", decimals, "0e",
                  exponent.empty() ? "0" : exponent);
  double value = 0;
  if (!absl::SimpleAtod(number, &value) || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

// "\frac{3}{4}", blanks already gone.
std::optional<double> TakeFraction(absl::string_view* text) {
  bool negative = absl::ConsumePrefix(text, "-");
  if (!absl::ConsumePrefix(text, "\\frac{")) return std::nullopt;
  const auto above = TakeDecimal(text);
  if (!above || !absl::ConsumePrefix(text, "}{")) return std::nullopt;
  const auto below = TakeDecimal(text);
  if (!below || *below == 0 || !absl::ConsumePrefix(text, "}")) {
    return std::nullopt;
  }
  return (negative ? -1 : 1) * *above / *below;
}

std::optional<double> TakeNumber(absl::string_view* text) {
  absl::string_view rest = *text;
  if (const auto fraction = TakeFraction(&rest)) {
    *text = rest;
    return fraction;
  }
  const auto value = TakeDecimal(text);
  if (!value) return std::nullopt;
  rest = *text;
  if (!absl::ConsumePrefix(&rest, "/")) return value;
  const auto below = TakeDecimal(&rest);
  if (!below) return value;  // "5/s"
  if (*below == 0) return std::nullopt;
  *text = rest;
  return *value / *below;
}

std::string WithoutBlanks(absl::string_view text) {
  std::string out = absl::StrReplaceAll(text, {{"\\dfrac", "\\frac"},
                                               {"\\tfrac", "\\frac"},
                                               {"\\ ", ""},
                                               {"\\;", ""},
                                               {"\\quad", ""},
                                               {"~", ""}});
  out.erase(std::remove_if(out.begin(), out.end(), absl::ascii_isspace),
            out.end());
  return out;
}

// "5-7", "3,4", "1.2.3", "2e99999" are no quantities.
bool BeginsUnit(absl::string_view text) {
  if (absl::StartsWith(text, "^\\circ") ||
      absl::StartsWith(text, "^{\\circ}")) {
    return true;
  }
  constexpr absl::string_view kNoUnit = "-+,.;:=<>0123456789!^_(";
  if (kNoUnit.find(text[0]) != kNoUnit.npos) return false;
  const bool exponent = (text[0] | 0x20) == 'e' && text.size() > 1 &&
                        absl::StrContains("+-0123456789", text.substr(1, 1));
  return !exponent;
}

std::string UnitOf(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\text", ""},
                                    {"\\mathrm", ""},
                                    {"\\mbox", ""},
                                    {"\\cdot", "*"},
                                    {"{", ""},
                                    {"}", ""},
                                    {"\\%", "%"},
                                    {"^\\circ", "\xC2\xB0"}});
}

}  // namespace

std::optional<Quantity> ParseQuantity(absl::string_view given) {
  if (given.size() > kMaxBytes) return std::nullopt;
  const std::string plain = PlainSigns(given);
  absl::string_view whole = absl::StripAsciiWhitespace(plain);
  // The degree sign is a unit here.
  for (absl::string_view dollar : {"\\(", "$", "\\$"}) {
    absl::ConsumePrefix(&whole, dollar);
  }
  for (absl::string_view dollar : {"\\)", "$"}) {
    absl::ConsumeSuffix(&whole, dollar);
  }
  const std::string text = WithoutBlanks(whole);
  absl::string_view rest = text;
  const auto value = TakeNumber(&rest);
  if (!value) return std::nullopt;
  if (!rest.empty() && !BeginsUnit(rest)) return std::nullopt;
  return Quantity{*value, UnitOf(rest)};
}

absl::Status CheckTolerances(const AnswerOptions& options) {
  for (double tolerance :
       {options.absolute_tolerance(), options.relative_tolerance()}) {
    if (!std::isfinite(tolerance) || tolerance < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a tolerance is ", tolerance, ", allowed: finite, at least 0"));
    }
  }
  return absl::OkStatus();
}

bool WithinTolerance(double gold, double answer, const AnswerOptions& options) {
  const double allowed =
      std::max(options.absolute_tolerance(),
               options.relative_tolerance() * std::abs(gold));
  const double rounding = 4 * std::numeric_limits<double>::epsilon() *
                          std::max(std::abs(gold), std::abs(answer));
  // Without a tolerance the two decimal numbers round to one double.
  if (allowed == 0) return gold == answer;
  return std::abs(answer - gold) <= allowed + rounding;
}

}  // namespace limbeck
