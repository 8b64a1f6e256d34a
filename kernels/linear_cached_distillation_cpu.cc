// Rows of forward KL from the KL cache on the CPU: a softmax without a label.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/row_sweeps.h"
#include "kernels/sampled_rows.h"

namespace limbeck::kernels {
namespace {

template <typename Real>
void RunRows(double inverse_temperature, const CachedTokens& tokens,
             const RowBatch<Real>& batch, RowRange rows) {
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t row = batch.row_index[i];
    Real* x = batch.logits + i * batch.num_columns;
    const Real max = RowMax(x, batch.num_columns);
    const double sum = RowExp(x, batch.num_columns, max,
                              static_cast<Real>(inverse_temperature), x);
    const double log_sum_exp =
        static_cast<double>(max) * inverse_temperature + std::log(sum);
    batch.token_loss[row] = log_sum_exp -
                            tokens.teacher_logit[row] * inverse_temperature -
                            tokens.teacher_entropy[row];
    if (!batch.with_gradient) continue;
    RowScale(x, batch.num_columns,
             static_cast<Real>(batch.weight[row] * inverse_temperature / sum),
             x);
  }
}

}  // namespace

void CachedDistillationRows(double inverse_temperature,
                            const CachedTokens& tokens,
                            const RowBatch<float>& batch, RowRange rows) {
  RunRows(inverse_temperature, tokens, batch, rows);
}

void CachedDistillationRows(double inverse_temperature,
                            const CachedTokens& tokens,
                            const RowBatch<double>& batch, RowRange rows) {
  RunRows(inverse_temperature, tokens, batch, rows);
}

}  // namespace limbeck::kernels
