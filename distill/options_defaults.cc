// Defaults and checks of TrainOptions, one function per message.
#include "distill/options_defaults.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();
// Bins of a step are in memory at once.
constexpr double kMaxBins = 65536;
constexpr int64_t kMaxSize = int64_t{1} << 20;  // of one architecture field

// An interval with closed ends; open_low leaves the lower end out.
struct Range {
  double low;
  double high;
  bool open_low = false;
};

absl::Status CheckRange(absl::string_view field, double value,
                        const Range& range) {
  const bool above_low =
      range.open_low ? value > range.low : value >= range.low;
  if (std::isfinite(value) && above_low && value <= range.high) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      field, " is ", value, ", allowed are finite values ",
      range.open_low ? "above " : "from ", range.low,
      std::isfinite(range.high) ? absl::StrCat(" to ", range.high) : ""));
}

absl::Status ResolveObjective(ObjectiveOptions& objective) {
  if (objective.kind() == ObjectiveOptions::KIND_UNSPECIFIED) {
    objective.set_kind(ObjectiveOptions::KIND_CROSS_ENTROPY);
  }
  if (objective.divergence() == ObjectiveOptions::DIVERGENCE_UNSPECIFIED) {
    objective.set_divergence(ObjectiveOptions::DIVERGENCE_FORWARD_KL);
  }
  if (!objective.has_mix()) objective.set_mix(0.5);
  if (!objective.has_temperature()) objective.set_temperature(1.0);
  objective.set_temperature_squared(objective.temperature_squared());
  objective.set_cross_entropy_share(objective.cross_entropy_share());
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("objective.mix", objective.mix(), {0.0, 1.0}));
  LIMBECK_RETURN_IF_ERROR(CheckRange(
      "objective.temperature", objective.temperature(), {0.0, 100.0, true}));
  LIMBECK_RETURN_IF_ERROR(CheckRange("objective.cross_entropy_share",
                                     objective.cross_entropy_share(),
                                     {0.0, 1.0}));
  if (objective.kind() == ObjectiveOptions::KIND_TOPK_DISTILLATION &&
      objective.temperature() != 1.0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "objective.temperature is ", objective.temperature(),
        ", top-k signals hold the teacher at temperature 1 and their tail "
        "cannot be re-tempered: use 1, or a dense distillation"));
  }
  return absl::OkStatus();
}

absl::Status ResolveLearningRate(LearningRate& rate) {
  if (!rate.has_peak()) rate.set_peak(1e-3);
  if (!rate.has_final_ratio()) rate.set_final_ratio(0.1);
  if (!rate.has_warmup_ratio()) rate.set_warmup_ratio(0.03);
  if (rate.schedule() == LearningRate::SCHEDULE_UNSPECIFIED) {
    rate.set_schedule(LearningRate::SCHEDULE_COSINE);
  }
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("learning_rate.peak", rate.peak(), {0.0, 10.0, true}));
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("learning_rate.final_ratio", rate.final_ratio(), {0.0, 1.0}));
  return CheckRange("learning_rate.warmup_ratio", rate.warmup_ratio(),
                    {0.0, 1.0});
}

absl::Status ResolveAdamW(AdamWOptions& adamw) {
  constexpr double kBelowOne = 1.0 - 1e-9;
  if (!adamw.has_beta1()) adamw.set_beta1(0.9);
  if (!adamw.has_beta2()) adamw.set_beta2(0.95);
  if (!adamw.has_epsilon()) adamw.set_epsilon(1e-8);
  if (!adamw.has_weight_decay()) adamw.set_weight_decay(0.1);
  if (!adamw.has_max_gradient_norm()) adamw.set_max_gradient_norm(1.0);
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("adamw.beta1", adamw.beta1(), {0.0, kBelowOne}));
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("adamw.beta2", adamw.beta2(), {0.0, kBelowOne}));
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("adamw.epsilon", adamw.epsilon(), {0.0, 1.0, true}));
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("adamw.weight_decay", adamw.weight_decay(), {0.0, 10.0}));
  return CheckRange("adamw.max_gradient_norm", adamw.max_gradient_norm(),
                    {0.0, kUnbounded});
}

absl::Status ResolveLength(const TrainOptions& options) {
  if (options.has_epochs() == options.has_max_tokens()) {
    return absl::InvalidArgumentError(
        absl::StrCat("epochs and max_tokens are ",
                     options.has_epochs() ? "both given" : "both missing",
                     ": the length of the run needs exactly one of them"));
  }
  if (options.has_epochs()) {
    return CheckRange("epochs", options.epochs(), {0.0, 1e6, true});
  }
  return CheckRange("max_tokens", static_cast<double>(options.max_tokens()),
                    {1.0, 1e15});
}

