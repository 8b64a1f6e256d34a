// The progress line, and how it is shown.
#include "recipes/console/progress.h"

#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipes/console/terminal.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ProgressState Sampling() {
  ProgressState state;
  state.stage_number = 3;
  state.num_stages = 14;
  state.stage = "traces";
  state.phase = "sampling";
  state.unit = "samples";
  state.done = 512;
  state.total = 1024;
  state.units_per_second = 32;
  state.elapsed_seconds = 31;
  state.detail = "1.2k tokens/s";
  return state;
}

TEST(ProgressLine, ShowsEverything) {
  EXPECT_EQ(RenderProgressLine(Sampling(), 200),
            "[3/14 traces]  sampling  [==========..........]  512/1024 samples"
            "  32/s  1.2k tokens/s  eta 0:16  0:31");
}

TEST(ProgressLine, NeverWiderThanTheTerminal) {
  for (int width = 1; width < 140; ++width) {
    EXPECT_LE(TextWidth(RenderProgressLine(Sampling(), width)), width);
  }
}

TEST(ProgressLine, BarGoesBeforeDetail) {
  EXPECT_THAT(RenderProgressLine(Sampling(), 100), Not(HasSubstr("[=")));
  EXPECT_THAT(RenderProgressLine(Sampling(), 100), HasSubstr("tokens/s"));
  EXPECT_THAT(RenderProgressLine(Sampling(), 70), HasSubstr("eta 0:16"));
}

TEST(ProgressLine, NarrowTerminalKeepsWhatCounts) {
  ProgressState state = Sampling();
  state.stage = "student_distilled";
  EXPECT_EQ(RenderProgressLine(state, 79),
            "[3/14 student_distilled]  sampling  512/1024 samples  32/s  eta "
            "0:16  0:31");
  EXPECT_EQ(RenderProgressLine(state, 70),
            "[3/14 student_distilled]  sampling  512/1024 samples  eta 0:16  "
            "0:31");
  EXPECT_EQ(RenderProgressLine(state, 60),
            "[3/14 student_distilled]  512/1024 samples  eta 0:16  0:31");
  EXPECT_EQ(RenderProgressLine(state, 50),
            "[3/14 student_distilled]  50%  eta 0:16  0:31");
  EXPECT_EQ(RenderProgressLine(state, 40),
            "[3/14 student_distilled]  50%  eta 0:16");
  EXPECT_EQ(RenderProgressLine(state, 30), "[3/14]  50%  eta 0:16");
  EXPECT_EQ(RenderProgressLine(state, 12), "[3/14]  50%");
  EXPECT_EQ(RenderProgressLine(state, 8), "[3/14] ~");
}

TEST(ProgressLine, UnknownTotalHasNoBarAndNoEta) {
  ProgressState state = Sampling();
  state.total = 0;
  EXPECT_EQ(RenderProgressLine(state, 200),
            "[3/14 traces]  sampling  512 samples  32/s  1.2k tokens/s  0:31");
}

TEST(ProgressLine, MoreDoneThanTotalIsFull) {
  ProgressState state = Sampling();
  state.done = 2000;
  EXPECT_THAT(RenderProgressLine(state, 200),
              HasSubstr("[====================]  2000/1024"));
}

TEST(ProgressLine, TextFromStagesIsEscaped) {
  ProgressState state = Sampling();
  state.detail = "\x1b[2J";
  EXPECT_THAT(RenderProgressLine(state, 200), HasSubstr("\\x1b[2J"));
}

TEST(RateEstimator, ResumedCounterIsNoSpeed) {
  RateEstimator rate;
  rate.Add(0.0, 1000000);  // found on disk
  EXPECT_EQ(rate.UnitsPerSecond(), 0);
  rate.Add(1.0, 1000010);
  rate.Add(2.0, 1000020);
  EXPECT_DOUBLE_EQ(rate.UnitsPerSecond(), 10);
}

TEST(RateEstimator, ForgetsTheDistantPast) {
  RateEstimator rate;
  for (int second = 0; second <= 100; ++second) rate.Add(second, second);
  for (int second = 101; second <= 140; ++second) rate.Add(second, 100);
  EXPECT_DOUBLE_EQ(rate.UnitsPerSecond(), 0);
}

// Collects what a display writes.
class Written {
 public:
  ProgressDisplay::Options Options(ProgressDisplay::Mode mode) {
    ProgressDisplay::Options options;
    options.mode = mode;
    options.seconds_between_lines = 0;
    options.write = [this](absl::string_view text) {
      std::lock_guard<std::mutex> lock(mutex_);
      text_.append(text.data(), text.size());
      if (text_.find("5/10") != std::string::npos) seen_ = true;
    };
    return options;
  }
  std::string text() {
    std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }
  bool WaitForHalf() {
    for (int i = 0; i < 500; ++i) {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (seen_) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::string text_;
  bool seen_ = false;
};

TEST(ProgressDisplay, PlainLinesHaveNoControlCharacters) {
  Written written;
  {
    ProgressDisplay display(written.Options(ProgressDisplay::Mode::kLines));
    display.StartStage(1, 2, "pack");
    display.Begin("packing", 10, "bins");
    display.SetDone(5);
    EXPECT_TRUE(written.WaitForHalf());
    display.FinishStage("done");
  }
  const std::string text = written.text();
  EXPECT_THAT(text, HasSubstr("[1/2 pack]  packing"));
  EXPECT_THAT(text, HasSubstr("[1/2 pack] done\n"));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(ProgressDisplay, LiveLineIsErasedBeforeMessages) {
  Written written;
  {
    ProgressDisplay display(written.Options(ProgressDisplay::Mode::kLive));
    display.StartStage(1, 2, "pack");
    display.Begin("packing", 10, "bins");
    display.SetDone(5);
    EXPECT_TRUE(written.WaitForHalf());
    display.Message("bad \x07 thing");
  }
  EXPECT_THAT(written.text(), HasSubstr("\x1b[K\r\x1b[Kbad \\x07 thing\n"));
}

TEST(ProgressDisplay, WarningsStayInEveryMode) {
  using Mode = ProgressDisplay::Mode;
  for (const Mode mode : {Mode::kLive, Mode::kLines, Mode::kSilent}) {
    Written written;
    {
      ProgressDisplay display(written.Options(mode));
      display.StartStage(4, 9, "filtered");
      ProgressSink& sink = display;
      sink.Warn("95 of 100 traces were rejected:\n\x1b[2J");
      display.FinishStage("done");
    }
    EXPECT_THAT(written.text(),
                HasSubstr("[4/9 filtered] warning: 95 of 100 traces were "
                          "rejected:\\n\\x1b[2J\n"));
  }
}

}  // namespace
}  // namespace limbeck
