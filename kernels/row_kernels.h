// The row kernels: loss and gradient of some rows of logits, as raw pointers.
//
// Each walks RowStats (softmax sums of a part of the row), Merge, Gradient; on
// the CPU one part is the whole row. Losses per row come out in double.
#ifndef LIMBECK_KERNELS_ROW_KERNELS_H_
#define LIMBECK_KERNELS_ROW_KERNELS_H_

#include <cstdint>

#include "kernels/divergence.h"

namespace limbeck::kernels {

// A chunk of kept rows. row_index[i] is the caller's row of chunk row i and
// indexes target, weight, token_loss and the teacher's lists.
template <typename Real>
struct RowBatch {
  Real* logits;              // [rows, columns], replaced by the gradient
  int64_t num_columns;       // also the row stride
  const int64_t* row_index;  // [rows]
  const int64_t* target;     // [N]; null: none
  const double* weight;      // [N]
  double* token_loss;        // [N], out
  bool with_gradient;        // false: logits may be left undefined
};

struct RowRange {
  int64_t begin;
  int64_t end;
};

struct CrossEntropyRule {
  double label_smoothing;
  double z_loss;
  double softcap;
};

void CrossEntropyRows(const CrossEntropyRule& rule,
                      const RowBatch<float>& batch, RowRange rows);
void CrossEntropyRows(const CrossEntropyRule& rule,
                      const RowBatch<double>& batch, RowRange rows);

// Shared by the two distillation kernels: loss = divergence_scale * D +
// cross_entropy_share * CE; D's gradient is multiplied by divergence_scale /
// temperature.
struct DistillationRule {
  Divergence kind;
  Tail tail;
  double mix;
  double temperature;
  double divergence_scale;
  double cross_entropy_share;
};

// teacher [rows, columns]: logits of the same rows and columns.
void DistillationRows(const DistillationRule& rule, const float* teacher,
                      const RowBatch<float>& batch, RowRange rows);
void DistillationRows(const DistillationRule& rule, const double* teacher,
                      const RowBatch<double>& batch, RowRange rows);

// The teacher's lists, [N, num_entries] and [N].
struct TopKLists {
  int64_t num_entries;
  const int64_t* ids;
  const double* logprobs;
  const double* tail_logprob;  // null: log(1 - sum p)
  double smallest_tail;        // what 1 - sum p can resolve: 2^-24 or 2^-53
};

void TopKDistillationRows(const DistillationRule& rule, const TopKLists& lists,
                          const RowBatch<float>& batch, RowRange rows);
void TopKDistillationRows(const DistillationRule& rule, const TopKLists& lists,
                          const RowBatch<double>& batch, RowRange rows);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_ROW_KERNELS_H_