absl::Status ResolveCounts(TrainOptions& options) {
  constexpr double kMaxCount = std::numeric_limits<int32_t>::max();
  if (!options.has_bins_per_step()) options.set_bins_per_step(8);
  if (!options.has_bins_per_micro_batch()) options.set_bins_per_micro_batch(1);
  if (!options.has_checkpoint_every_steps()) {
    options.set_checkpoint_every_steps(200);
  }
  if (!options.has_keep_checkpoints()) options.set_keep_checkpoints(2);
  if (!options.has_evaluate_every_steps()) {
    options.set_evaluate_every_steps(100);
  }
  if (!options.has_max_skipped_steps()) options.set_max_skipped_steps(3);
  LIMBECK_RETURN_IF_ERROR(
      CheckRange("bins_per_step", options.bins_per_step(), {1.0, kMaxBins}));
  LIMBECK_RETURN_IF_ERROR(CheckRange(
      "bins_per_micro_batch", options.bins_per_micro_batch(), {1.0, kMaxBins}));
  LIMBECK_RETURN_IF_ERROR(CheckRange("checkpoint_every_steps",
                                     options.checkpoint_every_steps(),
                                     {1.0, kMaxCount}));
  LIMBECK_RETURN_IF_ERROR(CheckRange(
      "keep_checkpoints", options.keep_checkpoints(), {1.0, kMaxCount}));
  LIMBECK_RETURN_IF_ERROR(CheckRange("evaluate_every_steps",
                                     options.evaluate_every_steps(),
                                     {0.0, kMaxCount}));
  return CheckRange("max_skipped_steps", options.max_skipped_steps(),
                    {1.0, kMaxCount});
}

absl::Status CheckSize(absl::string_view field, int32_t value) {
  return CheckRange(absl::StrCat("architecture.", field), value,
                    {1.0, static_cast<double>(kMaxSize)});
}

absl::Status ResolveHeads(ArchitectureOptions& shape) {
  LIMBECK_RETURN_IF_ERROR(CheckSize("num_heads", shape.num_heads()));
  if (!shape.has_num_kv_heads()) shape.set_num_kv_heads(shape.num_heads());
  LIMBECK_RETURN_IF_ERROR(CheckSize("num_kv_heads", shape.num_kv_heads()));
  if (shape.num_heads() % shape.num_kv_heads() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("architecture.num_kv_heads is ", shape.num_kv_heads(),
                     ", it must divide architecture.num_heads, which is ",
                     shape.num_heads()));
  }
  if (!shape.has_head_dim()) {
    shape.set_head_dim(shape.hidden_size() / shape.num_heads());
  }
  LIMBECK_RETURN_IF_ERROR(CheckSize("head_dim", shape.head_dim()));
  if (shape.head_dim() % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("architecture.head_dim is ", shape.head_dim(),
                     ", rotary positions need an even number"));
  }
  return absl::OkStatus();
}

absl::Status ResolveArchitecture(ArchitectureOptions& shape) {
  LIMBECK_RETURN_IF_ERROR(CheckSize("hidden_size", shape.hidden_size()));
  LIMBECK_RETURN_IF_ERROR(CheckSize("num_layers", shape.num_layers()));
  LIMBECK_RETURN_IF_ERROR(
      CheckSize("intermediate_size", shape.intermediate_size()));
  LIMBECK_RETURN_IF_ERROR(ResolveHeads(shape));
  if (!shape.has_max_positions()) shape.set_max_positions(2048);
  if (!shape.has_rope_theta()) shape.set_rope_theta(10000.0);
  if (!shape.has_tied_head()) shape.set_tied_head(true);
  shape.set_qkv_bias(shape.qkv_bias());
  LIMBECK_RETURN_IF_ERROR(CheckRange("architecture.max_positions",
                                     shape.max_positions(),
                                     {1.0, 16.0 * kMaxSize}));
  return CheckRange("architecture.rope_theta", shape.rope_theta(), {1.0, 1e12});
}

absl::Status ResolveModel(TrainOptions& options) {
  if (options.has_architecture() == options.has_initial_model_input()) {
    return absl::InvalidArgumentError(
        absl::StrCat("architecture and initial_model_input are ",
                     options.has_architecture() ? "both given" : "both missing",
                     ": a student starts from exactly one of them"));
  }
  if (options.has_architecture() != options.has_tokenizer_input()) {
    return absl::InvalidArgumentError(
        options.has_architecture()
            ? "tokenizer_input is missing: a new architecture needs the "
              "tokenizer that gives its vocabulary"
            : "tokenizer_input is given beside initial_model_input: the "
              "initial model brings its own tokenizer, leave it out");
  }
  if (options.has_architecture()) {
    return ResolveArchitecture(*options.mutable_architecture());
  }
  return absl::OkStatus();
}

absl::Status CheckTeacher(const TrainOptions& options) {
  const bool dense =
      options.objective().kind() == ObjectiveOptions::KIND_DENSE_DISTILLATION;
  if (dense == options.has_teacher_input()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "teacher_input is ", dense ? "missing" : "given", ", objective.kind is ",
      ObjectiveOptions::Kind_Name(options.objective().kind()),
      dense ? ": it needs a resident teacher"
            : ": only KIND_DENSE_DISTILLATION uses a resident teacher"));
}

}  // namespace

absl::StatusOr<TrainOptions> ResolveOptions(const TrainOptions& options) {
  TrainOptions resolved = options;
  LIMBECK_RETURN_IF_ERROR(ResolveObjective(*resolved.mutable_objective()));
  LIMBECK_RETURN_IF_ERROR(
      ResolveLearningRate(*resolved.mutable_learning_rate()));
  LIMBECK_RETURN_IF_ERROR(ResolveAdamW(*resolved.mutable_adamw()));
  LIMBECK_RETURN_IF_ERROR(ResolveLength(resolved));
  LIMBECK_RETURN_IF_ERROR(ResolveCounts(resolved));
  LIMBECK_RETURN_IF_ERROR(ResolveModel(resolved));
  LIMBECK_RETURN_IF_ERROR(CheckTeacher(resolved));
  if (resolved.export_dtype() == TrainOptions::DTYPE_UNSPECIFIED) {
    resolved.set_export_dtype(TrainOptions::DTYPE_FLOAT32);
  }
  return resolved;
}

}  // namespace limbeck
