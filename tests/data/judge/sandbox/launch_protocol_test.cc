// Plans and reports between the two processes.
#include "data/judge/sandbox/launch_protocol.h"

#include <string>

#include "gtest/gtest.h"

namespace limbeck {
namespace {

LaunchPlan SomePlan() {
  LaunchPlan plan;
  plan.level = LaunchLevel::kNamespaces;
  plan.argv = {"/bin/cat", ""};
  plan.environment = {"A=1"};
  plan.files = {{"a", std::string(3, '\0'), true}, {"b", "", false}};
  plan.collect = {"c"};
  plan.read_only_folders = {"/opt"};
  plan.scratch_directory = "/tmp";
  plan.filter = "\xff\x01";
  plan.cpu_nanoseconds = 1;
  plan.wall_nanoseconds = UINT64_MAX;
  plan.processes = 3;
  plan.side_channel = true;
  return plan;
}

TEST(LaunchProtocol, PlanSurvives) {
  const std::string bytes = EncodePlan(SomePlan());
  LaunchPlan plan;
  ASSERT_TRUE(DecodePlan(bytes, plan));
  EXPECT_EQ(EncodePlan(plan), bytes);
  EXPECT_EQ(plan.argv, SomePlan().argv);
  EXPECT_EQ(plan.files[0].content, std::string(3, '\0'));
  EXPECT_TRUE(plan.files[0].executable);
  EXPECT_EQ(plan.wall_nanoseconds, UINT64_MAX);
}

TEST(LaunchProtocol, ReportSurvives) {
  LaunchReport report;
  report.failure = "no";
  report.stop = LaunchStop::kWall;
  report.collected = {{"name", "content"}};
  report.peak_bytes = 7;
  report.waited_nanoseconds = 8;
  LaunchReport decoded;
  ASSERT_TRUE(DecodeReport(EncodeReport(report), decoded));
  EXPECT_EQ(EncodeReport(decoded), EncodeReport(report));
  EXPECT_EQ(decoded.collected, report.collected);
}

TEST(LaunchProtocol, CutMessagesAreRefused) {
  const std::string bytes = EncodePlan(SomePlan());
  for (size_t size = 0; size < bytes.size(); ++size) {
    LaunchPlan plan;
    EXPECT_FALSE(DecodePlan(bytes.substr(0, size), plan)) << size;
  }
  LaunchPlan plan;
  EXPECT_FALSE(DecodePlan(bytes + "x", plan));
}

// Lengths that promise more than there is end at once, without memory.
TEST(LaunchProtocol, FlippedBitsDoNoHarm) {
  const std::string bytes = EncodePlan(SomePlan());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    LaunchPlan plan;
    const bool whole = DecodePlan(flipped, plan);
    EXPECT_LE(whole ? plan.argv.size() : 0, bytes.size());
  }
}

}  // namespace
}  // namespace limbeck
