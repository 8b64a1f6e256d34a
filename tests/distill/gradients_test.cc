// Loss and gradients do not depend on micro-batches, packing or where the
// teacher's distribution comes from.
#include "distill/gradients.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <memory>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "teacher/local_scorer.h"
#include "tests/distill/tiny_training.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

struct LossAndGradient {
  double loss = 0.0;
  at::Tensor gradient;
};

LossAndGradient Compute(const Objective& objective,
                        const std::vector<LoadedBin>& bins,
                        int bins_per_micro_batch, Model model) {
  Trainable trainable = MakeTrainable(model);
  const auto batch =
      ComputeGradients(objective, bins, bins_per_micro_batch, trainable);
  EXPECT_THAT(batch, IsOk());
  if (!batch.ok()) return {};
  return {batch->loss, Joined(trainable.lanes[0].gradients)};
}

std::vector<LoadedBin> SixBins() {
  return Loaded({TinyBin(0, {{9, 2, 1}, {5, 1, 2}}), TinyBin(1, {{14, 7, 3}}),
                 TinyBin(2, {{4, 3, 4}, {4, 1, 5, 3.0f}, {6, 2, 6}}),
                 TinyBin(3, {{20, 1, 7, 0.25f}}), TinyBin(4, {{2, 1, 8}}),
                 TinyBin(5, {{11, 10, 9}, {3, 2, 10}})});
}

// A tolerance for sums of the same float32 terms in another order.
void ExpectClose(const LossAndGradient& a, const LossAndGradient& b) {
  EXPECT_NEAR(a.loss, b.loss, 2e-6);
  const double scale = b.gradient.norm().item().toDouble();
  EXPECT_GT(scale, 1e-3);
  EXPECT_LT((a.gradient - b.gradient).norm().item().toDouble(), 2e-6 * scale);
}

class Gradients
    : public testing::TestWithParam<std::tuple<ObjectiveOptions::Kind, bool>> {
 protected:
  void SetUp() override {
    objective_ = TinyObjective(std::get<0>(GetParam()));
    if (std::get<0>(GetParam()) == ObjectiveOptions::KIND_DENSE_DISTILLATION) {
      teacher_ =
          MakeLocalScorer(std::make_shared<Model>(TinyModel(99)), Teacher());
      objective_.teacher = teacher_.get();
    }
  }

  void AddSignals(std::vector<LoadedBin>& bins) const {
    if (!objective_.rules.with_signals) return;
    const Model teacher = TinyModel(99);
    for (LoadedBin& loaded : bins) {
      loaded.signals =
          SignalsFrom(LogitsOf(teacher, loaded.bin), loaded.bin, 5);
    }
  }

  Model Student() const { return TinyModel(1, std::get<1>(GetParam())); }

  Objective objective_;
  std::unique_ptr<Scorer> teacher_;
};

TEST_P(Gradients, MicroBatchesDoNotChangeThem) {
  std::vector<LoadedBin> bins = SixBins();
  AddSignals(bins);
  const LossAndGradient whole = Compute(objective_, bins, 6, Student());
  for (int size : {1, 2, 4, 100}) {
    ExpectClose(Compute(objective_, bins, size, Student()), whole);
  }
}

TEST_P(Gradients, ThreadsDoNotChangeABit) {
  std::vector<LoadedBin> bins = SixBins();
  AddSignals(bins);
  const int threads = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (int count : {1, 2, 3}) {
    at::set_num_threads(count);
    Model model = Student();
    Trainable trainable = MakeTrainable(model, 4);
    LIMBECK_ASSERT_OK(
        ComputeGradients(objective_, bins, 1, trainable).status());
    results.push_back(Joined(trainable.lanes[0].gradients));
  }
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(results[1], results[0]));
  EXPECT_TRUE(at::equal(results[2], results[0]));
}

TEST_P(Gradients, LanesDoNotChangeThem) {
  std::vector<LoadedBin> bins = SixBins();
  AddSignals(bins);
  const LossAndGradient whole = Compute(objective_, bins, 6, Student());
  for (int lanes : {2, 4, 8}) {
    Model model = Student();
    Trainable trainable = MakeTrainable(model, lanes);
    LIMBECK_ASSERT_OK_AND_ASSIGN(
        const BatchLoss batch,
        ComputeGradients(objective_, bins, 1, trainable));
    ExpectClose({batch.loss, Joined(trainable.lanes[0].gradients)}, whole);
  }
}

TEST_P(Gradients, PackingDoesNotChangeThem) {
  std::vector<LoadedBin> packed = SixBins();
  std::vector<PackedBin> alone;
  for (const LoadedBin& loaded : packed) {
    for (const PackedSequence& sequence : loaded.bin.sequences()) {
      PackedBin bin;
      bin.set_index(alone.size());
      *bin.add_sequences() = sequence;
      bin.mutable_sequences(0)->set_start(0);
      for (uint32_t i = 0; i < sequence.length(); ++i) {
        bin.add_ids(loaded.bin.ids(static_cast<int>(sequence.start() + i)));
      }
      alone.push_back(bin);
    }
  }
  std::vector<LoadedBin> unpacked = Loaded(alone);
  AddSignals(packed);
  AddSignals(unpacked);
  ExpectClose(Compute(objective_, packed, 1, Student()),
              Compute(objective_, unpacked, 1, Student()));
}

