// Queries, keys and values of multi-head latent attention.
#ifndef LIMBECK_STUDENT_LATENT_ATTENTION_H_
#define LIMBECK_STUDENT_LATENT_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include "student/config/config.h"
#include "student/head_layout.h"
#include "student/rotary.h"
#include "student/weights.h"

namespace limbeck {

// Of the norms of the latent vectors, whatever the model's own epsilon is.
inline constexpr double kLatentNormEpsilon = 1e-6;

// x [T, hidden] -> [T, heads * (2 width + value_dim)]: all queries, all keys,
// all values. Queries and keys have the order of MakeHeadLayout; the shared
// rotated key part stands in every head. Differentiable.
at::Tensor LatentProjections(const ModelConfig& config,
                             const BlockWeights& block, const at::Tensor& x);

// The angles of RotaryDim() channels as those of a whole head in the order of
// `layout`: cosine 1 and sine 0 where nothing turns.
RotaryTable WidenRotaryTable(const HeadLayout& layout,
                             const RotaryTable& table);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_LATENT_ATTENTION_H_
