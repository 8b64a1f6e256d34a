// Saved states come back bit by bit, and nothing else is accepted.
#include "distill/training_state.h"

#include <ATen/ATen.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "student/checkpoint/checkpoint.h"
#include "tests/distill/tiny_training.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class TrainingState : public testing::Test {
 protected:
  TrainingStates States(const std::string& fingerprint = "f00d",
                        int keep = 2) const {
    TrainingStates::Settings settings;
    settings.directory = directory_.File("states");
    settings.fingerprint = fingerprint;
    settings.keep = keep;
    settings.warn = [this](absl::string_view text) {
      warnings_.emplace_back(text);
    };
    return TrainingStates(settings);
  }

  static TrainingProgress Progress(int64_t step) {
    TrainingProgress progress;
    progress.step = step;
    progress.trained_tokens = 1000 * step;
    progress.trained_loss_tokens = 700 * step;
    progress.skipped_steps = 3;
    progress.skipped_in_a_row = 1;
    progress.metrics_bytes = 12345;
    progress.loader.set_data_digest("abc");
    progress.loader.set_seed(0xFFFFFFFFFFFFFFFFu);
    progress.loader.set_consumed_bins(static_cast<uint64_t>(8 * step));
    return progress;
  }

  // Moments that are no default values.
  static AdamWState Moments(const Model& model) {
    AdamWState state = MakeAdamWState(model);
    for (at::Tensor& moment : state.first_moment) moment.fill_(0.1f);
    for (at::Tensor& moment : state.second_moment) moment.fill_(0.3f);
    state.applied_steps = 17;
    return state;
  }

  std::vector<std::string> Names() const {
    auto names = ListDirectory(directory_.File("states"));
    EXPECT_THAT(names, IsOk());
    return *names;
  }

  std::string Folder(int step) const {
    return directory_.File(absl::StrCat("states/step-00000000000", step));
  }

  // Another last byte of the tensors.
  void DamageTensors(int step) const {
    const std::string path = JoinPath(Folder(step), "state.safetensors");
    LIMBECK_ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(path));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, bytes));
  }

  // The step of the state that comes back; 0 for none.
  int64_t RestoredStep() const {
    Model model = TinyModel(2);
    AdamWState state = MakeAdamWState(model);
    const auto progress = States().Restore(model, state);
    EXPECT_THAT(progress, IsOk());
    if (!progress.ok() || !progress->has_value()) return 0;
    return (*progress)->step;
  }

  TemporaryDirectory directory_;
  mutable std::vector<std::string> warnings_;
};

TEST_F(TrainingState, ComesBackBitByBit) {
  const Model saved = TinyModel(1);
  LIMBECK_ASSERT_OK(States().Save(Progress(5), saved, Moments(saved)));
  Model model = TinyModel(2);
  AdamWState state = MakeAdamWState(model);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::optional<TrainingProgress> progress,
                               States().Restore(model, state));
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->step, 5);
  EXPECT_EQ(progress->trained_tokens, 5000);
  EXPECT_EQ(progress->trained_loss_tokens, 3500);
  EXPECT_EQ(progress->skipped_steps, 3);
  EXPECT_EQ(progress->skipped_in_a_row, 1);
  EXPECT_EQ(progress->metrics_bytes, 12345u);
  EXPECT_EQ(progress->loader.SerializeAsString(),
            Progress(5).loader.SerializeAsString());
  EXPECT_EQ(state.applied_steps, 17);
  for (size_t i = 0; i < model.groups.size(); ++i) {
    EXPECT_TRUE(at::equal(model.groups[i].flat, saved.groups[i].flat));
    EXPECT_TRUE(at::equal(state.first_moment[i],
                          at::full_like(state.first_moment[i], 0.1f)));
    EXPECT_TRUE(at::equal(state.second_moment[i],
                          at::full_like(state.second_moment[i], 0.3f)));
  }
  EXPECT_TRUE(at::equal(model.weights.embedding, saved.weights.embedding));
}

TEST_F(TrainingState, HoldsALoadableCheckpoint) {
  const Model saved = TinyModel(1);
  LIMBECK_ASSERT_OK(States().Save(Progress(5), saved, Moments(saved)));
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const Model loaded, LoadCheckpoint(JoinPath(Folder(5), "checkpoint")));
  EXPECT_TRUE(at::equal(loaded.weights.embedding, saved.weights.embedding));
}

TEST_F(TrainingState, KeepsTheNewest) {
  const Model model = TinyModel(1);
  for (int64_t step = 1; step <= 5; ++step) {
    LIMBECK_ASSERT_OK(
        States("f", 2).Save(Progress(step), model, Moments(model)));
  }
  EXPECT_THAT(Names(), ElementsAre("step-000000000004", "step-000000000005"));
}

TEST_F(TrainingState, NoneIsNoError) {
  Model model = TinyModel(1);
  AdamWState state = MakeAdamWState(model);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::optional<TrainingProgress> progress,
                               States().Restore(model, state));
  EXPECT_FALSE(progress.has_value());
}

TEST_F(TrainingState, HalfWrittenFoldersAreRemoved) {
  const Model saved = TinyModel(1);
  LIMBECK_ASSERT_OK(States().Save(Progress(5), saved, Moments(saved)));
  LIMBECK_ASSERT_OK(MakeDirectories(directory_.File("states/partial")));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      directory_.File("states/partial/state.safetensors"), "half"));
  LIMBECK_ASSERT_OK(MakeDirectories(Folder(7)));
  Model model = TinyModel(2);
  AdamWState state = MakeAdamWState(model);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::optional<TrainingProgress> progress,
                               States().Restore(model, state));
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->step, 5);
  EXPECT_FALSE(FileExists(Folder(7)));
}

