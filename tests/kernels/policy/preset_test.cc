// Presets against golden losses and gradients of their published definitions
// (tests/golden/make_preset_golden.py), and against the exact losses.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/preset_loss.h"
#include "kernels/presets.h"
#include "tests/kernels/loss_case.h"

namespace limbeck::kernels {
namespace {

struct GoldenCase {
  std::string name;
  PresetArguments arguments;
  at::Tensor loss;      // [N]
  at::Tensor gradient;  // [N, V]
};

struct Golden {
  PresetCall inputs;
  std::vector<GoldenCase> cases;
};

at::Tensor Numbers(const std::string& line, at::IntArrayRef shape) {
  std::istringstream stream(line);
  std::vector<double> values;
  for (double value; stream >> value;) values.push_back(value);
  return at::tensor(values, at::kDouble).reshape(shape);
}

Golden ReadGolden() {
  std::ifstream file("tests/testdata/kernels/presets.txt");
  std::string line;
  Golden golden;
  int64_t n = 0, v = 0, vt = 0, k = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    const std::string rest = line.substr(word.size());
    PresetCall& inputs = golden.inputs;
    if (word == "shape") words >> n >> v >> vt >> k;
    if (word == "student") inputs.student_logits = Numbers(rest, {n, v});
    if (word == "teacher") inputs.teacher.logits = Numbers(rest, {n, vt});
    if (word == "logprobs") {
      inputs.teacher.list.logprobs = Numbers(rest, {n, k});
    }
    if (word == "ids") {
      inputs.teacher.list.ids = Numbers(rest, {n, k}).to(at::kLong);
    }
    if (word == "target") inputs.target = Numbers(rest, {n}).to(at::kLong);
    if (word != "case") continue;
    GoldenCase& one = golden.cases.emplace_back();
    PresetArguments& a = one.arguments;
    words >> one.name >> a.beta >> a.temperature >> a.teacher_temperature >>
        a.hard_weight;
    std::getline(file, line);
    one.loss = Numbers(line, {n});
    std::getline(file, line);
    one.gradient = Numbers(line, {n, v});
  }
  return golden;
}

struct Outcome {
  at::Tensor token_loss;
  at::Tensor gradient;
};

using Runner = LossResult (*)(std::string_view, const PresetCall&);

Outcome RunPreset(Runner runner, const std::string& name, PresetCall call) {
  call.student_logits =
      call.student_logits.detach().clone().requires_grad_(true);
  call.rows.token_weight = at::ones({call.student_logits.size(0)});
  const LossResult result = runner(name, call);
  result.loss.backward();
  return {result.token_loss, call.student_logits.grad()};
}

double Gap(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(Preset, EveryOneMatchesItsPublishedDefinition) {
  Golden golden = ReadGolden();
  std::map<std::string, int> seen;
  for (const GoldenCase& one : golden.cases) {
    SCOPED_TRACE(one.name + " at temperature " +
                 std::to_string(one.arguments.temperature));
    golden.inputs.arguments = one.arguments;
    const Outcome ours = RunPreset(&PresetLoss, one.name, golden.inputs);
    // The root of a tail of 1e-9, itself 1 - sum, amplifies its rounding.
    EXPECT_LE(Gap(ours.token_loss, one.loss), 1e-10);
    EXPECT_LE(Gap(ours.gradient, one.gradient), 1e-10);
    ++seen[one.name];
  }
  for (const Preset& preset : Presets()) {
    EXPECT_GE(seen[std::string(preset.name)], 2) << preset.name;
  }
}

// What a user sees who asks by how much an older run differs: nothing where the
// convention is ours, the largest gap of a row's loss where it is not.
TEST(Preset, DifferenceFromTheExactLoss) {
  Golden golden = ReadGolden();
  std::map<std::string, double> loss_gap;
  std::map<std::string, double> gradient_gap;
  for (const GoldenCase& one : golden.cases) {
    golden.inputs.arguments = one.arguments;
    const Outcome theirs = RunPreset(&PresetLoss, one.name, golden.inputs);
    const Outcome exact = RunPreset(&ExactLoss, one.name, golden.inputs);
    double& loss = loss_gap[one.name];
    double& gradient = gradient_gap[one.name];
    loss = std::max(loss, Gap(theirs.token_loss, exact.token_loss));
    gradient = std::max(gradient, Gap(theirs.gradient, exact.gradient));
  }
  for (const Preset& preset : Presets()) {
    const std::string name(preset.name);
    RecordProperty(name + "_loss_gap", std::to_string(loss_gap[name]));
    if (preset.difference.empty()) {
      EXPECT_EQ(loss_gap[name], 0.0) << name;
      EXPECT_EQ(gradient_gap[name], 0.0) << name;
      continue;
    }
    EXPECT_GT(loss_gap[name], 1e-12) << name;
    if (preset.difference.find("value only") != std::string_view::npos) {
      EXPECT_LE(gradient_gap[name], 1e-13) << name;
    }
  }
}

TEST(Preset, DirectionOfMixIsToldApart) {
  Golden golden = ReadGolden();
  golden.inputs.arguments.beta = 0.3;
  const Outcome trl = RunPreset(&PresetLoss, "trl_gkd", golden.inputs);
  EXPECT_GT(Gap(RunPreset(&PresetLoss, "kdflow_jsd", golden.inputs).token_loss,
                trl.token_loss),
            1e-3);
  golden.inputs.arguments.beta = 0.7;
  EXPECT_LE(Gap(RunPreset(&PresetLoss, "kdflow_jsd", golden.inputs).token_loss,
                trl.token_loss),
            1e-14);
}

TEST(Preset, SkippedRowsAndPaddingAreNeverRead) {
  Golden golden = ReadGolden();
  PresetCall call = golden.inputs;
  call.rows.kept_rows = at::tensor({0, 2}, at::kLong);
  PresetCall poisoned = call;
  poisoned.student_logits = call.student_logits.clone();
  poisoned.student_logits[1].fill_(NAN);
  poisoned.teacher.list.ids = call.teacher.list.ids.clone();
  poisoned.teacher.list.logprobs = call.teacher.list.logprobs.clone();
  poisoned.teacher.list.ids[1].fill_(1 << 20);
  call.teacher.list.ids = poisoned.teacher.list.ids.clone();
  call.teacher.list.ids[1].fill_(0);
  // Padding in row 2 stands for a shorter list.
  for (PresetCall* one : {&call, &poisoned}) {
    one->teacher.list.ids[2][3] = -1;
    one->teacher.list.logprobs = one->teacher.list.logprobs.clone();
  }
  poisoned.teacher.list.logprobs[2][3] = NAN;
  for (const Preset& preset : Presets()) {
    if (!preset.listed) continue;
    const std::string name(preset.name);
    const Outcome clean = RunPreset(&PresetLoss, name, call);
    const Outcome ours = RunPreset(&PresetLoss, name, poisoned);
    EXPECT_TRUE(at::equal(clean.token_loss, ours.token_loss)) << name;
    EXPECT_TRUE(at::equal(clean.gradient, ours.gradient)) << name;
    EXPECT_TRUE(at::isfinite(ours.gradient).all().item<bool>()) << name;
  }
}

std::string ErrorOf(const std::string& name, const PresetCall& call) {
  try {
    PresetLoss(name, call);
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

TEST(Preset, WrongArgumentsAreNamed) {
  Golden golden = ReadGolden();
  EXPECT_THAT(
      ErrorOf("gkd", golden.inputs),
      ::testing::HasSubstr("preset_loss: preset is 'gkd', must be one of "
                           "trl_gkd, liger_jsd, "));
  golden.inputs.arguments.temperature = 2.0;
  EXPECT_THAT(ErrorOf("verl_forward_kl_topk", golden.inputs),
              ::testing::HasSubstr("temperature is 2, must be 1 for preset "
                                   "verl_forward_kl_topk"));
  golden.inputs.arguments.teacher_temperature = 3.0;
  EXPECT_THAT(ErrorOf("trl_gkd", golden.inputs),
              ::testing::HasSubstr("teacher_temperature is 3, must be 1"));
  golden.inputs.teacher.logits = at::Tensor();
  EXPECT_THAT(ErrorOf("roll_js", golden.inputs),
              ::testing::HasSubstr("preset roll_js needs teacher_logits"));
}

}  // namespace
}  // namespace limbeck::kernels
