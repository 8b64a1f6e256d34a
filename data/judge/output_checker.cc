#include "data/judge/output_checker.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/check.h"
#include "data/judge/python_decimal.h"
#include "data/judge/python_text.h"

namespace limbeck {
namespace {

using Words = std::vector<absl::string_view>;

constexpr char kBlanks[] = " \t\n\v\f\r";

Words Tokens(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(kBlanks), absl::SkipEmpty());
}

// Lines without blanks at their ends; those that are blank are left out.
Words FilledLines(absl::string_view text) {
  Words lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

OutputComparison Accept() { return {.accepted = true, .detail = ""}; }

OutputComparison Refuse(std::string detail) {
  return {.accepted = false, .detail = std::move(detail)};
}

OutputComparison RefuseCount(size_t output, size_t expected,
                             absl::string_view what) {
  return Refuse(
      absl::StrCat("output has ", output, " ", what, ", expected ", expected));
}

OutputComparison RefuseItem(absl::string_view what, size_t index,
                            absl::string_view output,
                            absl::string_view expected) {
  return Refuse(absl::StrCat(what, " ", index + 1, " is ", QuoteStart(output),
                             ", expected ", QuoteStart(expected)));
}

// Item by item, in order.
template <typename Same>
OutputComparison CompareItems(absl::string_view what, const Words& expected,
                              const Words& output, const Same& same) {
  const size_t shared = std::min(expected.size(), output.size());
  for (size_t i = 0; i < shared; ++i) {
    if (!same(expected[i], output[i])) {
      return RefuseItem(what, i, output[i], expected[i]);
    }
  }
  if (expected.size() == output.size()) return Accept();
  return RefuseCount(output.size(), expected.size(), absl::StrCat(what, "s"));
}

bool SameBytes(absl::string_view a, absl::string_view b) { return a == b; }

bool SameTokens(absl::string_view expected, absl::string_view output) {
  return Tokens(expected) == Tokens(output);
}

bool IsYesOrNo(absl::string_view word) {
  return absl::EqualsIgnoreCase(word, "yes") ||
         absl::EqualsIgnoreCase(word, "no");
}

bool SameAnswerWord(absl::string_view expected, absl::string_view output) {
  return expected == output ||
         (IsYesOrNo(expected) && absl::EqualsIgnoreCase(expected, output));
}

// The sign and digits of an integer literal without leading zeros; empty when
// the word is none.
std::string IntegerOf(absl::string_view word) {
  const bool negative = absl::ConsumePrefix(&word, "-");
  if (!negative) absl::ConsumePrefix(&word, "+");
  if (word.empty() || !std::all_of(word.begin(), word.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      })) {
    return "";
  }
  while (word.size() > 1 && word[0] == '0') word.remove_prefix(1);
  return absl::StrCat(negative && word != "0" ? "-" : "", word);
}

// A finite decimal number that takes the whole word.
bool ReadNumber(absl::string_view word, double* value) {
  // from_chars would take hexadecimal digits, and knows the minus only.
  constexpr absl::string_view kDecimal = "0123456789.eE+-";
  if (word.find_first_not_of(kDecimal) != absl::string_view::npos) return false;
  if (absl::ConsumePrefix(&word, "+") && absl::StartsWith(word, "-")) {
    return false;
  }
  const absl::from_chars_result read =
      absl::from_chars(word.data(), word.data() + word.size(), *value);
  return read.ec == std::errc() && read.ptr == word.data() + word.size() &&
         std::isfinite(*value);
}

bool SameNumber(absl::string_view expected, absl::string_view output,
                double epsilon) {
  if (expected == output) return true;
  const std::string expected_integer = IntegerOf(expected);
  const std::string output_integer = IntegerOf(output);
  if (!expected_integer.empty() && !output_integer.empty()) {
    return expected_integer == output_integer;
  }
  double wanted = 0;
  double given = 0;
  if (!ReadNumber(expected, &wanted) || !ReadNumber(output, &given)) {
    return false;
  }
  return std::abs(given - wanted) <= epsilon * std::max(1.0, std::abs(wanted));
}

OutputComparison CompareExact(absl::string_view expected,
                              absl::string_view output) {
  if (expected == output) return Accept();
  const size_t shared = std::min(expected.size(), output.size());
  const size_t at = static_cast<size_t>(
      std::mismatch(expected.begin(), expected.begin() + shared, output.begin())
          .first -
      expected.begin());
  return Refuse(absl::StrCat("output differs at byte ", at, ": ",
                             QuoteStart(output.substr(at)), ", expected ",
                             QuoteStart(expected.substr(at))));
}

OutputComparison CompareSets(absl::string_view expected,
                             absl::string_view output) {
  Words wanted = FilledLines(expected);
  Words given = FilledLines(output);
  std::sort(wanted.begin(), wanted.end());
  std::sort(given.begin(), given.end());
  return CompareItems("sorted line", wanted, given, SameBytes);
}

bool SameLiveCodeBenchLine(absl::string_view expected,
                           absl::string_view output) {
  return expected == output || SameDecimals(expected, output);
}

OutputComparison CompareLiveCodeBench(absl::string_view expected,
                                      absl::string_view output) {
  const Words wanted = StrippedPythonLines(expected);
  const Words given = StrippedPythonLines(output);
  if (wanted.size() != given.size()) {
    return RefuseCount(given.size(), wanted.size(), "lines");
  }
  return CompareItems("line", wanted, given, SameLiveCodeBenchLine);
}

}  // namespace

const char* CheckerName(CheckerKind kind) {
  switch (kind) {
    case CheckerKind::kLines:
      return "lines";
    case CheckerKind::kExact:
      return "exact";
    case CheckerKind::kTokens:
      return "tokens";
    case CheckerKind::kYesNo:
      return "yes_no";
    case CheckerKind::kSetOfLines:
      return "set_of_lines";
    case CheckerKind::kLiveCodeBench:
      return "livecodebench";
    case CheckerKind::kFloats:
      return "floats";
    case CheckerKind::kPython:
      return "python";
    case CheckerKind::kTestlib:
      return "testlib";
  }
  LIMBECK_CHECK(false);
}

std::string QuoteStart(absl::string_view text) {
  constexpr size_t kShown = 60;
  const bool cut = text.size() > kShown;
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, kShown)),
                      cut ? "...\"" : "\"");
}

OutputComparison CompareOutputs(const CheckerSpec& checker,
                                absl::string_view expected,
                                absl::string_view output) {
  switch (checker.kind) {
    case CheckerKind::kLines:
      return CompareItems("line", FilledLines(expected), FilledLines(output),
                          SameTokens);
    case CheckerKind::kExact:
      return CompareExact(expected, output);
    case CheckerKind::kTokens:
      return CompareItems("token", Tokens(expected), Tokens(output), SameBytes);
    case CheckerKind::kYesNo:
      return CompareItems("token", Tokens(expected), Tokens(output),
                          SameAnswerWord);
    case CheckerKind::kSetOfLines:
      return CompareSets(expected, output);
    case CheckerKind::kLiveCodeBench:
      return CompareLiveCodeBench(expected, output);
    case CheckerKind::kFloats:
      return CompareItems("token", Tokens(expected), Tokens(output),
                          [&](absl::string_view a, absl::string_view b) {
                            return SameNumber(a, b, checker.epsilon);
                          });
    case CheckerKind::kPython:
    case CheckerKind::kTestlib:
      break;
  }
  LIMBECK_CHECK(false);  // programs are run, see checker_program.h
}

}  // namespace limbeck
