// The choices on which mathematics is silent and graders differ, with reasons.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_OPTIONS_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_OPTIONS_H_

namespace limbeck {

// 20% against 0.2 and 20.
enum class PercentPolicy {
  // Both: "what percent" has the gold answer 20 as often as 20%, and nobody
  // who writes 20% means another number.
  kValueOrSign,
  kValueOnly,  // 20% = 0.2 alone, as Math-Verify
};

// 36^\circ, $36 and 36 cm against a bare 36.
enum class UnitPolicy {
  // A unit on one side only is the one that the question named; on both sides
  // it must agree (500 cm = 5 m, 5 cm != 5 m).
  kOneSideMayOmit,
  kIgnored,  // as Math-Verify: 5 cm = 5 m
};

// 1, 2 against 2, 1 without brackets. Tuples are always ordered, sets never.
enum class ListOrderPolicy {
  kUnordered,  // an answer in words ("the roots are") has no order
  kOrdered,
};

// 0.333 against 1/3.
enum class DecimalPolicy {
  // A decimal is the number written. One that only rounds an exact gold is
  // unknown: how many digits were asked for is not in the answer. A decimal
  // gold of six significant digits or more accepts what rounds to it.
  kExact,
  kSixPlaces,  // both rounded to six places, as Math-Verify
};

// What the letters mean that are read in two ways.
enum class ImaginaryUnits {
  kLowerI,  // i; I is a variable
  kLowerAndUpperI,
};

// 1,22 without brackets.
enum class CommaPolicy {
  kListFirst,     // two numbers; where only 1.22 fits, the verdict is unknown
  kDecimalFirst,  // 1.22, as Math-Verify
};

struct MathOptions {
  PercentPolicy percent = PercentPolicy::kValueOrSign;
  UnitPolicy units = UnitPolicy::kOneSideMayOmit;
  ListOrderPolicy list_order = ListOrderPolicy::kUnordered;
  DecimalPolicy decimals = DecimalPolicy::kExact;
  ImaginaryUnits imaginary = ImaginaryUnits::kLowerI;
  CommaPolicy comma = CommaPolicy::kListFirst;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_OPTIONS_H_
