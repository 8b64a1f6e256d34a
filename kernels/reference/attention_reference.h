// Plain double-precision loops for the operators of a transformer block.
#ifndef LIMBECK_KERNELS_REFERENCE_ATTENTION_REFERENCE_H_
#define LIMBECK_KERNELS_REFERENCE_ATTENTION_REFERENCE_H_

#include <cstdint>
#include <vector>

namespace limbeck::kernels {

// Arguments as of PackedAttention, row-major; the result [T, heads * values].
struct AttentionReferenceInput {
  std::vector<double> qkv;
  std::vector<double> cosine;  // [T, head_dim], the second half as the first
  std::vector<double> sine;
  std::vector<int64_t> starts;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  int64_t value_dim = 0;  // 0: head_dim
  int64_t window = 0;     // 0: all
  double scale = 0.0;     // 0: 1 / sqrt(head_dim)

  int64_t ValueDim() const { return value_dim > 0 ? value_dim : head_dim; }
};
std::vector<double> PackedAttentionReference(
    const AttentionReferenceInput& input);

// x [N, width], weight [width] -> [N, width].
std::vector<double> RmsNormReference(const std::vector<double>& x,
                                     const std::vector<double>& weight,
                                     double epsilon);

// gate_up [N, 2 inner] -> [N, inner].
std::vector<double> SwiGluReference(const std::vector<double>& gate_up,
                                    int64_t inner);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_REFERENCE_ATTENTION_REFERENCE_H_
