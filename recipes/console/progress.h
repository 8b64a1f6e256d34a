// What a person sees while a recipe runs: one live line on a terminal, plain
// lines every few seconds elsewhere.
#ifndef LIMBECK_RECIPES_CONSOLE_PROGRESS_H_
#define LIMBECK_RECIPES_CONSOLE_PROGRESS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "data/stages/stage.h"

namespace limbeck {

// Everything the line shows.
struct ProgressState {
  int stage_number = 0;  // from 1
  int num_stages = 0;
  std::string stage;
  std::string phase;
  std::string unit;
  uint64_t done = 0;
  uint64_t total = 0;           // 0: unknown
  double units_per_second = 0;  // 0: unknown
  double elapsed_seconds = 0;   // of the stage
  std::string detail;           // "loss 1.234"
};

// One printable line of at most `width` columns, without line break. On a
// narrow terminal parts are left out: the bar, the detail, the rate and so on;
// how far the stage is and the time left go last.
std::string RenderProgressLine(const ProgressState& state, int width);

// Units per second over the last half minute, so that a resumed stage, whose
// counter starts high, is not taken for a fast one.
class RateEstimator {
 public:
  void Restart() { samples_.clear(); }
  void Add(double seconds, uint64_t done);
  double UnitsPerSecond() const;

 private:
  struct Sample {
    double seconds;
    uint64_t done;
  };
  std::deque<Sample> samples_;
};

// Shows the progress of one stage after another. Thread-safe; a thread of its
// own keeps the line alive between reports.
class ProgressDisplay : public ProgressSink {
 public:
  enum class Mode {
    kLive,    // rewrites one line in place
    kLines,   // a line now and then
    kSilent,  // messages only
  };
  struct Options {
    Mode mode = Mode::kLines;
    double seconds_between_lines = 5.0;
    std::function<void(absl::string_view)> write;  // receives whole pieces
    std::function<int()> width = [] { return 80; };
  };
  explicit ProgressDisplay(Options options);
  ~ProgressDisplay() override;

  void StartStage(int number, int num_stages, absl::string_view name);
  // Ends the live line and prints what became of the stage.
  void FinishStage(absl::string_view outcome);
  // Prints a line of its own, above the live one. Escapes it.
  void Message(absl::string_view text);

  void Begin(absl::string_view phase, uint64_t total,
             absl::string_view unit) override;
  void SetDone(uint64_t done) override;
  void SetDetail(absl::string_view text) override;
  // "[3/14 traces] warning: TEXT", in every mode.
  void Warn(absl::string_view text) override;

 private:
  using Clock = std::chrono::steady_clock;

  void RunTicker();
  double SecondsSinceStart() const;
  void ClearLiveLine();
  void Show();

  const Options options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  ProgressState state_;
  RateEstimator rate_;
  Clock::time_point stage_start_;
  double last_line_seconds_ = 0;
  bool stage_active_ = false;
  bool live_line_shown_ = false;
  bool stopping_ = false;
  std::thread ticker_;
};

// Options for standard error: live on a terminal, lines otherwise.
ProgressDisplay::Options StderrProgress();

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_PROGRESS_H_
