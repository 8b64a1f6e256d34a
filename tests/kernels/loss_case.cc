// Data come from the counter-based generator: the same on every machine.
#include "tests/kernels/loss_case.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "data/base/random.h"
#include "kernels/cross_entropy.h"
#include "kernels/distillation.h"
#include "kernels/linear_cross_entropy.h"
#include "kernels/linear_distillation.h"
#include "kernels/linear_topk_distillation.h"
#include "kernels/reference/loss_reference.h"
#include "kernels/topk_distillation.h"

namespace limbeck::kernels {
namespace {

constexpr Divergence kAll[] = {
    Divergence::kForwardKl,     Divergence::kReverseKl,
    Divergence::kJsd,           Divergence::kSkewForwardKl,
    Divergence::kSkewReverseKl, Divergence::kTotalVariation,
    Divergence::kAdaptiveKl,    Divergence::kSymmetricKl};

// Neither 0, 1/2 nor 1: an exchanged mixture must show.
constexpr double kMix = 0.3;

LossCase DistillationCase(Family family, Divergence divergence, Tail tail) {
  LossCase result;
  result.family = family;
  result.distillation.divergence = divergence;
  result.distillation.tail = tail;
  result.distillation.mix = kMix;
  return result;
}

void AddMixtures(const LossCase& base, std::vector<LossCase>& cases) {
  for (const double temperature : {1.0, 2.5}) {
    for (const double share : {0.0, 0.25}) {
      LossCase loss_case = base;
      loss_case.distillation.temperature = temperature;
      loss_case.distillation.cross_entropy_share = share;
      loss_case.distillation.temperature_squared = share > 0.0;
      cases.push_back(loss_case);
    }
  }
}

void AddCrossEntropies(std::vector<LossCase>& cases) {
  for (const double smoothing : {0.0, 0.1}) {
    for (const double z_loss : {0.0, 0.01}) {
      for (const double softcap : {0.0, 3.0}) {
        LossCase loss_case;
        loss_case.family = Family::kCrossEntropy;
        loss_case.cross_entropy = {smoothing, z_loss, softcap};
        cases.push_back(loss_case);
      }
    }
  }
}

std::vector<double> Row(const at::Tensor& matrix, int64_t row) {
  const at::Tensor values = matrix[row].to(at::kDouble).contiguous();
  const double* data = values.const_data_ptr<double>();
  return {data, data + values.numel()};
}

reference::TopKRow ReferenceList(const TopKTeacher& teacher, int64_t row) {
  reference::TopKRow list;
  list.logprobs = Row(teacher.logprobs, row);
  for (const double id : Row(teacher.ids, row)) {
    list.ids.push_back(static_cast<int64_t>(id));
  }
  if (teacher.tail_logprob.defined()) {
    list.has_tail_logprob = true;
    list.tail_logprob = teacher.tail_logprob[row].item<double>();
  }
  return list;
}

reference::DistillationSettings Settings(const DistillationOptions& options) {
  reference::DistillationSettings settings;
  settings.divergence = options.divergence;
  settings.tail = options.tail;
  settings.mix = options.mix;
  settings.temperature = options.temperature;
  settings.temperature_squared = options.temperature_squared;
  settings.cross_entropy_share = options.cross_entropy_share;
  return settings;
}

reference::RowLoss ReferenceRow(const LossCase& loss_case, const LossData& data,
                                int64_t row, const at::Tensor& student,
                                const at::Tensor& teacher) {
  const int64_t label = data.target[row].item<int64_t>();
  const CrossEntropyOptions& plain = loss_case.cross_entropy;
  switch (loss_case.family) {
    case Family::kCrossEntropy:
      return reference::CrossEntropy(
          Row(student, row), label,
          {plain.label_smoothing, plain.z_loss, plain.softcap});
    case Family::kDense:
      return reference::Distillation(Row(student, row), Row(teacher, row),
                                     label, Settings(loss_case.distillation));
    case Family::kTopK:
      break;
  }
  return reference::TopKDistillation(Row(student, row),
                                     ReferenceList(data.topk, row), label,
                                     Settings(loss_case.distillation));
}

// The teacher's largest entries, smallest first, so that order is exercised.
TopKTeacher MakeTopK(const at::Tensor& teacher_logits, int64_t entries,
                     double temperature, at::ScalarType type) {
  const at::Tensor log_p =
      at::log_softmax(teacher_logits.div(temperature), 1, at::kDouble);
  const auto [values, ids] = log_p.topk(entries, 1);
  TopKTeacher topk;
  topk.ids = ids.flip(1).contiguous();
  topk.logprobs = values.flip(1).contiguous().to(type);
  at::Tensor rest = log_p.exp().scatter(1, ids, 0.0).sum(1);
  topk.tail_logprob = rest.log().to(type);
  return topk;
}

}  // namespace

std::string CaseName(const LossCase& loss_case) {
  const auto percent = [](double value) {
    return std::to_string(static_cast<int>(std::lround(100.0 * value)));
  };
  if (loss_case.family == Family::kCrossEntropy) {
    const CrossEntropyOptions& plain = loss_case.cross_entropy;
    return "cross_entropy_smoothing" + percent(plain.label_smoothing) + "_z" +
           percent(plain.z_loss) + "_cap" + percent(plain.softcap);
  }
  const DistillationOptions& options = loss_case.distillation;
  std::string name(DivergenceName(options.divergence));
  if (loss_case.family == Family::kTopK) {
    name += "_" + std::string(TailName(options.tail));
  }
  return name + "_t" + percent(options.temperature) + "_share" +
         percent(options.cross_entropy_share);
}

std::vector<LossCase> AllCases() {
  std::vector<LossCase> cases;
  for (const Divergence divergence : kAll) {
    AddMixtures(DistillationCase(Family::kDense, divergence, Tail::kLumped),
                cases);
    AddMixtures(DistillationCase(Family::kTopK, divergence, Tail::kLumped),
                cases);
  }
  for (const Tail tail : {Tail::kRenormalized, Tail::kZero}) {
    AddMixtures(DistillationCase(Family::kTopK, Divergence::kForwardKl, tail),
                cases);
  }
  AddCrossEntropies(cases);
  return cases;
}

at::Tensor Normal(uint64_t seed, at::IntArrayRef shape) {
  at::Tensor result = at::empty(shape, at::kDouble);
  double* data = result.mutable_data_ptr<double>();
  const uint64_t key = RandomKey(seed, RandomPurpose::kTest);
  for (int64_t i = 0; i < result.numel(); ++i) {
    const uint64_t counter = static_cast<uint64_t>(i);
    const double radius =
        std::sqrt(-2.0 * std::log(RandomUniform(key, counter, 0)));
    data[i] = radius *
              std::cos(2.0 * std::numbers::pi * RandomUniform(key, counter, 1));
  }
  return result;
}

LossData MakeData(uint64_t seed, const DataShape& shape, at::ScalarType type) {
  const auto make = [&](uint64_t id, at::IntArrayRef sizes, double scale) {
    return Normal(seed * 100 + id, sizes).mul(scale);
  };
  LossData data;
  data.hidden = make(1, {shape.tokens, shape.hidden}, 1.0);
  data.weight = make(2, {shape.columns, shape.hidden}, 0.8);
  data.bias = make(3, {shape.columns}, 0.3);
  data.teacher_hidden = make(4, {shape.tokens, shape.teacher_hidden}, 1.0);
  data.teacher_weight =
      make(5, {shape.teacher_columns, shape.teacher_hidden}, 0.9);
  data.teacher_bias = make(6, {shape.teacher_columns}, 0.3);
  if (shape.closeness > 0.0) {
    data.teacher_hidden =
        data.hidden + data.teacher_hidden.mul(shape.closeness);
    data.teacher_weight =
        data.weight + data.teacher_weight.mul(shape.closeness);
    data.teacher_bias = data.bias.clone();
  }
  for (at::Tensor* tensor :
       {&data.hidden, &data.weight, &data.bias, &data.teacher_hidden,
        &data.teacher_weight, &data.teacher_bias}) {
    *tensor = tensor->to(type);
  }
  data.target = at::empty({shape.tokens}, at::kLong);
  const uint64_t key = RandomKey(seed, RandomPurpose::kTest, 7);
  for (int64_t row = 0; row < shape.tokens; ++row) {
    data.target.mutable_data_ptr<int64_t>()[row] =
        static_cast<int64_t>(RandomBelow(static_cast<uint64_t>(shape.columns),
                                         key, static_cast<uint64_t>(row)));
  }
  const at::ScalarType list_type =
      type == at::kDouble ? at::kDouble : at::kFloat;
  data.token_weight = make(8, {shape.tokens}, 0.2).add(0.5).to(at::kFloat);
  data.topk = MakeTopK(TeacherLogits(data), shape.entries, shape.temperature,
                       list_type);
  return data;
}

at::Tensor StudentLogits(const LossData& data) {
  return at::mm(data.hidden.detach().to(at::kDouble),
                data.weight.detach().to(at::kDouble).t()) +
         data.bias.detach().to(at::kDouble);
}

at::Tensor TeacherLogits(const LossData& data) {
  return at::mm(data.teacher_hidden.to(at::kDouble),
                data.teacher_weight.to(at::kDouble).t()) +
         data.teacher_bias.to(at::kDouble);
}

Expected ExpectedOf(const LossCase& loss_case, const LossData& data) {
  const at::Tensor student = StudentLogits(data);
  const at::Tensor teacher = TeacherLogits(data);
  const int64_t tokens = student.size(0);
  Expected expected;
  expected.token_loss = at::zeros({tokens}, at::kDouble);
  expected.logits = at::zeros_like(student);
  for (int64_t row = 0; row < tokens; ++row) {
    const reference::RowLoss one =
        ReferenceRow(loss_case, data, row, student, teacher);
    const double weight = data.token_weight[row].item<double>();
    expected.token_loss[row] = one.loss;
    expected.logits[row] = at::tensor(one.gradient, at::kDouble).mul(weight);
    expected.loss += weight * one.loss;
  }
  const at::Tensor& gradient = expected.logits;
  expected.hidden = at::mm(gradient, data.weight.detach().to(at::kDouble));
  expected.weight = at::mm(gradient.t(), data.hidden.detach().to(at::kDouble));
  expected.bias = gradient.sum(0);
  return expected;
}

LossResult RunLinear(const LossCase& loss_case, const LossData& data,
                     LinearOptions linear) {
  linear.bias = data.bias;
  linear.token_weight = data.token_weight;
  switch (loss_case.family) {
    case Family::kCrossEntropy:
      return LinearCrossEntropy(data.hidden, data.weight, data.target,
                                loss_case.cross_entropy, linear);
    case Family::kDense:
      return LinearDistillation(
          data.hidden, data.weight, data.teacher_hidden, data.teacher_weight,
          data.target, data.teacher_bias, loss_case.distillation, linear);
    case Family::kTopK:
      break;
  }
  return LinearTopKDistillation(data.hidden, data.weight, data.topk,
                                data.target, loss_case.distillation, linear);
}

LossResult RunGiven(const LossCase& loss_case, const LossData& data,
                    const at::Tensor& student_logits,
                    const at::Tensor& teacher_logits, LogitOptions rows) {
  rows.token_weight = data.token_weight;
  switch (loss_case.family) {
    case Family::kCrossEntropy:
      return CrossEntropy(student_logits, data.target, loss_case.cross_entropy,
                          rows);
    case Family::kDense:
      return Distillation(student_logits, teacher_logits, data.target,
                          loss_case.distillation, rows);
    case Family::kTopK:
      break;
  }
  return TopKDistillation(student_logits, data.topk, data.target,
                          loss_case.distillation, rows);
}

void RequireGradients(LossData& data) {
  data.hidden.requires_grad_(true);
  data.weight.requires_grad_(true);
  data.bias.requires_grad_(true);
}

double RelativeError(const at::Tensor& ours, const at::Tensor& reference) {
  const at::Tensor expected = reference.detach().cpu().to(at::kDouble);
  const double norm = expected.norm().item<double>();
  const double gap =
      (ours.detach().cpu().to(at::kDouble) - expected).norm().item<double>();
  return norm == 0.0 ? gap : gap / norm;
}

}  // namespace limbeck::kernels
