// The one list of names of divergences and tails.
#include "kernels/divergence.h"

#include <array>
#include <utility>

namespace limbeck::kernels {
namespace {

constexpr std::array<std::pair<Divergence, std::string_view>, 8> kDivergences =
    {{{Divergence::kForwardKl, "forward_kl"},
      {Divergence::kReverseKl, "reverse_kl"},
      {Divergence::kJsd, "jsd"},
      {Divergence::kSkewForwardKl, "skew_forward_kl"},
      {Divergence::kSkewReverseKl, "skew_reverse_kl"},
      {Divergence::kTotalVariation, "total_variation"},
      {Divergence::kAdaptiveKl, "adaptive_kl"},
      {Divergence::kSymmetricKl, "symmetric_kl"}}};

constexpr std::array<std::pair<Tail, std::string_view>, 3> kTails = {
    {{Tail::kLumped, "lumped"},
     {Tail::kRenormalized, "renormalized"},
     {Tail::kZero, "zero"}}};

template <typename List, typename Value>
std::string_view NameOf(const List& list, Value wanted) {
  for (const auto& [value, text] : list) {
    if (value == wanted) return text;
  }
  return "unknown";
}

}  // namespace

std::optional<Divergence> ParseDivergence(std::string_view name) {
  for (const auto& [value, text] : kDivergences) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::optional<Tail> ParseTail(std::string_view name) {
  for (const auto& [value, text] : kTails) {
    if (text == name) return value;
  }
  return std::nullopt;
}

std::string_view DivergenceName(Divergence divergence) {
  return NameOf(kDivergences, divergence);
}

std::string_view TailName(Tail tail) { return NameOf(kTails, tail); }

}  // namespace limbeck::kernels
