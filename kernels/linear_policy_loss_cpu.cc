// Rows of the sampled-token losses on the CPU: log-probability and entropy of
// the sampled token's row, and the gradient of any loss of the two.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/poison.h"
#include "kernels/row_sweeps.h"
#include "kernels/sampled_rows.h"

namespace limbeck::kernels {
namespace {

// Stats of the columns not set apart, which the caller has overwritten with
// -inf; fills exponential[0, n).
template <typename Real>
EntropyStats OthersStats(const Real* x, int64_t n, double inverse_temperature,
                         Real* exponential) {
  const Real max = RowMax(x, n);
  if (max == -std::numeric_limits<Real>::infinity()) {
    bool has_nan = false;
    for (int64_t i = 0; i < n; ++i) {
      has_nan |= std::isnan(x[i]);
      exponential[i] = Real{0};
    }
    return has_nan ? EntropyStats{0.0, NAN, NAN} : EntropyStats{};
  }
  const ExpMoment part = RowExpMoment(
      x, n, max, static_cast<Real>(inverse_temperature), exponential);
  return {static_cast<double>(max), part.sum, part.moment};
}

template <typename Real>
class SampledRow {
 public:
  SampledRow(double inverse_temperature, int64_t num_columns)
      : inverse_temperature_(inverse_temperature),
        num_columns_(num_columns),
        scratch_(static_cast<size_t>(num_columns)) {}

  // x [columns] keeps its values but for the label, which Differentiate needs
  // set apart.
  SampledSoftmax Read(Real* x, int64_t label) {
    const double logit = static_cast<double>(x[label]);
    x[label] = -std::numeric_limits<Real>::infinity();
    const EntropyStats others =
        OthersStats(x, num_columns_, inverse_temperature_, scratch_.data());
    max_ = others.max;
    return Seen(others, logit, inverse_temperature_);
  }

  // After Read: replaces x by the gradient.
  void Differentiate(const SampledSoftmax& row, const SampledSlopes& slopes,
                     int64_t label, Real* x) {
    const SampledGradient gradient =
        GradientOf(row, slopes, inverse_temperature_);
    if (gradient.slope == 0.0 || max_ == -INFINITY) {
      RowScale(scratch_.data(), num_columns_,
               static_cast<Real>(gradient.constant), x);
    } else {
      RowEntropyGradient(
          x, scratch_.data(), num_columns_,
          EntropyGradient<Real>{static_cast<Real>(max_),
                                static_cast<Real>(inverse_temperature_),
                                static_cast<Real>(gradient.constant),
                                static_cast<Real>(gradient.slope)},
          x);
    }
    x[label] = static_cast<Real>(gradient.label);
  }

 private:
  double inverse_temperature_;
  int64_t num_columns_;
  std::vector<Real> scratch_;
  double max_ = -INFINITY;  // of the columns not set apart
};

// Calls differentiate(row, softmax) for every row whose label is a column; it
// returns the slopes.
template <typename Real, typename Slopes>
void RunRows(double inverse_temperature, const SampledOutputs& outputs,
             const RowBatch<Real>& batch, RowRange rows, const Slopes& slopes) {
  SampledRow<Real> kernel(inverse_temperature, batch.num_columns);
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const int64_t row = batch.row_index[i];
    const int64_t label = batch.target[row];
    if (label < 0 || label >= batch.num_columns) {
      PoisonRow(batch, i);
      outputs.log_prob[row] = outputs.entropy[row] = NAN;
      continue;
    }
    Real* x = batch.logits + i * batch.num_columns;
    const Real logit = x[label];
    const SampledSoftmax softmax = kernel.Read(x, label);
    outputs.log_prob[row] = softmax.log_prob;
    outputs.entropy[row] = softmax.entropy;
    const SampledSlopes wanted = slopes(row, softmax);
    if (batch.with_gradient) {
      kernel.Differentiate(softmax, wanted, label, x);
    } else {
      x[label] = logit;  // a second walk may need it
    }
  }
}

template <typename Real>
void RunGiven(double inverse_temperature, const GivenSlopes& slopes,
              const SampledOutputs& outputs, const RowBatch<Real>& batch,
              RowRange rows) {
  RunRows(inverse_temperature, outputs, batch, rows,
          [&](int64_t row, const SampledSoftmax&) {
            if (!batch.with_gradient) return SampledSlopes{0.0, 0.0};
            return SampledSlopes{slopes.log_prob[row], slopes.entropy[row]};
          });
}

template <typename Real>
void RunPolicy(const PolicyRule& rule, double inverse_temperature,
               const PolicyTokens& tokens, const SampledOutputs& outputs,
               const RowBatch<Real>& batch, RowRange rows) {
  RunRows(inverse_temperature, outputs, batch, rows,
          [&](int64_t row, const SampledSoftmax& softmax) {
            const double reference = tokens.reference_logprob == nullptr
                                         ? 0.0
                                         : tokens.reference_logprob[row];
            const PolicyTerm term =
                TokenTerm(rule, softmax.log_prob, tokens.sampler_logprob[row],
                          tokens.advantage[row]);
            const Regularizer extra = RegularizerOf(rule, softmax.log_prob,
                                                    reference, softmax.entropy);
            batch.token_loss[row] = term.loss + extra.loss;
            const double weight = batch.weight[row];
            return SampledSlopes{weight * (term.slope + extra.slopes.log_prob),
                                 weight * extra.slopes.entropy};
          });
}

}  // namespace

void LogprobRows(double inverse_temperature, const GivenSlopes& slopes,
                 const SampledOutputs& outputs, const RowBatch<float>& batch,
                 RowRange rows) {
  RunGiven(inverse_temperature, slopes, outputs, batch, rows);
}

void LogprobRows(double inverse_temperature, const GivenSlopes& slopes,
                 const SampledOutputs& outputs, const RowBatch<double>& batch,
                 RowRange rows) {
  RunGiven(inverse_temperature, slopes, outputs, batch, rows);
}

void PolicyRows(const PolicyRule& rule, double inverse_temperature,
                const PolicyTokens& tokens, const SampledOutputs& outputs,
                const RowBatch<float>& batch, RowRange rows) {
  RunPolicy(rule, inverse_temperature, tokens, outputs, batch, rows);
}

void PolicyRows(const PolicyRule& rule, double inverse_temperature,
                const PolicyTokens& tokens, const SampledOutputs& outputs,
                const RowBatch<double>& batch, RowRange rows) {
  RunPolicy(rule, inverse_temperature, tokens, outputs, batch, rows);
}

}  // namespace limbeck::kernels
