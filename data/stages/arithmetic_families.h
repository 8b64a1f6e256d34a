// Families of verifiable arithmetic and algebra problems with worked
// solutions: the raw material of the quickstart.
#ifndef LIMBECK_DATA_STAGES_ARITHMETIC_FAMILIES_H_
#define LIMBECK_DATA_STAGES_ARITHMETIC_FAMILIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

inline constexpr int kMinArithmeticDifficulty = 1;
inline constexpr int kMaxArithmeticDifficulty = 4;

struct ArithmeticItem {
  std::string question;
  std::string solution;  // one step per line, "28+36=64"
  int64_t answer = 0;
};

// Names for ArithmeticProblemsOptions.families, in a fixed order.
const std::vector<std::string>& ArithmeticFamilies();

// One problem: a pure function of its arguments. `family` must be known and
// difficulty in [kMin, kMax]; difficulty is about the number of steps.
ArithmeticItem MakeArithmeticItem(absl::string_view family, int difficulty,
                                  uint64_t key);

// One document of plain text about numbers, without any multi-step reasoning:
// facts ("37+48=85"), counting, comparisons.
std::string MakeArithmeticDocument(uint64_t key);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_ARITHMETIC_FAMILIES_H_
