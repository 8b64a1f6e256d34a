// How many weights a configuration has.
#ifndef LIMBECK_STUDENT_CONFIG_CONFIG_PARAMETERS_H_
#define LIMBECK_STUDENT_CONFIG_CONFIG_PARAMETERS_H_

#include <algorithm>
#include <cstdint>

#include "student/config/config.h"

namespace limbeck {

template <typename Number>
Number CountAttentionParameters(const ModelConfig& config) {
  const auto hidden = static_cast<Number>(config.hidden_size);
  const auto heads = static_cast<Number>(config.num_heads);
  const auto head_dim = static_cast<Number>(config.head_dim);
  const auto value_dim = static_cast<Number>(config.ValueDim());
  const Number q_rows = heads * head_dim;
  const Number out = hidden * heads * value_dim +
                     (config.o_bias ? hidden : static_cast<Number>(0));
  if (config.latent) {
    const auto q_rank = static_cast<Number>(config.latent->q_rank);
    const auto kv_rank = static_cast<Number>(config.latent->kv_rank);
    const auto nope = static_cast<Number>(config.latent->nope_dim);
    const auto rope = static_cast<Number>(config.latent->rope_dim);
    const Number queries = config.latent->q_rank > 0
                               ? q_rank * (hidden + 1 + q_rows)
                               : hidden * q_rows;
    return out + queries + (kv_rank + rope) * hidden + kv_rank +
           heads * (nope + value_dim) * kv_rank;
  }
  const Number rows =
      q_rows + 2 * static_cast<Number>(config.num_kv_heads) * head_dim;
  return out + rows * (hidden + (config.qkv_bias ? 1 : 0)) +
         (config.qk_norm ? 2 * head_dim : static_cast<Number>(0));
}

// `experts`: routed experts of a layer that are counted. As double for sizes
// that are not checked yet, whose product may exceed 64 bits.
template <typename Number>
Number CountParameters(const ModelConfig& config, int64_t experts) {
  const auto hidden = static_cast<Number>(config.hidden_size);
  const int64_t dense_layers =
      config.experts ? std::min(config.experts->first_layer, config.num_layers)
                     : config.num_layers;
  Number total = (config.tied_head ? 1 : 2) *
                     static_cast<Number>(config.vocab_size) * hidden +
                 hidden;
  total += static_cast<Number>(config.num_layers) *
           (2 * hidden + CountAttentionParameters<Number>(config));
  total += static_cast<Number>(dense_layers) * 3 * hidden *
           static_cast<Number>(config.intermediate_size);
  if (!config.experts) return total;
  const ExpertMixture& mixture = *config.experts;
  const Number expert =
      3 * hidden * static_cast<Number>(mixture.intermediate_size);
  // The router and its bias know all experts.
  const Number layer =
      static_cast<Number>(mixture.num_experts) * (hidden + 1) +
      (static_cast<Number>(experts) + static_cast<Number>(mixture.num_shared)) *
          expert;
  return total + static_cast<Number>(config.num_layers - dense_layers) * layer;
}

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CONFIG_CONFIG_PARAMETERS_H_
