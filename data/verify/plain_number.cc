// One canonical spelling per integer; no arithmetic, so any length will do.
#include "data/verify/plain_number.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "data/verify/extract.h"

namespace limbeck {
namespace {

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

bool IsDigits(absl::string_view text) {
  return text.find_first_not_of("0123456789") == absl::string_view::npos;
}

std::string Canonical(bool negative, std::string digits) {
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return "0";
  return negative ? "-" + digits : digits;
}

}  // namespace

// Each round drops something, so that this takes linear time.
absl::string_view UnwrapNumber(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  while (ConsumeDollars(&text) || ConsumeWrapper(&text) ||
         ConsumeDegrees(&text)) {
    text = absl::StripAsciiWhitespace(text);
  }
  return text;
}

std::string PlainSigns(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\xE2\x88\x92", "-"},
                                    {"\xE2\x80\x93", "-"},
                                    {"\xEF\xB9\xA3", "-"},
                                    {"\xEF\xBC\x8D", "-"},
                                    {"{,}", ","},
                                    {"\\!", ""},
                                    {"\\,", ","}});
}

std::optional<PlainNumber> ParsePlainNumber(absl::string_view given) {
  const std::string plain = PlainSigns(given);
  absl::string_view text = UnwrapNumber(plain);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text = UnwrapNumber(text.substr(1));
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

}  // namespace limbeck
