// Each function is one published definition; docs/operators.md lists them.
#include "kernels/preset_formulas.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace limbeck::kernels {
namespace {

// sum p (log p - log q) with 0 log 0 = 0.
at::Tensor Kl(const at::Tensor& log_p, const at::Tensor& log_q) {
  const at::Tensor term = log_p.exp() * (log_p - log_q);
  return at::where(log_p.isneginf(), at::zeros_like(term), term).sum(1);
}

struct DensePair {
  at::Tensor log_p;
  at::Tensor log_q;
};

DensePair Tempered(const PresetRows& rows, const PresetArguments& arguments) {
  const int64_t width = std::min(rows.student.size(1), rows.teacher.size(1));
  const double teacher = arguments.temperature * arguments.teacher_temperature;
  return {at::log_softmax(rows.teacher.narrow(1, 0, width) / teacher, 1),
          at::log_softmax(
              rows.student.narrow(1, 0, width) / arguments.temperature, 1)};
}

// Agarwal et al. 2024, end points as there.
at::Tensor GeneralizedJsd(const DensePair& pair, double beta) {
  if (beta == 0.0) return Kl(pair.log_p, pair.log_q);
  if (beta == 1.0) return Kl(pair.log_q, pair.log_p);
  const at::Tensor log_m = at::logaddexp(pair.log_p + std::log(beta),
                                         pair.log_q + std::log1p(-beta));
  return beta * Kl(pair.log_p, log_m) + (1.0 - beta) * Kl(pair.log_q, log_m);
}

at::Tensor LigerPaddedJsd(const PresetRows& rows,
                          const PresetArguments& arguments) {
  PresetRows padded = rows;
  const int64_t missing = rows.teacher.size(1) - rows.student.size(1);
  if (missing > 0) {
    padded.student = at::constant_pad_nd(rows.student, {0, missing}, 0.0);
  }
  return GeneralizedJsd(Tempered(padded, arguments), arguments.beta);
}

// Where widths differ, each side's missing logits are the other's.
at::Tensor MsSwiftGkd(const PresetRows& rows,
                      const PresetArguments& arguments) {
  PresetRows aligned = rows;
  const int64_t v = rows.student.size(1), vt = rows.teacher.size(1);
  if (v < vt) {
    aligned.student =
        at::cat({rows.student, rows.teacher.narrow(1, v, vt - v)}, 1);
  } else {
    aligned.teacher =
        at::cat({rows.teacher, rows.student.narrow(1, vt, v - vt)}, 1);
  }
  return GeneralizedJsd(Tempered(aligned, arguments), arguments.beta);
}

at::Tensor LigerKlDiv(const PresetRows& rows,
                      const PresetArguments& arguments) {
  const DensePair pair = Tempered(rows, arguments);
  const at::Tensor p = pair.log_p.exp();
  return (p * (p.clamp_min(1e-10).log() - pair.log_q)).sum(1);
}

// The tail are the columns, smallest first, while their mass stays <= beta.
at::Tensor AscendingAdaptiveKl(const PresetRows& rows,
                               const PresetArguments& arguments) {
  const DensePair pair = Tempered(rows, arguments);
  const at::Tensor p = pair.log_p.exp();
  const auto [sorted, order] = p.sort(1);
  const at::Tensor gap =
      (sorted - pair.log_q.detach().exp().gather(1, order)).abs();
  const at::Tensor in_tail =
      sorted.cumsum(1).le(arguments.beta).to(at::kDouble);
  const at::Tensor tail = (gap * in_tail).sum(1);
  const at::Tensor head = (gap * (1.0 - in_tail)).sum(1);
  const at::Tensor share = head / (head + tail);
  return share * Kl(pair.log_p, pair.log_q) +
         (1.0 - share) * Kl(pair.log_q, pair.log_p);
}

at::Tensor CrossEntropy(const PresetRows& rows,
                        const PresetArguments& arguments) {
  const DensePair pair = Tempered(rows, arguments);
  return -(pair.log_p.exp() * pair.log_q).sum(1);
}

at::Tensor SkewCrossEntropy(const PresetRows& rows,
                            const PresetArguments& arguments) {
  const DensePair pair = Tempered(rows, arguments);
  const double beta = arguments.beta;
  const at::Tensor p = pair.log_p.exp();
  const at::Tensor m = beta * p + (1.0 - beta) * pair.log_q.exp();
  return -(p * m.log()).sum(1);
}

at::Tensor RollForwardKl(const PresetRows& rows,
                         const PresetArguments& arguments) {
  const DensePair pair = Tempered(rows, arguments);
  return Kl(pair.log_p, pair.log_q);
}

at::Tensor RollJs(const PresetRows& rows, const PresetArguments& arguments) {
  const DensePair pair = Tempered(rows, arguments);
  constexpr double kAdded = 1e-9;
  const at::Tensor p = pair.log_p.exp();
  const at::Tensor q = pair.log_q.exp();
  const at::Tensor log_m = ((p + q) / 2.0 + kAdded).log();
  return (p * ((p + kAdded).log() - log_m) + q * ((q + kAdded).log() - log_m))
             .sum(1) /
         2.0;
}

// The list's columns of both sides; padding has log-probability -inf for the
// teacher and 0 mass for the student.
struct ListPair {
  at::Tensor log_p;   // [M, K]
  at::Tensor log_q;   // [M, K], 0 on padding
  at::Tensor listed;  // [M, K] bool
  at::Tensor all;     // [M, V] student
};

ListPair Gather(const PresetRows& rows, double temperature) {
  ListPair pair;
  pair.listed = rows.ids.ge(0);
  pair.all = at::log_softmax(rows.student / temperature, 1);
  pair.log_q = pair.all.gather(1, rows.ids.clamp_min(0))
                   .masked_fill(pair.listed.logical_not(), 0.0);
  pair.log_p = rows.logprobs.masked_fill(pair.listed.logical_not(), -INFINITY);
  return pair;
}

at::Tensor Mass(const at::Tensor& log_prob, const at::Tensor& listed) {
  return (log_prob.exp() * listed.to(at::kDouble)).sum(1);
}

// Stands for -inf on padding: mass 0, and no difference of infinities.
constexpr double kImpossible = -1e4;

// Both sides renormalised on the list, at their temperatures.
DensePair RenormalizedPair(const PresetRows& rows,
                           const PresetArguments& arguments) {
  const at::Tensor unlisted = rows.ids.lt(0);
  const auto normalized = [&](const at::Tensor& values, double temperature) {
    return at::log_softmax(
        (values / temperature).masked_fill(unlisted, kImpossible), 1);
  };
  const double t = arguments.temperature;
  return {normalized(rows.logprobs, t * arguments.teacher_temperature),
          normalized(rows.student.gather(1, rows.ids.clamp_min(0)), t)};
}

at::Tensor RenormalizedJsd(const PresetRows& rows,
                           const PresetArguments& arguments) {
  return GeneralizedJsd(RenormalizedPair(rows, arguments), arguments.beta);
}

at::Tensor RollTopKForwardKl(const PresetRows& rows,
                             const PresetArguments& arguments) {
  const DensePair pair = RenormalizedPair(rows, arguments);
  return Kl(pair.log_p, pair.log_q);
}

at::Tensor TinkerTopK(const PresetRows& rows, const PresetArguments&) {
  const ListPair pair = Gather(rows, 1.0);
  return -(at::softmax(pair.log_p, 1) * pair.log_q).sum(1);
}

// The list and its tail as one more class; a full list leaves some tail.
at::Tensor TrlServerJsd(const PresetRows& rows,
                        const PresetArguments& arguments) {
  constexpr double kLargestLogMass = -1e-7;
  const ListPair pair = Gather(rows, 1.0);
  const auto classes = [&](const at::Tensor& log_prob) {
    const at::Tensor mass =
        Mass(log_prob, pair.listed).log().clamp_max(kLargestLogMass);
    return at::cat(
        {log_prob.masked_fill(pair.listed.logical_not(), kImpossible),
         (-mass.expm1()).log().unsqueeze(1)},
        1);
  };
  return GeneralizedJsd({classes(pair.log_p), classes(pair.log_q)},
                        arguments.beta);
}

// Temperature by powers of the probabilities, the rest as one more class.
at::Tensor DistillKitUniform(const PresetRows& rows,
                             const PresetArguments& arguments) {
  constexpr double kSmallest = 1e-8;
  const ListPair pair = Gather(rows, arguments.temperature);
  at::Tensor log_p = pair.log_p;
  if (arguments.temperature != 1.0) {
    const double power = 1.0 / arguments.temperature;
    const at::Tensor rest =
        (1.0 - Mass(pair.log_p, pair.listed)).clamp(0.0, 1.0).pow(power);
    const at::Tensor total = (power * pair.log_p).exp().sum(1) + rest;
    log_p = power * pair.log_p - total.log().unsqueeze(1);
  }
  const auto tail = [&](const at::Tensor& log_prob) {
    return (-Mass(log_prob, pair.listed).clamp(kSmallest, 1.0 - kSmallest))
        .log1p();
  };
  const at::Tensor tail_p = tail(log_p);
  const at::Tensor kl =
      Kl(log_p, pair.log_q) + tail_p.exp() * (tail_p - tail(pair.log_q));
  return arguments.temperature * arguments.temperature * kl;
}

at::Tensor MegatronGhostToken(const PresetRows& rows, const PresetArguments&) {
  constexpr double kSmallest = 1e-8;
  const ListPair pair = Gather(rows, 1.0);
  const auto tail = [&](const at::Tensor& log_prob) {
    return (1.0 - Mass(log_prob, pair.listed)).clamp_min(kSmallest).log();
  };
  const at::Tensor tail_p = tail(pair.log_p);
  return Kl(pair.log_p, pair.log_q) +
         tail_p.exp() * (tail_p - tail(pair.log_q));
}

at::Tensor VerlForwardKl(const PresetRows& rows, const PresetArguments&) {
  const ListPair pair = Gather(rows, 1.0);
  const at::Tensor log_p = pair.log_p.clamp_min(-10.0);
  const at::Tensor log_q = pair.log_q.clamp_min(-10.0);
  const at::Tensor term = log_p.exp() * (log_p - log_q);
  return at::where(pair.listed, term, at::zeros_like(term))
      .sum(1)
      .clamp_min(0.0)
      .clamp_max(10.0);
}

at::Tensor MixedKl(const at::Tensor& log_p, const at::Tensor& log_q,
                   const at::Tensor& listed, double forward_weight) {
  const at::Tensor gap = log_p - log_q;
  const at::Tensor term = forward_weight * log_p.exp() * gap -
                          (1.0 - forward_weight) * log_q.exp() * gap;
  return at::where(listed, term, at::zeros_like(term)).sum(1);
}

at::Tensor NemoTopK(const PresetRows& rows, const PresetArguments& arguments) {
  const DensePair pair = RenormalizedPair(rows, arguments);
  return MixedKl(pair.log_p, pair.log_q, rows.ids.ge(0), arguments.beta);
}

// The teacher is renormalised on its list; every other column has -100.
at::Tensor NemoZeroOutside(const PresetRows& rows,
                           const PresetArguments& arguments) {
  constexpr double kOutside = -100.0;
  const ListPair pair = Gather(rows, 1.0);
  const at::Tensor log_p = (pair.log_p - pair.log_p.logsumexp(1, true))
                               .masked_fill(pair.listed.logical_not(), 0.0);
  const at::Tensor on_list =
      MixedKl(log_p, pair.log_q, pair.listed, arguments.beta);
  const at::Tensor q = pair.all.exp();
  const at::Tensor cost = (q * (pair.all - kOutside)).sum(1);
  const at::Tensor listed_cost =
      (pair.log_q.exp() * (pair.log_q - kOutside) * pair.listed.to(at::kDouble))
          .sum(1);
  return on_list + (1.0 - arguments.beta) * (cost - listed_cost);
}

using Formula = at::Tensor (*)(const PresetRows&, const PresetArguments&);

struct NamedFormula {
  std::string_view preset;
  Formula formula;
};

constexpr NamedFormula kFormulas[] = {
    {"liger_padded_jsd", &LigerPaddedJsd},
    {"liger_kl_div", &LigerKlDiv},
    {"ms_swift_gkd", &MsSwiftGkd},
    {"kdflow_adaptive_kl", &AscendingAdaptiveKl},
    {"distillm_forward_kl", &CrossEntropy},
    {"distillm_skew_forward_kl", &SkewCrossEntropy},
    {"roll_forward_kl", &RollForwardKl},
    {"roll_js", &RollJs},
    {"trl_server_jsd", &TrlServerJsd},
    {"distillkit_sparse_uniform", &DistillKitUniform},
    {"megatron_ghost_token", &MegatronGhostToken},
    {"verl_forward_kl_topk", &VerlForwardKl},
    {"nemo_rl_topk", &NemoTopK},
    {"nemo_rl_zero_outside", &NemoZeroOutside},
    {"ms_swift_topk", &RenormalizedJsd},
    {"roll_topk_forward_kl", &RollTopKForwardKl},
    {"tinker_topk", &TinkerTopK},
};

}  // namespace

at::Tensor PublishedLoss(std::string_view name, const PresetRows& rows,
                         const PresetArguments& arguments) {
  for (const NamedFormula& named : kFormulas) {
    if (named.preset == name) return named.formula(rows, arguments);
  }
  TORCH_CHECK(false, "preset ", std::string(name),
              " has no formula of its own");
}

}  // namespace limbeck::kernels
