#include "recipes/console/progress.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "recipes/console/terminal.h"

namespace limbeck {
namespace {

constexpr double kRateWindowSeconds = 30.0;
constexpr double kRateSampleSeconds = 0.1;
constexpr std::chrono::milliseconds kTick(250);
constexpr int kBarColumns = 20;

double ShareDone(const ProgressState& state) {
  if (state.total == 0) return 0;
  return std::min(
      1.0, static_cast<double>(state.done) / static_cast<double>(state.total));
}

std::string Bar(const ProgressState& state) {
  const int filled = static_cast<int>(ShareDone(state) * kBarColumns);
  return absl::StrCat(
      "[", std::string(static_cast<size_t>(filled), '='),
      std::string(static_cast<size_t>(kBarColumns - filled), '.'), "]");
}

std::string Amount(const ProgressState& state) {
  std::string text = absl::StrCat(state.done);
  if (state.total > 0) absl::StrAppend(&text, "/", state.total);
  if (!state.unit.empty()) {
    absl::StrAppend(&text, " ", EscapeForTerminal(state.unit));
  }
  return text;
}

std::string TimeLeft(const ProgressState& state) {
  if (state.total <= state.done || state.units_per_second <= 0) return "";
  return absl::StrCat(
      "eta ", FormatDuration(static_cast<double>(state.total - state.done) /
                             state.units_per_second));
}

std::string Join(const std::vector<std::string>& parts) {
  std::vector<std::string> present;
  for (const std::string& part : parts) {
    if (!part.empty()) present.push_back(part);
  }
  return absl::StrJoin(present, "  ");
}

// How far the stage is, in few columns.
std::string ShortAmount(const ProgressState& state) {
  if (state.total == 0) return FormatCount(static_cast<double>(state.done));
  return absl::StrFormat("%d%%", static_cast<int>(100.0 * ShareDone(state)));
}

}  // namespace

std::string RenderProgressLine(const ProgressState& state, int width) {
  const std::string number =
      absl::StrFormat("[%d/%d]", state.stage_number, state.num_stages);
  const std::string head =
      absl::StrFormat("[%d/%d %s]", state.stage_number, state.num_stages,
                      EscapeForTerminal(state.stage));
  const std::string phase = EscapeForTerminal(state.phase);
  const bool begun = !state.phase.empty() || state.done > 0;
  const std::string amount = begun ? Amount(state) : "";
  const std::string share = begun ? ShortAmount(state) : "";
  const std::string bar = state.total > 0 ? Bar(state) : "";
  const std::string rate =
      state.units_per_second > 0
          ? absl::StrCat(FormatCount(state.units_per_second), "/s")
          : "";
  const std::string detail = EscapeForTerminal(state.detail);
  const std::string left = TimeLeft(state);
  const std::string elapsed = FormatDuration(state.elapsed_seconds);
  for (const auto& parts : std::vector<std::vector<std::string>>{
           {head, phase, bar, amount, rate, detail, left, elapsed},
           {head, phase, amount, rate, detail, left, elapsed},
           {head, phase, amount, rate, left, elapsed},
           {head, phase, amount, left, elapsed},
           {head, amount, left, elapsed},
           {head, share, left, elapsed},
           {head, share, left},
           {number, share, left},
           {number, share}}) {
    const std::string line = Join(parts);
    if (TextWidth(line) <= width) return line;
  }
  return FitToWidth(Join({number, share}), width);
}

void RateEstimator::Add(double seconds, uint64_t done) {
  if (!samples_.empty() && done < samples_.back().done) samples_.clear();
  const size_t size = samples_.size();
  if (size >= 2 && seconds - samples_[size - 2].seconds < kRateSampleSeconds) {
    samples_.pop_back();  // a stage may report every record
  }
  samples_.push_back({seconds, done});
  while (samples_.size() > 2 &&
         seconds - samples_.front().seconds > kRateWindowSeconds) {
    samples_.pop_front();
  }
}

double RateEstimator::UnitsPerSecond() const {
  if (samples_.size() < 2) return 0;
  const double seconds = samples_.back().seconds - samples_.front().seconds;
  if (seconds <= 0) return 0;
  return static_cast<double>(samples_.back().done - samples_.front().done) /
         seconds;
}

ProgressDisplay::ProgressDisplay(Options options)
    : options_(std::move(options)), ticker_([this] { RunTicker(); }) {}

ProgressDisplay::~ProgressDisplay() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    ClearLiveLine();
  }
  wake_.notify_all();
  ticker_.join();
}

