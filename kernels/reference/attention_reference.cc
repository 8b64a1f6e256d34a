// Written from the formulas, one number at a time.
#include "kernels/reference/attention_reference.h"

#include <cmath>

namespace limbeck::kernels {
namespace {

// Element d of a rotated head that begins at `x`.
double Rotated(const AttentionReferenceInput& in, const double* x,
               int64_t token, int64_t d) {
  const int64_t half = in.head_dim / 2;
  const double c = in.cosine[static_cast<size_t>(token * in.head_dim + d)];
  const double s = in.sine[static_cast<size_t>(token * in.head_dim + d)];
  const double partner = d < half ? -x[d + half] : x[d - half];
  return x[d] * c + partner * s;
}

// Query head `slot`, or key head `slot` - heads.
const double* HeadOf(const AttentionReferenceInput& in, int64_t token,
                     int64_t slot) {
  const int64_t row =
      (in.heads + in.kv_heads) * in.head_dim + in.kv_heads * in.ValueDim();
  return in.qkv.data() + token * row + slot * in.head_dim;
}

const double* ValueOf(const AttentionReferenceInput& in, int64_t token,
                      int64_t kv) {
  return HeadOf(in, token, in.heads + in.kv_heads) + kv * in.ValueDim();
}

double Score(const AttentionReferenceInput& in, int64_t query, int64_t key,
             int64_t head) {
  const int64_t kv = head / (in.heads / in.kv_heads);
  const double* q = HeadOf(in, query, head);
  const double* k = HeadOf(in, key, in.heads + kv);
  double sum = 0.0;
  for (int64_t d = 0; d < in.head_dim; ++d) {
    sum += Rotated(in, q, query, d) * Rotated(in, k, key, d);
  }
  return in.scale != 0.0 ? sum * in.scale
                         : sum / std::sqrt(static_cast<double>(in.head_dim));
}

// The output of one query head at one token of the sequence from `begin`.
void MixValues(const AttentionReferenceInput& in, int64_t begin, int64_t token,
               int64_t head, double* out) {
  const int64_t kv = head / (in.heads / in.kv_heads);
  std::vector<double> weights;
  double total = 0.0;
  for (int64_t key = begin; key <= token; ++key) {
    const bool seen = in.window == 0 || token - key < in.window;
    weights.push_back(seen ? std::exp(Score(in, token, key, head)) : 0.0);
    total += weights.back();
  }
  for (int64_t d = 0; d < in.ValueDim(); ++d) {
    double sum = 0.0;
    for (int64_t key = begin; key <= token; ++key) {
      sum +=
          weights[static_cast<size_t>(key - begin)] * ValueOf(in, key, kv)[d];
    }
    out[d] = sum / total;
  }
}

}  // namespace

std::vector<double> PackedAttentionReference(
    const AttentionReferenceInput& input) {
  std::vector<double> out(static_cast<size_t>(input.starts.back() *
                                              input.heads * input.ValueDim()));
  for (size_t s = 0; s + 1 < input.starts.size(); ++s) {
    for (int64_t t = input.starts[s]; t < input.starts[s + 1]; ++t) {
      for (int64_t head = 0; head < input.heads; ++head) {
        MixValues(input, input.starts[s], t, head,
                  out.data() + (t * input.heads + head) * input.ValueDim());
      }
    }
  }
  return out;
}

std::vector<double> RmsNormReference(const std::vector<double>& x,
                                     const std::vector<double>& weight,
                                     double epsilon) {
  const size_t width = weight.size();
  std::vector<double> y(x.size());
  for (size_t row = 0; row < x.size(); row += width) {
    double squares = 0.0;
    for (size_t i = 0; i < width; ++i) squares += x[row + i] * x[row + i];
    const double mean = squares / static_cast<double>(width);
    for (size_t i = 0; i < width; ++i) {
      y[row + i] = x[row + i] / std::sqrt(mean + epsilon) * weight[i];
    }
  }
  return y;
}

std::vector<double> SwiGluReference(const std::vector<double>& gate_up,
                                    int64_t inner) {
  const size_t width = static_cast<size_t>(inner);
  std::vector<double> y;
  for (size_t row = 0; row < gate_up.size(); row += 2 * width) {
    for (size_t i = 0; i < width; ++i) {
      const double gate = gate_up[row + i];
      y.push_back(gate / (1.0 + std::exp(-gate)) * gate_up[row + width + i]);
    }
  }
  return y;
}

}  // namespace limbeck::kernels
