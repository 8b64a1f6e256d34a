// The shared library as Python loads it: its operators through the dispatcher.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/kernels/loss_case.h"

namespace limbeck::kernels {
namespace {

using Arguments = std::map<std::string, c10::IValue>;
using torch::jit::Stack;

class OpsLibrary : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    handle_ = dlopen(LIMBECK_OPS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle_, nullptr) << dlerror();
  }

  // Calls the operator with its defaults replaced by `given`.
  static Stack Call(const std::string& name, const Arguments& given) {
    const c10::OperatorHandle op =
        c10::Dispatcher::singleton().findSchemaOrThrow(
            ("limbeck::" + name).c_str(), "");
    Stack stack;
    size_t used = 0;
    for (const c10::Argument& argument : op.schema().arguments()) {
      const auto found = given.find(argument.name());
      used += found != given.end() ? 1 : 0;
      stack.push_back(found != given.end() ? found->second
                                           : *argument.default_value());
    }
    EXPECT_EQ(used, given.size());
    op.callBoxed(stack);
    return stack;
  }

  static Arguments DenseArguments(const LossData& data) {
    return {{"hidden", data.hidden},
            {"weight", data.weight},
            {"bias", data.bias},
            {"teacher_hidden", data.teacher_hidden},
            {"teacher_weight", data.teacher_weight},
            {"teacher_bias", data.teacher_bias},
            {"token_weight", data.token_weight},
            {"divergence", "jsd"},
            {"mix", 0.3}};
  }

  static LossCase DenseCase() {
    LossCase loss_case;
    loss_case.distillation.divergence = Divergence::kJsd;
    loss_case.distillation.mix = 0.3;
    return loss_case;
  }

 private:
  static inline void* handle_ = nullptr;
};

TEST_F(OpsLibrary, LinearDistillationEqualsTheProgramsOwn) {
  LossData data = MakeData(71, {}, at::kFloat);
  RequireGradients(data);
  const Stack result = Call("linear_distillation", DenseArguments(data));
  const LossResult own = RunLinear(DenseCase(), data);
  EXPECT_TRUE(at::equal(result[0].toTensor(), own.loss));
  EXPECT_TRUE(at::equal(result[1].toTensor(), own.token_loss));
  EXPECT_FALSE(result[1].toTensor().requires_grad());
  result[0].toTensor().backward();
  const at::Tensor hidden = data.hidden.grad().clone();
  const at::Tensor bias = data.bias.grad().clone();
  data.hidden.mutable_grad() = at::Tensor();
  data.bias.mutable_grad() = at::Tensor();
  own.loss.backward();
  EXPECT_TRUE(at::equal(hidden, data.hidden.grad()));
  EXPECT_TRUE(at::equal(bias, data.bias.grad()));
}

TEST_F(OpsLibrary, EveryOperatorRunsWithItsDefaults) {
  const LossData data = MakeData(72, {}, at::kFloat);
  const at::Tensor student = StudentLogits(data).to(at::kFloat);
  const at::Tensor teacher = TeacherLogits(data).to(at::kFloat);
  const Arguments list = {{"top_ids", data.topk.ids},
                          {"top_logprobs", data.topk.logprobs},
                          {"divergence", "forward_kl"}};
  Arguments given_list = list;
  given_list["student_logits"] = student;
  Arguments linear_list = list;
  linear_list["hidden"] = data.hidden;
  linear_list["weight"] = data.weight;
  const std::map<std::string, Arguments> calls = {
      {"cross_entropy", {{"student_logits", student}, {"target", data.target}}},
      {"linear_cross_entropy",
       {{"hidden", data.hidden},
        {"weight", data.weight},
        {"target", data.target}}},
      {"distillation",
       {{"student_logits", student},
        {"teacher_logits", teacher},
        {"divergence", "reverse_kl"}}},
      {"linear_distillation", DenseArguments(data)},
      {"topk_distillation", given_list},
      {"linear_topk_distillation", linear_list}};
  for (const auto& [name, arguments] : calls) {
    const Stack result = Call(name, arguments);
    EXPECT_GT(result[0].toTensor().item<float>(), 0.0f) << name;
    EXPECT_EQ(result[1].toTensor().size(0), 6) << name;
  }
}

TEST_F(OpsLibrary, MetaTensorsGiveShapes) {
  LossData data = MakeData(73, {}, at::kBFloat16);
  for (auto member : {&LossData::hidden, &LossData::weight, &LossData::bias,
                      &LossData::teacher_hidden, &LossData::teacher_weight,
                      &LossData::teacher_bias, &LossData::token_weight}) {
    data.*member = (data.*member).to(at::kMeta);
  }
  RequireGradients(data);
  const Stack result = Call("linear_distillation", DenseArguments(data));
  EXPECT_TRUE(result[0].toTensor().is_meta());
  EXPECT_EQ(result[0].toTensor().dim(), 0);
  EXPECT_EQ(result[1].toTensor().size(0), 6);
  EXPECT_EQ(result[1].toTensor().scalar_type(), at::kFloat);
  result[0].toTensor().backward();
  EXPECT_EQ(data.weight.grad().sizes(), data.weight.sizes());
  EXPECT_EQ(data.weight.grad().scalar_type(), at::kBFloat16);
}

TEST_F(OpsLibrary, WeightGradIsMutated) {
  LossData data = MakeData(74, {}, at::kFloat);
  data.hidden.requires_grad_(true);
  data.weight.requires_grad_(true);
  const at::Tensor sum = at::zeros({67, 5});
  const Stack result = Call("linear_cross_entropy", {{"hidden", data.hidden},
                                                     {"weight", data.weight},
                                                     {"target", data.target},
                                                     {"weight_grad", sum}});
  EXPECT_GT(sum.abs().max().item<float>(), 0.0f);
  result[0].toTensor().backward();
  EXPECT_FALSE(data.weight.grad().defined());
}

TEST_F(OpsLibrary, UnknownNamesAreRefused) {
  const LossData data = MakeData(75, {}, at::kFloat);
  Arguments arguments = DenseArguments(data);
  arguments["divergence"] = "kl";
  try {
    Call("linear_distillation", arguments);
    FAIL() << "accepted";
  } catch (const c10::Error& error) {
    EXPECT_THAT(error.what_without_backtrace(),
                ::testing::HasSubstr("limbeck::linear_distillation: divergence "
                                     "is 'kl', must be forward_kl"));
  }
}

}  // namespace
}  // namespace limbeck::kernels
