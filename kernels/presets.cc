// One table; formulas and sources: docs/operators.md.
#include "kernels/presets.h"

#include <array>

namespace limbeck::kernels {
namespace {

struct Entry {
  Preset preset;
  Divergence divergence;
  Tail tail = Tail::kLumped;
  bool one_minus_beta = false;  // mix = 1 - beta
  bool temperature_squared = false;
};

constexpr Entry kEntries[] = {
    {{"trl_gkd", "TRL 1.16 generalized_jsd_loss (GKD)", "beta", false, ""},
     Divergence::kJsd},
    {{"liger_jsd", "Liger-Kernel 0.8.5 fused_linear_jsd", "jsd_beta", false,
      ""},
     Divergence::kJsd},
    {{"liger_padded_jsd", "Liger-Kernel 0.8.5 chunked JSD", "beta", false,
      "a narrower student is padded with logit 0, which takes probability"},
     Divergence::kJsd},
    {{"ms_swift_gkd", "ms-swift 4.6.0 gkd_loss", "beta", false,
      "where widths differ, either side's missing logits are the other's"},
     Divergence::kJsd},
    {{"liger_kl_div", "Liger-Kernel 0.8.5 KLDivLoss", "", false,
      "teacher probabilities are at least 1e-10 inside the logarithm (value "
      "only)"},
     Divergence::kForwardKl},
    {{"kdflow_jsd", "KDFlow 3a7a21a js_div; DistiLLM js_distance",
      "weight of the student", false, ""},
     Divergence::kJsd,
     Tail::kLumped,
     true},
    {{"kdflow_adaptive_kl", "KDFlow 3a7a21a adaptive_kl_div; ROLL adaptive_kl",
      "mass of the tail", false,
      "the column that crosses the mass counts as head, ours as tail"},
     Divergence::kAdaptiveKl},
    {{"distillm_forward_kl", "DistiLLM forward_kl; torchtune ForwardKLLoss", "",
      false, "the teacher's entropy is left out (value only)"},
     Divergence::kForwardKl},
    {{"distillm_skew_forward_kl", "DistiLLM skewed_forward_kl", "lam", false,
      "the teacher's entropy is left out (value only)"},
     Divergence::kSkewForwardKl},
    {{"distillm_skew_reverse_kl", "DistiLLM skewed_reverse_kl", "lam", false,
      ""},
     Divergence::kSkewReverseKl},
    {{"minillm_reverse_kl", "MiniLLM single-step reverse KL", "", false, ""},
     Divergence::kReverseKl},
    {{"distillkit_kl", "DistillKit a61c2e7 dense KL; ORDA 0.1.0", "", false,
      ""},
     Divergence::kForwardKl,
     Tail::kLumped,
     false,
     true},
    {{"nemo_rl_mixed", "NeMo-RL 7ea279a kl_type mixed, all columns",
      "mixed_kl_weight of forward KL", false, ""},
     Divergence::kSymmetricKl,
     Tail::kLumped,
     true},
    {{"roll_forward_kl", "ROLL 8eb27cc forward_kl", "", false,
      "the teacher is divided by teacher_temperature as well", true},
     Divergence::kForwardKl},
    {{"roll_js", "ROLL 8eb27cc js_divergence", "", false,
      "1e-9 is added inside every logarithm; teacher_temperature as well",
      true},
     Divergence::kJsd},
    {{"trl_server_jsd", "TRL 1.16 ServerDistillationTrainer, loss_add_tail",
      "beta", true, "both tails are 1 - sum, at least 1e-7"},
     Divergence::kJsd},
    {{"distillkit_sparse_zero", "DistillKit a61c2e7 sparse KL, zero", "", true,
      "", false, true},
     Divergence::kForwardKl,
     Tail::kRenormalized,
     false,
     true},
    {{"distillkit_sparse_uniform",
      "DistillKit a61c2e7 sparse KL, symmetric_uniform", "", true,
      "both tails are 1 - sum, clamped to 1e-8 and 1 - 1e-8 (in float32, as "
      "there, a full list gives NaN)",
      false, true},
     Divergence::kForwardKl,
     Tail::kLumped,
     false,
     true},
    {{"ms_swift_topk", "ms-swift 4.6.0 gkd_loss with gkd_logits_topk", "beta",
      true,
      "both sides are renormalised on the list: mass outside costs nothing",
      false, true},
     Divergence::kJsd},
    {{"roll_topk_forward_kl", "ROLL 8eb27cc forward_kl with logits_topk", "",
      true,
      "both sides are renormalised on the list: mass outside costs nothing",
      true, true},
     Divergence::kForwardKl},
    {{"tinker_topk", "tinker-cookbook 0.6.1 train_off_policy", "", true,
      "the teacher's entropy is left out (value only)"},
     Divergence::kForwardKl,
     Tail::kRenormalized},
    {{"megatron_topk", "Megatron-LM 0.19.2 topk_kl_div", "", true, ""},
     Divergence::kForwardKl,
     Tail::kZero},
    {{"megatron_ghost_token", "Megatron-LM 0.19.2 topk_kl_div, ghost token", "",
      true, "both tails are 1 - sum, at least 1e-8"},
     Divergence::kForwardKl},
    {{"verl_forward_kl_topk", "verl 0.9.1 forward_kl_topk", "", true,
      "log-probabilities are at least -10, the truncated sum is clamped to "
      "[0, 10]"},
     Divergence::kForwardKl,
     Tail::kZero},
    {{"nemo_rl_topk", "NeMo-RL 7ea279a kl_type mixed, top-k",
      "mixed_kl_weight of forward KL", true,
      "both sides are renormalised on the list: mass outside costs nothing"},
     Divergence::kSymmetricKl,
     Tail::kLumped,
     true},
    {{"nemo_rl_zero_outside", "NeMo-RL 7ea279a zero_outside_topk",
      "mixed_kl_weight of forward KL", true,
      "columns outside the list have teacher log-probability -100"},
     Divergence::kSymmetricKl,
     Tail::kLumped,
     true},
};

constexpr size_t kCount = std::size(kEntries);

constexpr std::array<Preset, kCount> kPresets = [] {
  std::array<Preset, kCount> presets = {};
  for (size_t i = 0; i < kCount; ++i) presets[i] = kEntries[i].preset;
  return presets;
}();

}  // namespace

std::span<const Preset> Presets() { return kPresets; }

const Preset* FindPreset(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

DistillationOptions ExactOptions(const Preset& preset,
                                 const PresetArguments& arguments) {
  DistillationOptions options;
  for (const Entry& entry : kEntries) {
    if (entry.preset.name != preset.name) continue;
    options.divergence = entry.divergence;
    options.tail = entry.tail;
    options.mix = entry.one_minus_beta ? 1.0 - arguments.beta : arguments.beta;
    // The head's mass is what the tail leaves.
    if (entry.divergence == Divergence::kAdaptiveKl) {
      options.mix = 1.0 - arguments.beta;
    }
    if (preset.beta.empty()) options.mix = 0.5;
    options.temperature = arguments.temperature;
    options.temperature_squared = entry.temperature_squared;
    options.cross_entropy_share = arguments.hard_weight;
  }
  return options;
}

}  // namespace limbeck::kernels