void ProgressDisplay::RunTicker() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kTick);
    if (!stopping_ && stage_active_) Show();
  }
}

double ProgressDisplay::SecondsSinceStart() const {
  return std::chrono::duration<double>(Clock::now() - stage_start_).count();
}

void ProgressDisplay::ClearLiveLine() {
  if (!live_line_shown_) return;
  options_.write("\r\x1b[K");  // carriage return, erase to the end of line
  live_line_shown_ = false;
}

void ProgressDisplay::Show() {
  state_.elapsed_seconds = SecondsSinceStart();
  state_.units_per_second = rate_.UnitsPerSecond();
  if (options_.mode == Mode::kLive) {
    options_.write(absl::StrCat(
        "\r", RenderProgressLine(state_, options_.width() - 1), "\x1b[K"));
    live_line_shown_ = true;
  } else if (options_.mode == Mode::kLines &&
             state_.elapsed_seconds - last_line_seconds_ >=
                 options_.seconds_between_lines) {
    last_line_seconds_ = state_.elapsed_seconds;
    options_.write(absl::StrCat(RenderProgressLine(state_, 1000), "\n"));
  }
}

void ProgressDisplay::StartStage(int number, int num_stages,
                                 absl::string_view name) {
  std::lock_guard<std::mutex> lock(mutex_);
  state_ = ProgressState();
  state_.stage_number = number;
  state_.num_stages = num_stages;
  state_.stage = std::string(name);
  rate_.Restart();
  stage_start_ = Clock::now();
  last_line_seconds_ = 0;
  stage_active_ = true;
}

void ProgressDisplay::FinishStage(absl::string_view outcome) {
  std::lock_guard<std::mutex> lock(mutex_);
  ClearLiveLine();
  stage_active_ = false;
  options_.write(absl::StrFormat(
      "[%d/%d %s] %s\n", state_.stage_number, state_.num_stages,
      EscapeForTerminal(state_.stage), EscapeForTerminal(outcome)));
}

void ProgressDisplay::Message(absl::string_view text) {
  std::lock_guard<std::mutex> lock(mutex_);
  ClearLiveLine();
  options_.write(absl::StrCat(EscapeForTerminal(text), "\n"));
}

void ProgressDisplay::Begin(absl::string_view phase, uint64_t total,
                            absl::string_view unit) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (state_.phase != phase || state_.unit != unit) {
    rate_.Restart();
    state_.done = 0;
  }
  state_.phase = std::string(phase);
  state_.total = total;
  state_.unit = std::string(unit);
}

void ProgressDisplay::SetDone(uint64_t done) {
  std::lock_guard<std::mutex> lock(mutex_);
  state_.done = done;
  rate_.Add(SecondsSinceStart(), done);
}

void ProgressDisplay::SetDetail(absl::string_view text) {
  std::lock_guard<std::mutex> lock(mutex_);
  state_.detail = std::string(text);
}

void ProgressDisplay::Warn(absl::string_view text) {
  std::lock_guard<std::mutex> lock(mutex_);
  ClearLiveLine();
  options_.write(absl::StrFormat(
      "[%d/%d %s] warning: %s\n", state_.stage_number, state_.num_stages,
      EscapeForTerminal(state_.stage), EscapeForTerminal(text)));
}

ProgressDisplay::Options StderrProgress() {
  ProgressDisplay::Options options;
  options.mode = IsTerminal(STDERR_FILENO) ? ProgressDisplay::Mode::kLive
                                           : ProgressDisplay::Mode::kLines;
  options.write = [](absl::string_view text) {
    WriteToDescriptor(STDERR_FILENO, text);
  };
  options.width = [] { return TerminalWidth(STDERR_FILENO); };
  return options;
}

}  // namespace limbeck
