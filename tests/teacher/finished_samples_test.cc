// What makes two generations the same work.
#include "teacher/finished_samples.h"

#include "data/base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

std::string WorkOf(const std::string& options) {
  Manifest manifest;
  manifest.set_stage_kind("generate");
  manifest.set_options(options);
  return WorkFingerprint(manifest, Teacher());
}

TEST(WorkFingerprint, LeavesOutHowManySamplesThereAre) {
  const std::string work = WorkOf("temperature: 0.6 top_p: 0.95");
  EXPECT_EQ(WorkOf("samples_per_problem: 4 temperature: 0.6 top_p: 0.95"),
            work);
  EXPECT_EQ(WorkOf("temperature: 0.6 rows: 32 top_p: 0.95 max_problems: 7"),
            work);
  EXPECT_EQ(WorkOf("samples_per_problem: 4\ntemperature: 0.6\nrows: 2\n"
                   "top_p: 0.95\n"),
            work);
}

TEST(WorkFingerprint, CoversEverythingElse) {
  const std::string work = WorkOf("temperature: 0.6 top_k: 4");
  EXPECT_NE(WorkOf("temperature: 0.6 top_k: 5"), work);
  EXPECT_NE(WorkOf("top_k: 4"), work);
  EXPECT_NE(WorkOf("note: \"rows: 3\""), WorkOf("note: \"rows: 4\""));
  EXPECT_NE(WorkOf("note: \"a\\\" rows: 3\""),
            WorkOf("note: \"a\\\" rows: 4\""));
  Manifest manifest;
  manifest.set_stage_kind("generate");
  manifest.set_seed(1);
  Teacher teacher;
  const std::string base = WorkFingerprint(manifest, teacher);
  teacher.set_revision("other weights");
  EXPECT_NE(WorkFingerprint(manifest, teacher), base);
  manifest.set_seed(2);
  EXPECT_NE(WorkFingerprint(manifest, Teacher()), base);
  manifest.set_seed(1);
  manifest.add_parents()->set_content_digest("abc");
  EXPECT_NE(WorkFingerprint(manifest, Teacher()), base);
}

TEST(ReadFinishedSamples, NothingThereIsNoError) {
  const TemporaryDirectory directory;
  LIMBECK_ASSERT_OK_AND_ASSIGN(
      const auto samples,
      ReadFinishedSamples(directory.path(), "work", Teacher()));
  EXPECT_TRUE(samples.empty());
}

}  // namespace
}  // namespace limbeck
