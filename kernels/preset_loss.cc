// Lists are brought to the call's temperature here, as each project does it.
#include "kernels/preset_loss.h"

#include <ATen/ATen.h>

#include <string>
#include <string_view>

#include "kernels/distillation.h"
#include "kernels/loss_inputs.h"
#include "kernels/preset_formulas.h"
#include "kernels/shape_check.h"
#include "kernels/topk_distillation.h"

namespace limbeck::kernels {
namespace {

constexpr std::string_view kOperator = "preset_loss";

std::string ListedNames() {
  std::string names;
  for (const Preset& preset : Presets()) {
    if (!names.empty()) names += ", ";
    names += preset.name;
  }
  return names;
}

// What a preset's own project has no answer for.
void CheckArguments(const ShapeCheck& check, const Preset& preset,
                    const PresetCall& call) {
  const at::Tensor& teacher =
      preset.listed ? call.teacher.list.ids : call.teacher.logits;
  TORCH_CHECK(teacher.defined(), check.op(), ": preset ",
              std::string(preset.name), " needs ",
              preset.listed ? "top_ids" : "teacher_logits",
              ", which is undefined");
  const PresetArguments& arguments = call.arguments;
  TORCH_CHECK_VALUE(
      !preset.listed || preset.list_temperature || arguments.temperature == 1.0,
      check.op(), ": temperature is ", arguments.temperature,
      ", must be 1 for preset ", std::string(preset.name));
  TORCH_CHECK_VALUE(
      preset.second_temperature || arguments.teacher_temperature == 1.0,
      check.op(), ": teacher_temperature is ", arguments.teacher_temperature,
      ", must be 1 for preset ", std::string(preset.name));
}

// Powers of the listed probabilities, renormalised with the rest as a power too
// (DistillKit's way; ms-swift and ROLL have no rest).
TopKTeacher Tempered(const TopKTeacher& list, double temperature, Tail tail) {
  if (temperature == 1.0 && tail != Tail::kRenormalized) return list;
  const at::Tensor unlisted = list.ids.lt(0);
  const at::Tensor log_p = list.logprobs.to(at::kDouble) / temperature;
  TopKTeacher result;
  result.ids = list.ids;
  at::Tensor total = log_p.masked_fill(unlisted, -INFINITY).logsumexp(1);
  if (tail == Tail::kLumped) {
    const at::Tensor rest =
        (1.0 -
         list.logprobs.to(at::kDouble).exp().masked_fill(unlisted, 0.0).sum(1))
            .clamp(0.0, 1.0)
            .log() /
        temperature;
    total = at::logaddexp(total, rest);
    result.tail_logprob = rest - total;
  }
  result.logprobs = log_p - total.unsqueeze(1);
  return result;
}

LossResult Published(ShapeCheck& check, const Preset& preset,
                     const PresetCall& call) {
  LogitSource student;
  student.logits = call.student_logits;
  CheckSource(check, kStudentNames, student);
  const RowSelection selection =
      SelectRows(check, call.target, call.rows, check.Size("V"));
  const at::Tensor& kept = selection.rows;
  const auto read = [&](const at::Tensor& all) {
    return all.defined() ? all.index_select(0, kept) : all;
  };
  const int64_t columns = call.rows.num_valid_columns;
  PresetRows rows;
  rows.student = read(call.student_logits).to(at::kDouble);
  if (columns > 0) rows.student = rows.student.narrow(1, 0, columns);
  if (preset.listed) {
    rows.ids = read(call.teacher.list.ids).to(at::kLong);
    rows.logprobs = read(call.teacher.list.logprobs).detach().to(at::kDouble);
  } else {
    rows.teacher = read(call.teacher.logits).detach().to(at::kDouble);
    if (columns > 0) rows.teacher = rows.teacher.narrow(1, 0, columns);
  }
  const double hard = call.arguments.hard_weight;
  at::Tensor loss =
      PublishedLoss(preset.name, rows, call.arguments) * (1.0 - hard);
  if (hard > 0.0) {
    TORCH_CHECK_VALUE(
        call.target.defined(), check.op(),
        ": target is undefined, must be given for hard_weight = ", hard);
    loss = loss - hard * at::log_softmax(rows.student, 1)
                             .gather(1, read(selection.target).unsqueeze(1))
                             .squeeze(1);
  }
  const at::ScalarType type = call.student_logits.scalar_type() == at::kDouble
                                  ? at::kDouble
                                  : at::kFloat;
  const at::Tensor token_loss = at::zeros({check.Size("N")}, at::kDouble)
                                    .index_copy(0, kept, loss.detach());
  return {(read(selection.weight) * loss).sum().to(type), token_loss.to(type)};
}

}  // namespace

const Preset& CheckedPreset(std::string_view op, std::string_view name) {
  const Preset* preset = FindPreset(name);
  TORCH_CHECK_VALUE(preset != nullptr, std::string(op), ": preset is '",
                    std::string(name), "', must be one of ", ListedNames());
  return *preset;
}

LossResult PresetLoss(std::string_view name, const PresetCall& call) {
  const Preset& preset = CheckedPreset(kOperator, name);
  if (preset.difference.empty()) return ExactLoss(name, call);
  ShapeCheck check(kOperator);
  CheckArguments(check, preset, call);
  return Published(check, preset, call);
}

LossResult ExactLoss(std::string_view name, const PresetCall& call) {
  const Preset& preset = CheckedPreset(kOperator, name);
  CheckArguments(ShapeCheck(kOperator), preset, call);
  const DistillationOptions options = ExactOptions(preset, call.arguments);
  if (!preset.listed) {
    return Distillation(call.student_logits, call.teacher.logits, call.target,
                        options, call.rows);
  }
  return TopKDistillation(
      call.student_logits,
      Tempered(call.teacher.list, options.temperature, options.tail),
      call.target, options, call.rows);
}

}  // namespace limbeck::kernels