TEST_P(Gradients, FollowTheLossAlongARandomDirection) {
  std::vector<LoadedBin> bins = SixBins();
  AddSignals(bins);
  const LossAndGradient at_start = Compute(objective_, bins, 2, Student());
  // Central difference of the loss along the gradient itself.
  const double norm = at_start.gradient.norm().item().toDouble();
  const double step = 1e-2 / norm;
  double losses[2];
  for (int side : {0, 1}) {
    Model moved = Student();
    int64_t offset = 0;
    for (ParameterGroup& group : moved.groups) {
      const int64_t size = group.flat.numel();
      group.flat.add_(at_start.gradient.slice(0, offset, offset + size),
                      side == 0 ? -step : step);
      offset += size;
    }
    losses[side] = Compute(objective_, bins, 2, std::move(moved)).loss;
  }
  EXPECT_NEAR((losses[1] - losses[0]) / (2.0 * step) / (norm * norm), 1.0,
              2e-2);
}

TEST_P(Gradients, SecondCallReplacesTheFirst) {
  std::vector<LoadedBin> bins = SixBins();
  AddSignals(bins);
  Model model = Student();
  Trainable trainable = MakeTrainable(model);
  LIMBECK_ASSERT_OK(ComputeGradients(objective_, bins, 2, trainable).status());
  const at::Tensor first = Joined(trainable.lanes[0].gradients);
  LIMBECK_ASSERT_OK(ComputeGradients(objective_, bins, 2, trainable).status());
  EXPECT_TRUE(at::equal(Joined(trainable.lanes[0].gradients), first));
}

INSTANTIATE_TEST_SUITE_P(
    All, Gradients,
    testing::Combine(testing::Values(ObjectiveOptions::KIND_CROSS_ENTROPY,
                                     ObjectiveOptions::KIND_TOPK_DISTILLATION,
                                     ObjectiveOptions::KIND_DENSE_DISTILLATION),
                     testing::Bool()));

TEST(Trainable, BackwardAddsIntoTheFlatBuffers) {
  Model model = TinyModel(1, /*tied_head=*/false);
  Trainable trainable = MakeTrainable(model);
  const void* embedding =
      trainable.lanes[0].leaves.embedding.grad().const_data_ptr();
  const void* up =
      trainable.lanes[0].leaves.blocks[1].mlp.up.grad().const_data_ptr();
  LIMBECK_ASSERT_OK(
      ComputeGradients(TinyObjective(ObjectiveOptions::KIND_CROSS_ENTROPY),
                       SixBins(), 2, trainable)
          .status());
  EXPECT_EQ(trainable.lanes[0].leaves.embedding.grad().const_data_ptr(),
            embedding);
  EXPECT_EQ(trainable.lanes[0].leaves.blocks[1].mlp.up.grad().const_data_ptr(),
            up);
  for (const at::Tensor& gradient : trainable.lanes[0].gradients) {
    EXPECT_GT(gradient.norm().item().toDouble(), 0.0);
  }
}

TEST(Trainable, TiedHeadAddsToTheEmbedding) {
  Model model = TinyModel(1, /*tied_head=*/true);
  Trainable trainable = MakeTrainable(model);
  EXPECT_TRUE(trainable.lanes[0].leaves.head.is_same(
      trainable.lanes[0].leaves.embedding));
  LIMBECK_ASSERT_OK(
      ComputeGradients(TinyObjective(ObjectiveOptions::KIND_CROSS_ENTROPY),
                       Loaded({TinyBin(0, {{2, 1, 1}})}), 1, trainable)
          .status());
  // Every vocabulary row gets a gradient from the head, not only the input.
  const at::Tensor rows =
      trainable.lanes[0].leaves.embedding.grad().norm(2, at::IntArrayRef{1});
  EXPECT_GT(rows.min().item().toDouble(), 0.0);
}

// A student that already is its teacher has nothing to learn.
TEST(Distillation, TeacherEqualToStudentGivesNoGradient) {
  std::vector<LoadedBin> bins = SixBins();
  const Model other = TinyModel(99);
  for (ObjectiveOptions::Kind kind :
       {ObjectiveOptions::KIND_TOPK_DISTILLATION,
        ObjectiveOptions::KIND_DENSE_DISTILLATION}) {
    Objective objective = TinyObjective(kind);
    const std::unique_ptr<Scorer> self =
        MakeLocalScorer(std::make_shared<Model>(TinyModel(1)), Teacher());
    objective.teacher = self.get();
    const Model student = TinyModel(1);
    for (LoadedBin& loaded : bins) {
      loaded.signals =
          SignalsFrom(LogitsOf(student, loaded.bin), loaded.bin, 7);
    }
    const LossAndGradient result = Compute(objective, bins, 2, TinyModel(1));
    // Signals and logits are float32: what remains is their rounding.
    EXPECT_NEAR(result.loss, 0.0, 1e-6);
    EXPECT_LT(result.gradient.norm().item().toDouble(), 1e-5);
  }
}

TEST(Distillation, ServedAndStoredTeacherAgree) {
  std::vector<LoadedBin> bins = SixBins();
  const Model teacher = TinyModel(99);
  for (LoadedBin& loaded : bins) {
    loaded.signals = SignalsFrom(LogitsOf(teacher, loaded.bin), loaded.bin,
                                 static_cast<int>(kTinyVocab));
  }
  Objective dense = TinyObjective(ObjectiveOptions::KIND_DENSE_DISTILLATION);
  const std::unique_ptr<Scorer> resident =
      MakeLocalScorer(std::make_shared<Model>(TinyModel(99)), Teacher());
  dense.teacher = resident.get();
  const LossAndGradient a =
      Compute(TinyObjective(ObjectiveOptions::KIND_TOPK_DISTILLATION), bins, 2,
              TinyModel(1));
  const LossAndGradient b = Compute(dense, bins, 2, TinyModel(1));
  EXPECT_NEAR(a.loss, b.loss, 1e-5);
  EXPECT_LT((a.gradient - b.gradient).norm().item().toDouble(),
            1e-4 * b.gradient.norm().item().toDouble());
}

}  // namespace
}  // namespace limbeck
