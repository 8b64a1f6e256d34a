// Wrong arguments: an error that names operator, argument and both values.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernels/cross_entropy.h"
#include "kernels/distillation.h"
#include "kernels/linear_cross_entropy.h"
#include "kernels/linear_distillation.h"
#include "kernels/linear_topk_distillation.h"
#include "kernels/shape_check.h"
#include "tests/kernels/error_of.h"
#include "tests/kernels/loss_case.h"

namespace limbeck::kernels {
namespace {

using ::testing::HasSubstr;

class Errors : public ::testing::Test {
 protected:
  std::string CrossEntropyError(const CrossEntropyOptions& options = {}) {
    return ErrorOf([&] {
      LinearCrossEntropy(data_.hidden, data_.weight, data_.target, options,
                         linear_);
    });
  }
  std::string TopKError(const DistillationOptions& options = {}) {
    return ErrorOf([&] {
      LinearTopKDistillation(data_.hidden, data_.weight, data_.topk,
                             data_.target, options, linear_);
    });
  }

  LossData data_ = MakeData(61, {}, at::kFloat);  // N 6, H 5, V 67, K 9
  LinearOptions linear_;
};

TEST_F(Errors, HiddenWidthsDiffer) {
  data_.weight = at::zeros({67, 4});
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("linear_cross_entropy: weight has H = 4 (dimension 1), "
                        "hidden has H = 5"));
}

TEST_F(Errors, TargetLengthDiffers) {
  data_.target = at::zeros({7}, at::kLong);
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("linear_cross_entropy: target has N = 7 (dimension 0), "
                        "hidden has N = 6"));
}

TEST_F(Errors, DtypesDiffer) {
  data_.weight = data_.weight.to(at::kBFloat16);
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("weight is BFloat16, hidden is Float"));
}

TEST_F(Errors, UnsupportedDtype) {
  data_.hidden = data_.hidden.to(at::kHalf);
  data_.weight = data_.weight.to(at::kHalf);
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("hidden is Half, must be Float or BFloat16 or Double"));
}

TEST_F(Errors, TargetIsNotInteger) {
  data_.target = data_.target.to(at::kFloat);
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("target is Float, must be Long or Int"));
}

TEST_F(Errors, TargetOutOfRange) {
  data_.target = data_.target.clone();
  data_.target[2] = 67;
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("target[2] is 67, must be in [0, 67)"));
  data_.target[2] = -1;
  EXPECT_THAT(CrossEntropyError(), HasSubstr("target[2] is -1"));
}

TEST_F(Errors, TargetAboveValidColumns) {
  data_.target = at::full({6}, 65, at::kLong);
  linear_.num_valid_columns = 60;
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("target[0] is 65, must be in [0, 60)"));
}

TEST_F(Errors, ValidColumnsBeyondTheHead) {
  linear_.num_valid_columns = 68;
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("num_valid_columns is 68, must be -1 or in [1, 67]"));
}

TEST_F(Errors, OptionsOutOfRange) {
  EXPECT_THAT(CrossEntropyError({1.0, 0.0, 0.0}),
              HasSubstr("label_smoothing is 1, must be in [0, 1)"));
  EXPECT_THAT(CrossEntropyError({0.0, -0.5, 0.0}),
              HasSubstr("z_loss is -0.5, must be finite and >= 0"));
  DistillationOptions options;
  options.temperature = 0.0;
  EXPECT_THAT(TopKError(options),
              HasSubstr("linear_topk_distillation: temperature is 0"));
  options = {};
  options.mix = 1.5;
  EXPECT_THAT(TopKError(options), HasSubstr("mix is 1.5, must be in [0, 1]"));
}

TEST_F(Errors, NegativeChunk) {
  linear_.chunk_tokens = -1;
  const std::string text = ": chunk_tokens is -1, must be 0 or more";
  EXPECT_THAT(CrossEntropyError(), HasSubstr("linear_cross_entropy" + text));
  EXPECT_THAT(TopKError(), HasSubstr("linear_topk_distillation" + text));
  EXPECT_THAT(ErrorOf([&] {
                LinearDistillation(data_.hidden, data_.weight,
                                   data_.teacher_hidden, data_.teacher_weight,
                                   data_.target, {}, {}, linear_);
              }),
              HasSubstr("linear_distillation" + text));
}

