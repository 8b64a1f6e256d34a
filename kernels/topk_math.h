// Formulas of a row against a top-k teacher, for CPU and CUDA: classes are the
// list's columns, each once, and the tail that stands for all others.
#ifndef LIMBECK_KERNELS_TOPK_MATH_H_
#define LIMBECK_KERNELS_TOPK_MATH_H_

#include <cmath>

#include "data/base/random.h"
#include "kernels/divergence.h"
#include "kernels/merged_softmax.h"
#include "kernels/row_kernels.h"
#include "kernels/row_math.h"

namespace limbeck::kernels {

// What is known of the teacher's tail before its mass is measured.
struct TailFacts {
  Tail mode;
  double list_mass;    // sum of p over the list
  bool list_is_empty;  // no column at all
  bool covers_all;     // every valid column is in the list
  bool is_given;       // by given_log_p
  double given_log_p;
  double smallest_tail;  // what 1 - sum p can resolve
};

struct TailMass {
  bool exists;       // false: the list covers every column, or Tail::kZero
  bool has_teacher;  // false: nothing is known of the teacher
  double p;
  double log_p;
};

LIMBECK_HOST_DEVICE inline TailMass MeasureTail(const TailFacts& facts) {
  const bool has_mass = !facts.list_is_empty && !(facts.list_mass <= 0.0);
  TailMass tail = {false, has_mass, 0.0, 0.0};
  if (facts.mode == Tail::kZero || facts.covers_all) return tail;
  tail.exists = true;
  // A tail of exactly zero keeps a finite log: the smallest mass that the
  // log-probabilities could have told from zero.
  tail.log_p = std::log(facts.smallest_tail);
  if (facts.mode == Tail::kRenormalized) return tail;
  tail.has_teacher = true;
  if (facts.is_given) {
    // -inf is a tail of exactly zero, NaN stays NaN.
    if (!(facts.given_log_p <= -INFINITY)) {
      tail.log_p = facts.given_log_p;
      tail.p = std::exp(facts.given_log_p);
    }
  } else if (1.0 - facts.list_mass >= facts.smallest_tail) {
    tail.p = 1.0 - facts.list_mass;
    tail.log_p = std::log(tail.p);
  }
  return tail;
}

// One class, q its student's probability.
LIMBECK_HOST_DEVICE inline PairTerm<double> ClassTerm(
    const DistillationRule& rule, double p, double log_p, double q,
    double log_q, double mix) {
  const double d = log_p - log_q;
  PairTerm<double> term = Pair(rule.kind, p, q, d, mix);
  // A truncated sum is not a divergence: no q - p that would cancel.
  if (rule.tail == Tail::kZero) term.loss = p * d;
  return term;
}

// Share of forward KL in adaptive KL; 0.5 where P = Q.
LIMBECK_HOST_DEVICE inline double ForwardShare(double head_gap,
                                               double total_gap) {
  if (!(total_gap > 0.0)) return 0.5;
  const double share = head_gap / total_gap;
  return share < 1.0 ? share : 1.0;
}

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TOPK_MATH_H_
