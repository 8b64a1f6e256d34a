// Metric lines are exact, cut on resume, and TensorBoard's files are framed as
// its readers expect.
#include "distill/metrics.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "data/record/tfrecord.h"
#include "distill/tensorboard.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

StepResult Applied(double loss) {
  StepResult result;
  result.loss = loss;
  result.gradient_norm = 2.0;
  result.clip_factor = 0.5;
  result.tokens = 100;
  result.loss_tokens = 70;
  result.applied = true;
  return result;
}

std::string Text(const std::string& path) {
  auto text = ReadFile(path);
  EXPECT_THAT(text, IsOk());
  return text.value_or("");
}

TEST(Metrics, LinesAreAsDocumented) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(auto metrics,
                               MetricsLog::Open(directory.path(), {}));
  Evaluation evaluation;
  evaluation.cross_entropy = 1.25;
  evaluation.loss = 0.75;
  evaluation.forward_kl = 0.5;
  evaluation.loss_tokens = 9;
  LIMBECK_ASSERT_OK(metrics->WriteEvaluation(0, evaluation));
  LIMBECK_ASSERT_OK(metrics->WriteStep(1, 0.125, Applied(3.5), {2.0, 0.5}));
  StepResult skipped;
  skipped.loss = std::numeric_limits<double>::quiet_NaN();
  skipped.culprits = {"bin 3"};
  LIMBECK_ASSERT_OK(metrics->WriteStep(2, 0.25, skipped, {}));
  EXPECT_EQ(Text(directory.File("metrics.jsonl")),
            "{\"step\":0,\"held_out_cross_entropy\":1.25,"
            "\"held_out_loss\":0.75,\"held_out_forward_kl\":0.5,"
            "\"held_out_loss_tokens\":9}\n"
            "{\"step\":1,\"loss\":3.5,\"tokens\":100,\"loss_tokens\":70,"
            "\"gradient_norm\":2.0,\"clip_factor\":0.5,"
            "\"learning_rate\":0.125,\"skipped\":false}\n"
            "{\"step\":2,\"loss\":null,\"tokens\":0,\"loss_tokens\":0,"
            "\"gradient_norm\":0.0,\"clip_factor\":1.0,"
            "\"learning_rate\":0.25,\"skipped\":true,"
            "\"culprits\":[\"bin 3\"]}\n");
  EXPECT_THAT(Text(directory.File("timing.jsonl")),
              testing::HasSubstr("\"tokens_per_second\":50.0"));
}

TEST(Metrics, ResumeCutsWhatCameAfterTheState) {
  const TemporaryDirectory directory;
  MetricsPosition position;
  {
    LIMBECK_ASSERT_OK_AND_ASSIGN(auto metrics,
                                 MetricsLog::Open(directory.path(), {}));
    LIMBECK_ASSERT_OK(metrics->WriteStep(1, 0.5, Applied(3.0), {}));
    LIMBECK_ASSERT_OK_AND_ASSIGN(position.bytes, metrics->Sync());
    position.step = 1;
    LIMBECK_ASSERT_OK(metrics->WriteStep(2, 0.5, Applied(2.0), {}));
  }
  const std::string before = Text(directory.File("metrics.jsonl"));
  LIMBECK_ASSERT_OK_AND_ASSIGN(auto metrics,
                               MetricsLog::Open(directory.path(), position));
  EXPECT_EQ(Text(directory.File("metrics.jsonl")),
            before.substr(0, position.bytes));
  LIMBECK_ASSERT_OK(metrics->WriteStep(2, 0.5, Applied(2.0), {}));
  EXPECT_EQ(Text(directory.File("metrics.jsonl")), before);
}

TEST(Metrics, FileShorterThanTheStateIsRefused) {
  const TemporaryDirectory directory;
  EXPECT_THAT(MetricsLog::Open(directory.path(), {3, 100}),
              IsError(absl::StatusCode::kDataLoss, "100"));
}

std::vector<tensorboard::Event> Events(const std::string& path) {
  std::vector<tensorboard::Event> events;
  auto reader = TfRecordReader::Open(path);
  EXPECT_THAT(reader, IsOk());
  if (!reader.ok()) return events;
  absl::string_view record;
  while ((*reader)->Next(&record).value_or(false)) {
    EXPECT_TRUE(events.emplace_back().ParseFromString(std::string(record)));
  }
  return events;
}

TEST(EventLog, FileHoldsVersionStartAndScalars) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(auto log, EventLog::Open(directory.path(), 6));
  LIMBECK_ASSERT_OK(log->Write(7, {{"train/loss", 1.5}, {"b", 2.0}}));
  const std::vector<tensorboard::Event> events =
      Events(directory.File("events.out.tfevents.000000.limbeck"));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].session_log().status(), tensorboard::SessionLog::START);
  EXPECT_EQ(events[1].step(), 7);
  EXPECT_EQ(events[2].step(), 7);
  ASSERT_EQ(events[2].summary().value_size(), 2);
  EXPECT_EQ(events[2].summary().value(0).tag(), "train/loss");
  EXPECT_EQ(events[2].summary().value(0).simple_value(), 1.5f);
}

TEST(EventLog, EachProcessWritesItsOwnFile) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK(EventLog::Open(directory.path(), 0).status());
  LIMBECK_ASSERT_OK(EventLog::Open(directory.path(), 4).status());
  EXPECT_EQ(
      Events(directory.File("events.out.tfevents.000001.limbeck"))[1].step(),
      5);
}

}  // namespace
}  // namespace limbeck
