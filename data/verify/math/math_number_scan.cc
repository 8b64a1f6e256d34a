#include "data/verify/math/math_number_scan.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "data/verify/math/math_limits.h"

namespace limbeck {
namespace {

size_t DigitRun(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() && absl::ascii_isdigit(text[length])) ++length;
  return length;
}

size_t SpaceRun(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() && text[length] == ' ') ++length;
  return length;
}

// Length of a typeset separator of thousands at the front: "{,}", ",\!",
// "\,", "\ ", " "; 0: none. A plain comma is not one of them.
size_t TypesetSeparator(absl::string_view text) {
  for (const absl::string_view mark : {"{,}", ",\\!", "\\!,\\!", ",\\,"}) {
    if (absl::StartsWith(text, mark)) {
      return mark.size() + SpaceRun(text.substr(mark.size()));
    }
  }
  for (const absl::string_view mark : {"\\,", "\\ ", "\\;", "\\:", "~", " "}) {
    if (absl::StartsWith(text, mark)) return mark.size();
  }
  return 0;
}

bool IsGroupOfThree(absl::string_view text) { return DigitRun(text) == 3; }

class Scanner {
 public:
  Scanner(absl::string_view text, bool inside_brackets, unsigned reading)
      : text_(text), inside_brackets_(inside_brackets), reading_(reading) {}

  NumberScan Run() {
    TakeDigits(integer_);
    TakeThousands();
    TakeFraction();
    int64_t exponent = 0;
    if (!TakeExponent(exponent) ||
        integer_.size() + fraction_.size() + repeating_.size() >
            size_t{kMaxMathDigits}) {
      return {};
    }
    NumberScan scan;
    scan.length = place_;
    scan.ambiguities = ambiguities_;
    scan.token.kind = TokenKind::kNumber;
    scan.token.text = integer_;
    if (has_point_) {
      scan.token.text += "." + fraction_;
      scan.token.decimal_places = static_cast<int32_t>(fraction_.size());
    }
    if (exponent != 0) {
      scan.token.decimal_places = static_cast<int32_t>(std::max<int64_t>(
          0, static_cast<int64_t>(fraction_.size()) - exponent));
    }
    // A repeating decimal is an exact fraction.
    if (!repeating_.empty()) scan.token.decimal_places = -1;
    scan.token.value = Value(exponent);
    return scan;
  }

 private:
  absl::string_view rest() const { return text_.substr(place_); }

  void TakeDigits(std::string& digits) {
    const size_t run = DigitRun(rest());
    digits += std::string(rest().substr(0, run));
    place_ += run;
  }

  void TakeThousands() {
    const size_t first = integer_.size();
    if (first == 0 || first > 3) return;
    if (TakeTypesetThousands()) return;
    if (!absl::StartsWith(rest(), ",")) return;
    if (PlainGroupsFit()) {
      ambiguities_ |= kThousandsComma;
      if ((reading_ & kThousandsComma) != 0) return;
      while (absl::StartsWith(rest(), ",") &&
             IsGroupOfThree(rest().substr(1))) {
        ++place_;
        TakeDigits(integer_);
      }
    }
  }

  bool TakeTypesetThousands() {
    bool any = false;
    while (const size_t separator = TypesetSeparator(rest())) {
      if (!IsGroupOfThree(rest().substr(separator))) break;
      place_ += separator;
      TakeDigits(integer_);
      any = true;
    }
    return any;
  }

  // Whether ",ddd" groups follow to the end of the run of digits and commas.
  // Inside brackets that is a number only when a group cannot be one by itself:
  // (1,050) but not (1,250).
  bool PlainGroupsFit() const {
    if (integer_[0] == '0') return false;
    absl::string_view ahead = rest();
    bool starts_with_zero = false;
    while (ahead.size() > 1 && ahead[0] == ',' &&
           absl::ascii_isdigit(ahead[1])) {
      if (!IsGroupOfThree(ahead.substr(1))) return false;
      starts_with_zero |= ahead[1] == '0';
      ahead.remove_prefix(4);
    }
    return ahead.size() < rest().size() &&
           (!inside_brackets_ || starts_with_zero);
  }

