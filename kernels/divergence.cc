// The one list of names of divergences and tails.
#include "kernels/divergence.h"

#include "kernels/name_list.h"

namespace limbeck::kernels {
namespace {

constexpr NameList<Divergence, 8> kDivergences = {
    {{Divergence::kForwardKl, "forward_kl"},
     {Divergence::kReverseKl, "reverse_kl"},
     {Divergence::kJsd, "jsd"},
     {Divergence::kSkewForwardKl, "skew_forward_kl"},
     {Divergence::kSkewReverseKl, "skew_reverse_kl"},
     {Divergence::kTotalVariation, "total_variation"},
     {Divergence::kAdaptiveKl, "adaptive_kl"},
     {Divergence::kSymmetricKl, "symmetric_kl"}}};

constexpr NameList<Tail, 3> kTails = {{{Tail::kLumped, "lumped"},
                                       {Tail::kRenormalized, "renormalized"},
                                       {Tail::kZero, "zero"}}};

}  // namespace

std::optional<Divergence> ParseDivergence(std::string_view name) {
  return ParseIn(kDivergences, name);
}

std::optional<Tail> ParseTail(std::string_view name) {
  return ParseIn(kTails, name);
}

std::string_view DivergenceName(Divergence divergence) {
  return NameIn(kDivergences, divergence);
}

std::string_view TailName(Tail tail) { return NameIn(kTails, tail); }

}  // namespace limbeck::kernels
