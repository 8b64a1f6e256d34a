// How much work one verdict may still do: a count, not a clock, so that the
// verdict is the same on every machine.
#ifndef LIMBECK_DATA_VERIFY_MATH_WORK_BUDGET_H_
#define LIMBECK_DATA_VERIFY_MATH_WORK_BUDGET_H_

#include <cstdint>

#include "data/verify/math/math_limits.h"

namespace limbeck {

class WorkBudget {
 public:
  explicit WorkBudget(int64_t units = kMaxMathWork) : left_(units) {}

  // False once more was asked for than there was.
  bool Spend(int64_t units) {
    left_ -= units;
    return left_ >= 0;
  }
  bool exhausted() const { return left_ < 0; }

 private:
  int64_t left_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_WORK_BUDGET_H_