  void TakeFraction() {
    if (absl::StartsWith(rest(), ".")) {
      TakeAfterPoint();
    } else if (DecimalCommaFits()) {
      ambiguities_ |= kDecimalComma;
      if ((reading_ & kDecimalComma) == 0) return;
      ++place_;
      has_point_ = true;
      TakeDigits(fraction_);
    }
  }

  void TakeAfterPoint() {
    if (!absl::StartsWith(rest(), ".")) return;
    const absl::string_view after = rest().substr(1);
    const bool digit = !after.empty() && absl::ascii_isdigit(after[0]);
    if (!digit && RepeatingLength(after) == 0) {
      // The full stop of a sentence; not the first of three dots.
      if (!absl::StartsWith(after, ".")) ++place_;
      return;
    }
    ++place_;
    has_point_ = true;
    TakeDigits(fraction_);
    if (const size_t length = RepeatingLength(rest())) {
      const size_t open = rest().find('{');
      repeating_ = std::string(rest().substr(open + 1, length - open - 2));
      place_ += length;
    }
  }

  // Of "\overline{36}" at the front; 0: none.
  static size_t RepeatingLength(absl::string_view text) {
    for (const absl::string_view mark : {"\\overline{", "\\bar{", "\\dot{"}) {
      if (!absl::StartsWith(text, mark)) continue;
      const size_t run = DigitRun(text.substr(mark.size()));
      if (run > 0 && text.substr(mark.size() + run, 1) == "}") {
        return mark.size() + run + 1;
      }
    }
    return 0;
  }

  // One comma between digits, outside brackets, not in a longer list.
  bool DecimalCommaFits() const {
    const absl::string_view ahead = rest();
    if (inside_brackets_ || integer_.empty() || ahead.size() < 2 ||
        ahead[0] != ',' || !absl::ascii_isdigit(ahead[1])) {
      return false;
    }
    const size_t run = DigitRun(ahead.substr(1));
    return !absl::StartsWith(ahead.substr(1 + run), ",");
  }

  // False: the exponent is over the limit.
  bool TakeExponent(int64_t& exponent) {
    absl::string_view ahead = rest();
    if (ahead.empty() || (ahead[0] != 'e' && ahead[0] != 'E')) return true;
    ahead.remove_prefix(1);
    const bool negative = absl::ConsumePrefix(&ahead, "-");
    if (!negative) absl::ConsumePrefix(&ahead, "+");
    const size_t run = DigitRun(ahead);
    if (run == 0) return true;
    if (!absl::SimpleAtoi(ahead.substr(0, run), &exponent) ||
        exponent > kMaxMathDigits) {
      return false;
    }
    if (negative) exponent = -exponent;
    place_ = text_.size() - ahead.size() + run;
    has_point_ = true;
    return true;
  }

  Rational Value(int64_t exponent) const {
    Rational value;
    const std::string digits = integer_ + fraction_;
    if (!digits.empty()) RationalFromDigits(digits, 10, value);
    if (!repeating_.empty()) {
      Rational period, nines(1);
      RationalFromDigits(repeating_, 10, period);
      ScaleByPowerOfTen(static_cast<int64_t>(repeating_.size()), nines);
      fmpq_sub(nines.get(), nines.get(), Rational(1).get());
      fmpq_div(period.get(), period.get(), nines.get());
      fmpq_add(value.get(), value.get(), period.get());
    }
    ScaleByPowerOfTen(exponent - static_cast<int64_t>(fraction_.size()), value);
    return value;
  }

  const absl::string_view text_;
  const bool inside_brackets_;
  const unsigned reading_;
  size_t place_ = 0;
  unsigned ambiguities_ = 0;
  bool has_point_ = false;
  std::string integer_, fraction_, repeating_;
};

}  // namespace

NumberScan ScanNumber(absl::string_view text, bool inside_brackets,
                      unsigned reading) {
  return Scanner(text, inside_brackets, reading).Run();
}

}  // namespace limbeck
