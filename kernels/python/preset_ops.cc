// Presets for Python: preset_loss runs the published loss of another
// implementation (exact: ours), preset_options says what to call instead.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <optional>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/divergence.h"
#include "kernels/preset_loss.h"
#include "kernels/presets.h"

namespace limbeck::kernels {
namespace {

at::Tensor OrUndefined(const std::optional<at::Tensor>& tensor) {
  return tensor.value_or(at::Tensor());
}

// A composite of differentiable operators: for real tensors on the CPU.
std::tuple<at::Tensor, at::Tensor> RunPreset(
    const at::Tensor& student_logits, c10::string_view preset,
    const std::optional<at::Tensor>& teacher_logits,
    const std::optional<at::Tensor>& top_ids,
    const std::optional<at::Tensor>& top_logprobs,
    const std::optional<at::Tensor>& target, double beta, double temperature,
    double teacher_temperature, double hard_weight,
    const std::optional<at::Tensor>& token_weight, int64_t ignore_index,
    int64_t num_valid_columns, bool exact) {
  PresetCall call;
  call.student_logits = student_logits;
  call.teacher.logits = OrUndefined(teacher_logits);
  call.teacher.list.ids = OrUndefined(top_ids);
  call.teacher.list.logprobs = OrUndefined(top_logprobs);
  call.target = OrUndefined(target);
  call.arguments = {beta, temperature, teacher_temperature, hard_weight};
  call.rows.token_weight = OrUndefined(token_weight);
  call.rows.ignore_index = ignore_index;
  call.rows.num_valid_columns = num_valid_columns;
  const std::string_view name(preset.data(), preset.size());
  const LossResult result =
      exact ? ExactLoss(name, call) : PresetLoss(name, call);
  return {result.loss, result.token_loss};
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : Presets()) names.emplace_back(preset.name);
  return names;
}

// JSON: operator, its keyword arguments, origin and difference.
std::string DescribePreset(c10::string_view preset, double beta,
                           double temperature, double hard_weight) {
  const std::string_view name(preset.data(), preset.size());
  const Preset& found = CheckedPreset("preset_options", name);
  const DistillationOptions options =
      ExactOptions(found, {beta, temperature, 1.0, hard_weight});
  std::ostringstream json;
  json.precision(17);
  json << "{\"operator\": \""
       << (found.listed ? "topk_distillation" : "distillation")
       << "\", \"arguments\": {\"divergence\": \""
       << DivergenceName(options.divergence) << "\", \"mix\": " << options.mix
       << ", \"temperature\": " << options.temperature
       << ", \"temperature_squared\": "
       << (options.temperature_squared ? "true" : "false")
       << ", \"cross_entropy_share\": " << options.cross_entropy_share;
  if (found.listed) {
    json << ", \"tail\": \"" << TailName(options.tail) << "\"";
  }
  json << "}, \"origin\": \"" << found.origin << "\", \"difference\": \""
       << found.difference << "\"}";
  return json.str();
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(limbeck, library) {
  library.def(
      "preset_loss(Tensor student_logits, *, str preset, "
      "Tensor? teacher_logits=None, Tensor? top_ids=None, "
      "Tensor? top_logprobs=None, Tensor? target=None, float beta=0.5, "
      "float temperature=1., float teacher_temperature=1., "
      "float hard_weight=0., Tensor? token_weight=None, "
      "int ignore_index=-100, int num_valid_columns=-1, bool exact=False) -> "
      "(Tensor loss, Tensor token_loss)",
      &RunPreset);
  library.def("preset_names() -> str[]", &PresetNames);
  library.def(
      "preset_options(str preset, *, float beta=0.5, float temperature=1., "
      "float hard_weight=0.) -> str",
      &DescribePreset);
}

}  // namespace limbeck::kernels
