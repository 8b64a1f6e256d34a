// Tiny models with everything that the families besides plain Llama have.
#ifndef LIMBECK_TESTS_SUPPORT_FAMILY_VARIANTS_H_
#define LIMBECK_TESTS_SUPPORT_FAMILY_VARIANTS_H_

#include <vector>

#include "tests/support/tiny_models.h"

namespace limbeck {

// Norms of heads, sliding windows shorter than the tests' sequences, RoPE
// scaling of every type, biases, latent attention with and without q_rank, odd
// and even, interleaved and not, experts in groups.
std::vector<ModelVariant> FamilyVariants();
// TinyVariants() of tests/support and these.
std::vector<ModelVariant> AllVariants();

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_FAMILY_VARIANTS_H_
