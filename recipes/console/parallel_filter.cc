// RunParallelLineFilter: many lines at once, answers in their order.
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "data/base/status_macros.h"
#include "data/base/thread_pool.h"
#include "recipes/console/jsonl_filter.h"

namespace limbeck {
namespace {

// The lines between reader and writer, the oldest first.
class AnswerQueue {
 public:
  explicit AnswerQueue(size_t capacity) : capacity_(capacity) {}

  // A place for the next line; waits while the queue is full. nullptr when the
  // output has failed.
  std::shared_ptr<std::optional<std::string>> Append() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return places_.size() < capacity_ || failed(); });
    if (failed()) return nullptr;
    places_.push_back(std::make_shared<std::optional<std::string>>());
    ++lines_;
    return places_.back();
  }

  // Fills a place and writes all answers that have nothing to wait for.
  void Fill(std::optional<std::string>& place, std::string answer, bool bad) {
    const std::lock_guard<std::mutex> lock(mutex_);
    place = std::move(answer);
    if (bad) ++errors_;
    while (!places_.empty() && places_.front()->has_value()) {
      if (!failed()) written_ = WriteToStandardOutput(**places_.front());
      places_.pop_front();
    }
    changed_.notify_all();
  }

  // Waits for the last answer.
  absl::Status Finish() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return places_.empty(); });
    LIMBECK_RETURN_IF_ERROR(written_);
    return CountedErrors(errors_, lines_);
  }

 private:
  bool failed() const { return !written_.ok(); }

  const size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<std::optional<std::string>>> places_;
  uint64_t lines_ = 0;
  uint64_t errors_ = 0;
  absl::Status written_;
};

}  // namespace

absl::Status RunParallelLineFilter(const std::string& input, int workers,
                                   const FilterLine& function) {
  JsonlOptions options;
  options.deliver_blank_lines = true;  // each line has its answer
  options.accept_streams = true;
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader,
                           JsonlReader::Open(input, options));
  AnswerQueue queue(2 * static_cast<size_t>(workers));
  ThreadPool pool(workers);
  while (true) {
    JsonlLine line;
    absl::StatusOr<bool> more = reader->Next(&line);
    if (!more.ok() || !*more) {
      const absl::Status finished = queue.Finish();
      return more.ok() ? finished : more.status();
    }
    const std::shared_ptr<std::optional<std::string>> place = queue.Append();
    if (place == nullptr) return queue.Finish();
    absl::StatusOr<Json> parsed = ParseFilterLine(*reader, line);
    pool.Schedule([&queue, &function, place, parsed = std::move(parsed)] {
      const absl::StatusOr<Json> answer =
          parsed.ok() ? function(*parsed) : parsed;
      queue.Fill(*place, FormatFilterAnswer(parsed, answer), !answer.ok());
    });
  }
}

}  // namespace limbeck