TEST_F(TrainingState, OtherRunsAreRefused) {
  Model model = TinyModel(1);
  AdamWState state = Moments(model);
  LIMBECK_ASSERT_OK(States("f00d").Save(Progress(5), model, state));
  EXPECT_THAT(States("beef").Restore(model, state),
              IsError(StatusCode::kFailedPrecondition,
                      "is of the run f00d, this run is beef"));
}

TEST_F(TrainingState, DamageIsFound) {
  Model model = TinyModel(1);
  AdamWState state = Moments(model);
  LIMBECK_ASSERT_OK(States().Save(Progress(5), model, state));
  const std::string path = JoinPath(Folder(5), "state.safetensors");
  LIMBECK_ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(path));
  for (size_t position : {size_t{0}, size_t{9}, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[position] = static_cast<char>(damaged[position] ^ 0x20);
    LIMBECK_ASSERT_OK(WriteFileAtomically(path, damaged));
    EXPECT_THAT(States().Restore(model, state),
                IsError(StatusCode::kDataLoss, "step-000000000005"));
  }
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, bytes));
  LIMBECK_ASSERT_OK(States().Restore(model, state).status());
}

TEST_F(TrainingState, BehindADamagedOneIsTheOlderOne) {
  const Model model = TinyModel(1);
  const Model older = TinyModel(3);
  LIMBECK_ASSERT_OK(States().Save(Progress(5), older, Moments(older)));
  LIMBECK_ASSERT_OK(States().Save(Progress(7), model, Moments(model)));
  DamageTensors(7);
  Model restored = TinyModel(2);
  AdamWState state = MakeAdamWState(restored);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::optional<TrainingProgress> progress,
                               States().Restore(restored, state));
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->step, 5);
  for (size_t i = 0; i < older.groups.size(); ++i) {
    EXPECT_TRUE(at::equal(restored.groups[i].flat, older.groups[i].flat));
  }
  // Gone, so that step 7 is saved anew.
  EXPECT_THAT(Names(), ElementsAre("step-000000000005"));
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("step-000000000007"),
                                HasSubstr("state.safetensors has SHA-256"),
                                HasSubstr("goes on from step 5"))));
}

TEST_F(TrainingState, DamageOfAnyKindLeadsToTheOlderOne) {
  const Model model = TinyModel(1);
  const std::string state = JoinPath(Folder(7), "state.json");
  const std::string tensors = JoinPath(Folder(7), "state.safetensors");
  const std::vector<std::function<absl::Status()>> damages = {
      [&] { return WriteFileAtomically(state, ""); },
      [&] { return WriteFileAtomically(state, "{}"); },
      [&] { return WriteFileAtomically(state, std::string(500, '\0')); },
      [&] { return WriteFileAtomically(tensors, ""); },
      [&] { return RemoveTree(tensors); },
  };
  for (const auto& damage : damages) {
    LIMBECK_ASSERT_OK(States().Save(Progress(5), model, Moments(model)));
    LIMBECK_ASSERT_OK(States().Save(Progress(7), model, Moments(model)));
    LIMBECK_ASSERT_OK(damage());
    EXPECT_EQ(RestoredStep(), 5);
    EXPECT_THAT(Names(), ElementsAre("step-000000000005"));
  }
}

TEST_F(TrainingState, NothingButDamageIsAnErrorAndStays) {
  Model model = TinyModel(1);
  AdamWState state = Moments(model);
  for (const int step : {5, 7}) {
    LIMBECK_ASSERT_OK(States().Save(Progress(step), model, state));
    DamageTensors(step);
  }
  EXPECT_THAT(States().Restore(model, state),
              IsError(StatusCode::kDataLoss, "no other state is whole"));
  EXPECT_EQ(Names().size(), 2u);
}

TEST_F(TrainingState, BehindADamagedOneAnotherRunIsRefused) {
  Model model = TinyModel(1);
  AdamWState state = Moments(model);
  LIMBECK_ASSERT_OK(States("f00d").Save(Progress(5), model, state));
  LIMBECK_ASSERT_OK(States("beef").Save(Progress(7), model, state));
  DamageTensors(7);
  EXPECT_THAT(States("beef").Restore(model, state),
              IsError(StatusCode::kFailedPrecondition, "is of the run f00d"));
  EXPECT_EQ(Names().size(), 2u);
}

TEST_F(TrainingState, CutsAndFlippedBitsOfTheManifestAreErrors) {
  Model model = TinyModel(1);
  AdamWState state = Moments(model);
  LIMBECK_ASSERT_OK(States().Save(Progress(5), model, state));
  const std::string path = JoinPath(Folder(5), "state.json");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(path));
  const auto restores = [&](const std::string& damaged) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
    return States().Restore(model, state).ok();
  };
  // Without its last line break the text is still whole.
  ForEachCut(absl::StripTrailingAsciiWhitespace(text),
             [&](const std::string& cut, size_t size) {
               ASSERT_FALSE(restores(cut)) << "cut at " << size;
             });
  // One bit of most bytes, another one from byte to byte.
  ForEachBitFlip(text, [&](const std::string& flipped, size_t bit) {
    if (bit % 11 != 0) return;
    ASSERT_FALSE(restores(flipped)) << "bit " << bit;
  });
  EXPECT_TRUE(restores(text));
}

TEST_F(TrainingState, OtherShapesAreRefused) {
  Model model = TinyModel(1, /*tied_head=*/true);
  AdamWState state = Moments(model);
  LIMBECK_ASSERT_OK(States().Save(Progress(5), model, state));
  Model other = TinyModel(1, /*tied_head=*/false);
  AdamWState other_state = Moments(other);
  EXPECT_THAT(States().Restore(other, other_state), testing::Not(IsOk()));
}

}  // namespace
}  // namespace limbeck
