// Hard caps that bound every verdict: no input makes one slow, large or deep.
#ifndef LIMBECK_DATA_VERIFY_MATH_MATH_LIMITS_H_
#define LIMBECK_DATA_VERIFY_MATH_MATH_LIMITS_H_

#include <cstdint>

namespace limbeck {

// Longer answers are refused; the longest of MATH's 12,500 has 159 bytes.
inline constexpr int kMaxMathBytes = 4096;
inline constexpr int kMaxMathTokens = 1024;
inline constexpr int kMaxMathNodes = 1024;
// Of the parser's calls inside each other; a pair of brackets takes four.
inline constexpr int kMaxMathDepth = 96;
// Of a tree, from the root to its deepest leaf.
inline constexpr int kMaxMathHeight = 128;
// Of one number as written; also the largest power of ten of 1E5.
inline constexpr int kMaxMathDigits = 2000;
// Exact integers: 7,000! has 77,000 bits.
inline constexpr int64_t kMaxExactBits = 1 << 17;
// Of the binary logarithm of a number in ball arithmetic.
inline constexpr int64_t kMaxBallMagnitude = int64_t{1} << 24;
inline constexpr int kMaxSummationTerms = 1000;
inline constexpr int kMaxListItems = 64;
inline constexpr int kMaxMatrixCells = 64;
inline constexpr int kMaxFreeSymbols = 12;

// Precisions of ball arithmetic, in bits: doubled from the first to the last.
inline constexpr int kFirstPrecision = 64;
inline constexpr int kLastPrecision = 2048;
// A difference whose ball contains 0 counts as 0 only when the ball is
// narrower than 2^-512 of the values compared.
inline constexpr int kEqualRelativeBits = 512;
// Random points at which expressions with free variables are compared.
inline constexpr int kSamplePoints = 8;
// With |x|, floors, roots and the like, which change over at thresholds.
inline constexpr int kPiecewisePoints = 20;
inline constexpr int kMaxSampleTries = 64;

// Work of one verdict, in units of roughly 20 ns: about 10 ms.
inline constexpr int64_t kMaxMathWork = 500'000;

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_MATH_LIMITS_H_
