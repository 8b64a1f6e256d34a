// Everything a training stage takes as input, on disk, and its results.
#ifndef LIMBECK_TESTS_DISTILL_TRAIN_FIXTURE_H_
#define LIMBECK_TESTS_DISTILL_TRAIN_FIXTURE_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/records.pb.h"
#include "data/stages/stage.h"
#include "distill/options.pb.h"
#include "gtest/gtest.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {

// A folder with a tokenizer and packed artefacts, made once for all tests.
class TrainFixture {
 public:
  TrainFixture();

  const std::string& path() const { return directory_.path(); }
  const std::string& fingerprint() const { return fingerprint_; }

  StageInput tokenizer() const { return tokenizer_; }
  StageInput other_tokenizer() const { return other_tokenizer_; }
  StageInput bins() const { return bins_; }                // 8 bins
  StageInput signal_bins() const { return signal_bins_; }  // with top-k
  StageInput held_out() const { return held_out_; }        // 3 bins

 private:
  TemporaryDirectory directory_;
  std::string fingerprint_;
  StageInput tokenizer_;
  StageInput other_tokenizer_;
  StageInput bins_;
  StageInput signal_bins_;
  StageInput held_out_;
};

// Tests of the stage share the inputs; each has a directory of its own.
class TrainStage : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  // 3 epochs over 8 bins, two bins a step: 12 steps.
  static TrainOptions Options();
  static TrainOptions TopKOptions();
  static std::vector<StageInput> Inputs(const StageInput& bins);

  std::string Directory(const std::string& name) const;
  // A run with the plain bins.
  StageRun Run(const std::string& name, const TrainOptions& options) const;
  // A finished training artefact as the input of another stage.
  StageInput Finished(const StageRun& run, const std::string& name) const;

  static TrainFixture* fixture_;
  TemporaryDirectory directory_;
};

// A run of the stage in `directory` (created).
StageRun MakeTrainRun(const TrainOptions& options,
                      const std::vector<StageInput>& inputs,
                      const std::string& directory);

// Calls back after every finished step.
class StepWatcher : public ProgressSink {
 public:
  explicit StepWatcher(std::function<void(uint64_t)> on_step)
      : on_step_(std::move(on_step)) {}
  void Begin(absl::string_view, uint64_t, absl::string_view) override {}
  void SetDone(uint64_t step) override { on_step_(step); }
  void SetDetail(absl::string_view) override {}

 private:
  std::function<void(uint64_t)> on_step_;
};

// The files that must not differ between two runs, by relative path.
std::map<std::string, std::string> StableFiles(const std::string& directory);

void CopyTree(const std::string& from, const std::string& to);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DISTILL_TRAIN_FIXTURE_H_