TEST_F(Errors, ShareWithoutTarget) {
  DistillationOptions options;
  options.cross_entropy_share = 0.5;
  data_.target = at::Tensor();
  EXPECT_THAT(TopKError(options),
              HasSubstr("target is undefined, must be given for "
                        "cross_entropy_share = 0.5"));
}

TEST_F(Errors, ListIdOutOfRange) {
  data_.topk.ids = data_.topk.ids.clone();
  data_.topk.ids[1][3] = 67;
  EXPECT_THAT(TopKError(),
              HasSubstr("top_ids[1, 3] is 67, must be in [-1, 67)"));
}

TEST_F(Errors, ListShapesDiffer) {
  data_.topk.logprobs = data_.topk.logprobs.narrow(1, 0, 8);
  EXPECT_THAT(TopKError(), HasSubstr("top_logprobs has K = 8 (dimension 1), "
                                     "top_ids has K = 9"));
}

TEST_F(Errors, ListIsNotLogProbabilities) {
  data_.topk.logprobs = at::zeros({6, 9});
  EXPECT_THAT(TopKError(),
              HasSubstr("top_logprobs[0] sum to probability 9, must be at "
                        "most 1"));
}

TEST_F(Errors, TailNeedsForwardKl) {
  DistillationOptions options;
  options.tail = Tail::kRenormalized;
  options.divergence = Divergence::kJsd;
  EXPECT_THAT(TopKError(options),
              HasSubstr("tail is renormalized and divergence is jsd, only "
                        "forward_kl may have a tail other than lumped"));
}

TEST_F(Errors, KeptRowsMustRise) {
  linear_.kept_rows = at::tensor({1, 1}, at::kLong);
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("kept_rows[1] is 1, must rise from row to row and be "
                        "below N = 6 (before it: 1)"));
}

TEST_F(Errors, WeightGradShape) {
  linear_.weight_grad = at::zeros({66, 5});
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("weight_grad has V = 66 (dimension 0), weight has "
                        "V = 67"));
}

TEST_F(Errors, WeightGradIsNotFloat32) {
  linear_.weight_grad = at::zeros({67, 5}, at::kBFloat16);
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("weight_grad is BFloat16, must be Float"));
}

TEST_F(Errors, GradScaleWithoutWeightGrad) {
  linear_.grad_scale = at::ones({});
  EXPECT_THAT(CrossEntropyError(),
              HasSubstr("grad_scale is given, weight_grad is not"));
}

TEST_F(Errors, UpstreamMustBeOneWithWeightGrad) {
  linear_.weight_grad = at::zeros({67, 5});
  data_.hidden.requires_grad_(true);
  const LossResult result =
      LinearCrossEntropy(data_.hidden, data_.weight, data_.target, {}, linear_);
  EXPECT_THAT(ErrorOf([&] { (result.loss * 2.0).backward(); }),
              HasSubstr("the upstream gradient is 2, must be 1 with "
                        "weight_grad"));
}

TEST_F(Errors, SecondDerivativeIsRefused) {
  data_.hidden.requires_grad_(true);
  const LossResult result =
      LinearCrossEntropy(data_.hidden, data_.weight, data_.target);
  EXPECT_THAT(ErrorOf([&] { result.loss.backward({}, true, true); }),
              HasSubstr("differentiable once"));
}

TEST_F(Errors, OtherDevice) {
  const at::Tensor logits = at::empty({2, 3}, at::device(at::kMeta));
  EXPECT_THAT(
      ErrorOf([&] { CrossEntropy(logits, at::zeros({2}, at::kLong)); }),
      HasSubstr(
          "cross_entropy: student_logits is on meta, this build runs on cpu"));
}

TEST_F(Errors, TeacherRowsDiffer) {
  EXPECT_THAT(ErrorOf([&] {
                Distillation(at::zeros({2, 3}), at::zeros({4, 3}), {}, {});
              }),
              HasSubstr("distillation: teacher_logits has N = 4 (dimension 0), "
                        "student_logits has N = 2"));
}

TEST(ShapeCheck, UndefinedAndRank) {
  ShapeCheck check("op");
  EXPECT_THAT(ErrorOf([&] { check.Tensor("x", {}, {"N"}); }),
              HasSubstr("op: x is undefined"));
  EXPECT_THAT(ErrorOf([&] {
                check.Tensor("x", at::zeros({2, 3}), {"N"});
              }),
              HasSubstr("op: x has 2 dimensions, must have 1"));
}

}  // namespace
}  // namespace limbeck::kernels
