// Building blocks of worked solutions: dice that depend on a key only, and
// steps that compute and write themselves down at once.
#ifndef LIMBECK_DATA_STAGES_ARITHMETIC_STEPS_H_
#define LIMBECK_DATA_STAGES_ARITHMETIC_STEPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/base/random.h"

namespace limbeck {

// A sequence of random choices; the n-th is a function of (key, n).
class Dice {
 public:
  explicit Dice(uint64_t key) : key_(key) {}

  // Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(RandomBelow(
                     static_cast<uint64_t>(high - low + 1), key_, count_++));
  }
  const std::string& Pick(const std::vector<std::string>& choices) {
    return choices[static_cast<size_t>(
        Between(0, static_cast<int64_t>(choices.size()) - 1))];
  }

 private:
  const uint64_t key_;
  uint64_t count_ = 0;
};

// Each operation appends one line and returns its result.
class Steps {
 public:
  int64_t Add(int64_t a, int64_t b);
  int64_t Subtract(int64_t a, int64_t b);
  // A product beyond the 12 x 12 table is split at the tens:
  // "34*6=30*6+4*6=180+24=204". The smaller factor must then be below 10.
  int64_t Multiply(int64_t a, int64_t b);
  // Exact division; a must be a multiple of b.
  int64_t Divide(int64_t a, int64_t b);
  // Division with rest: "91=10*9+1"; returns the rest.
  int64_t Remainder(int64_t a, int64_t b);
  // A line that only states something.
  void Note(absl::string_view text);

  const std::string& text() const { return text_; }

 private:
  void Line(absl::string_view text);

  std::string text_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_ARITHMETIC_STEPS_H_
