// What tests of the teacher's stages share: runs in fresh directories, sinks
// that note what they got, and a stop after so many samples.
#ifndef LIMBECK_TESTS_TEACHER_STAGE_FIXTURE_H_
#define LIMBECK_TESTS_TEACHER_STAGE_FIXTURE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/stages/stage.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "teacher/sampler.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {

// Cancels once `stop_at` samples are done.
class StoppingProgress : public ProgressSink {
 public:
  void Begin(absl::string_view, uint64_t total_samples,
             absl::string_view unit) override {
    total = total_samples;
    last_unit = std::string(unit);
  }
  void SetDone(uint64_t done) override {
    last_done = done;
    if (done >= stop_at) token.Cancel();
  }
  void SetDetail(absl::string_view text) override {
    last_detail = std::string(text);
  }

  uint64_t stop_at = UINT64_MAX;
  CancelToken token;
  uint64_t total = 0;
  uint64_t last_done = 0;
  std::string last_unit;
  std::string last_detail;
};

class CountingCost : public CostSink {
 public:
  void AddPromptTokens(uint64_t tokens) override { prompt += tokens; }
  void AddGeneratedTokens(uint64_t tokens) override { generated += tokens; }
  void AddTrainedTokens(uint64_t) override {}

  uint64_t prompt = 0;
  uint64_t generated = 0;
};

// Hands everything on and counts the requests.
class CountingSampler : public Sampler {
 public:
  explicit CountingSampler(Sampler& inner) : inner_(inner) {}

  SamplerCapabilities Capabilities() const override {
    return inner_.Capabilities();
  }
  Teacher Identity() const override { return inner_.Identity(); }
  absl::Status Submit(SampleRequest request) override {
    ++submitted;
    return inner_.Submit(std::move(request));
  }
  absl::StatusOr<std::vector<SampleResult>> Poll() override {
    return inner_.Poll();
  }
  void Cancel(uint64_t ticket) override { inner_.Cancel(ticket); }
  absl::Status PublishWeights(uint64_t version) override {
    return inner_.PublishWeights(version);
  }

  int submitted = 0;

 private:
  Sampler& inner_;
};

class TeacherStageTest : public ::testing::Test {
 protected:
  // A run of a stage in directory `name`, created when absent.
  template <typename Options>
  StageRun MakeRun(const std::string& name, const std::string& kind,
                   const Options& options, std::vector<StageInput> inputs) {
    StageRun run;
    run.identity.name = kind;
    run.identity.kind = kind;
    run.identity.seed = 5;
    google::protobuf::TextFormat::PrintToString(options, &run.identity.options);
    for (const StageInput& input : inputs) {
      run.identity.parents.emplace_back(input.name, input.content_digest);
    }
    run.inputs = std::move(inputs);
    run.directory = directory_.File(name);
    LIMBECK_EXPECT_OK(MakeDirectories(run.directory));
    return run;
  }

  // The only file below the directory that ends in ".journal".
  static std::string FindJournal(const std::string& directory) {
    std::string found;
    const auto names = ListDirectory(directory);
    EXPECT_THAT(names, IsOk());
    for (const std::string& name : *names) {
      const std::string path = JoinPath(directory, name);
      if (IsDirectory(path)) {
        const std::string inner = FindJournal(path);
        if (!inner.empty()) found = inner;
      } else if (name.size() > 8 &&
                 name.substr(name.size() - 8) == ".journal") {
        found = path;
      }
    }
    return found;
  }

  TemporaryDirectory directory_;
};

}  // namespace limbeck

#endif  // LIMBECK_TESTS_TEACHER_STAGE_FIXTURE_H_
