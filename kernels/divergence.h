// The names of the divergences and of the ways to treat a top-k teacher's tail.
#ifndef LIMBECK_KERNELS_DIVERGENCE_H_
#define LIMBECK_KERNELS_DIVERGENCE_H_

#include <optional>
#include <string_view>

namespace limbeck::kernels {

// P teacher, Q student. Formulas: docs/operators.md.
enum class Divergence {
  kForwardKl,
  kReverseKl,
  kJsd,
  kSkewForwardKl,
  kSkewReverseKl,
  kTotalVariation,
  kAdaptiveKl,
  kSymmetricKl,
};

enum class Tail { kLumped, kRenormalized, kZero };

// "forward_kl", "lumped": the names of the Python operators; nullopt: unknown.
std::optional<Divergence> ParseDivergence(std::string_view name);
std::optional<Tail> ParseTail(std::string_view name);
std::string_view DivergenceName(Divergence divergence);
std::string_view TailName(Tail tail);

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_DIVERGENCE_H_
