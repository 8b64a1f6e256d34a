// A training run that is killed or cancelled anywhere ends with the same bytes.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "distill/train_stage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/distill/train_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using absl::StatusCode;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

// Notes where training began and what it warned of.
struct WarningKeeper : ProgressSink {
  void Begin(absl::string_view, uint64_t, absl::string_view) override {}
  void SetDone(uint64_t step) override {
    if (!first_step) first_step = step;
  }
  void SetDetail(absl::string_view) override {}
  void Warn(absl::string_view text) override { texts.emplace_back(text); }

  std::optional<uint64_t> first_step;
  std::vector<std::string> texts;
};

// What a process killed after step k leaves is a copy of the folder then.
TEST_F(TrainStage, KilledAfterAnyStepItResumesBitByBit) {
  for (const bool top_k : {false, true}) {
    const TrainOptions options = top_k ? TopKOptions() : Options();
    const std::vector<StageInput> inputs =
        Inputs(top_k ? fixture_->signal_bins() : fixture_->bins());
    const std::string name = top_k ? "kd" : "sft";
    StageRun run = MakeTrainRun(options, inputs, Directory(name));
    StepWatcher watcher([&](uint64_t step) {
      CopyTree(run.directory, Directory(absl::StrCat(name, step)));
    });
    run.context.progress = &watcher;
    LIMBECK_ASSERT_OK(RunTrainStage(options, run));
    const auto expected = StableFiles(run.directory);
    EXPECT_THAT(expected, Contains(Key("/part-0000/manifest.textproto")));
    // Every step for one objective, a few for the other.
    for (int step = 0; step <= 12; step += top_k ? 4 : 1) {
      const std::string copy = Directory(absl::StrCat(name, step));
      LIMBECK_ASSERT_OK(
          RunTrainStage(options, MakeTrainRun(options, inputs, copy)));
      ASSERT_EQ(StableFiles(copy), expected) << "killed after step " << step;
    }
  }
}

TEST_F(TrainStage, ThreadsDoNotChangeAByte) {
  const int threads = at::get_num_threads();
  std::vector<std::map<std::string, std::string>> results;
  for (int count : {1, 2}) {
    at::set_num_threads(count);
    TrainOptions options = TopKOptions();
    options.set_epochs(0.7);  // six bins: the last step is smaller
    options.set_bins_per_step(5);
    const StageRun run =
        MakeTrainRun(options, Inputs(fixture_->signal_bins()),
                     Directory(absl::StrCat("threads", count)));
    LIMBECK_ASSERT_OK(RunTrainStage(options, run));
    results.push_back(StableFiles(run.directory));
  }
  at::set_num_threads(threads);
  EXPECT_EQ(results[0], results[1]);
}

TEST_F(TrainStage, CancelledAtAnyStepItResumesBitByBit) {
  const StageRun run = Run("undisturbed", Options());
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  StageRun stopped = Run("stopped", Options());
  // Cancelled again and again, each time one step further.
  for (uint64_t stop = 0; stop < 12; ++stop) {
    CancelToken cancel;
    StepWatcher watcher([&](uint64_t step) {
      if (step == stop) cancel.Cancel();
    });
    stopped.context.progress = &watcher;
    stopped.context.cancel = &cancel;
    ASSERT_THAT(RunTrainStage(Options(), stopped),
                IsError(StatusCode::kCancelled,
                        absl::StrCat("after step ", stop, " of 12")));
  }
  stopped.context = StageContext();
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), stopped));
  EXPECT_EQ(StableFiles(stopped.directory), StableFiles(run.directory));
}

TEST_F(TrainStage, KilledWhileSavingItResumesBitByBit) {
  StageRun run = Run("run", Options());
  const std::string copy = Directory("copy");
  StepWatcher watcher([&](uint64_t step) {
    if (step == 8) CopyTree(run.directory, copy);
  });
  run.context.progress = &watcher;
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  const std::string states = copy + "/part-0000/training_state";
  CopyTree(states + "/step-000000000005", states + "/partial");
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(states + "/partial/state.safetensors", "half"));
  LIMBECK_ASSERT_OK(MakeDirectories(copy + "/part-0000/checkpoint"));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(copy + "/part-0000/checkpoint/config.json", "{"));
  LIMBECK_ASSERT_OK(RunTrainStage(
      Options(), MakeTrainRun(Options(), Inputs(fixture_->bins()), copy)));
  EXPECT_EQ(StableFiles(copy), StableFiles(run.directory));
}

// What a disk did to the newest state costs steps, never the result.
TEST_F(TrainStage, DamagedNewestStateResumesFromTheOneBeforeBitByBit) {
  StageRun run = Run("run", Options());
  const std::string copy = Directory("copy");
  StepWatcher watcher([&](uint64_t step) {
    if (step == 11) CopyTree(run.directory, copy);
  });
  run.context.progress = &watcher;
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  const std::string states = copy + "/part-0000/training_state";
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names,
                               ListDirectory(states));
  ASSERT_THAT(names, ElementsAre("step-000000000005", "step-000000000010"));
  const std::string path =
      JoinPath(states, names.back() + "/state.safetensors");
  LIMBECK_ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(path));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, bytes));

  StageRun resumed = MakeTrainRun(Options(), Inputs(fixture_->bins()), copy);
  WarningKeeper warnings;
  resumed.context.progress = &warnings;
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), resumed));
  EXPECT_EQ(warnings.first_step, 5u);
  EXPECT_THAT(warnings.texts, ElementsAre(HasSubstr("step-000000000010")));
  EXPECT_EQ(StableFiles(copy), StableFiles(run.directory));
}

TEST_F(TrainStage, FinishedRunIsNotRepeated) {
  StageRun run = Run("run", Options());
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  const auto before = StableFiles(run.directory);
  StepWatcher watcher([](uint64_t) { FAIL() << "trained again"; });
  run.context.progress = &watcher;
  LIMBECK_ASSERT_OK(RunTrainStage(Options(), run));
  EXPECT_EQ(StableFiles(run.directory), before);
}

TEST_F(TrainStage, StateOfOtherOptionsIsRefused) {
  StageRun run = Run("run", Options());
  CancelToken cancel;
  cancel.Cancel();
  run.context.cancel = &cancel;
  ASSERT_THAT(RunTrainStage(Options(), run),
              IsError(StatusCode::kCancelled, "its state is saved"));
  TrainOptions other = Options();
  other.mutable_learning_rate()->set_peak(0.5);
  EXPECT_THAT(RunTrainStage(other, Run("run", other)),
              IsError(StatusCode::kFailedPrecondition, "is of the run"));
}

}  // namespace
}  // namespace limbeck
