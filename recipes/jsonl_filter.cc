#include "recipes/jsonl_filter.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;

// One line of a batch: parsed, or why not.
struct Line {
  uint64_t number = 0;
  absl::StatusOr<Json> json = absl::UnknownError("");
};

absl::StatusOr<Json> ParseLine(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("the line is empty");
  LIMBECK_ASSIGN_OR_RETURN(Json json, ParseJson(text));
  if (json.is_object()) return json;
  return absl::InvalidArgumentError(
      absl::StrCat("expected an object, found ", JsonKindName(json.kind())));
}

// The answer with the line's id in front.
std::string FormatAnswer(const Line& line, const absl::StatusOr<Json>& answer) {
  Json out = Json::Object();
  if (line.json.ok()) {
    const Json* id = line.json->Find("id");
    if (id != nullptr) out.Set("id", *id);
  }
  if (answer.ok()) {
    for (const JsonMember& member : answer->object()) {
      out.Set(member.first, member.second);
    }
  } else {
    out.Set("error", absl::StrCat("line ", line.number, ": ",
                                  answer.status().message()));
  }
  return absl::StrCat(WriteJson(out), "\n");
}

// Waits for one line, then takes those that are there already.
absl::StatusOr<std::vector<Line>> ReadBatch(LineSource& source, int max_batch,
                                            uint64_t& line_number) {
  std::vector<Line> batch;
  while (static_cast<int>(batch.size()) < max_batch) {
    if (!batch.empty() && !source.HasLineNow()) break;
    std::string text;
    const absl::StatusOr<bool> more = source.Next(&text);
    if (!more.ok() && !absl::IsResourceExhausted(more.status())) {
      return more.status();
    }
    if (more.ok() && !*more) break;
    Line line;
    line.number = ++line_number;
    line.json = more.ok() ? ParseLine(text) : more.status();
    batch.push_back(std::move(line));
  }
  return batch;
}

// Number of bad lines of the batch.
absl::StatusOr<uint64_t> AnswerBatch(const FilterRun& run,
                                     const std::vector<Line>& batch) {
  std::vector<Json> good;
  for (const Line& line : batch) {
    if (line.json.ok()) good.push_back(*line.json);
  }
  std::vector<absl::StatusOr<Json>> answers;
  if (!good.empty()) answers = run.function(good);
  LIMBECK_CHECK_EQ(answers.size(), good.size());
  uint64_t errors = 0;
  size_t next = 0;
  for (const Line& line : batch) {
    const absl::StatusOr<Json>& answer =
        line.json.ok() ? answers[next++] : line.json;
    if (!answer.ok()) ++errors;
    LIMBECK_RETURN_IF_ERROR(run.write(FormatAnswer(line, answer)));
  }
  return errors;
}

absl::Status FilterDescriptor(const FilterRun& run, int descriptor) {
  LineSource source(descriptor);
  uint64_t lines = 0;
  uint64_t errors = 0;
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(const std::vector<Line> batch,
                             ReadBatch(source, run.max_batch, lines));
    if (batch.empty()) break;
    LIMBECK_ASSIGN_OR_RETURN(const uint64_t bad, AnswerBatch(run, batch));
    errors += bad;
  }
  if (errors == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(errors, " of ", lines, " lines had an error"));
}

}  // namespace

absl::StatusOr<bool> LineSource::Fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  const size_t old_size = buffer_.size();
  buffer_.resize(old_size + kReadBytes);
  absl::StatusOr<size_t> bytes =
      ReadSome(descriptor_, buffer_.data() + old_size, kReadBytes, "input");
  buffer_.resize(old_size + (bytes.ok() ? *bytes : 0));
  if (!bytes.ok()) return bytes.status();
  at_end_ = *bytes == 0;
  return !at_end_;
}

absl::StatusOr<bool> LineSource::Next(std::string* line) {
  uint64_t dropped = 0;
  while (true) {
    const size_t found = buffer_.find('\n', scanned_);
    if (found != std::string::npos) {
      line->assign(buffer_, begin_, found - begin_);
      begin_ = scanned_ = found + 1;
      break;
    }
    scanned_ = buffer_.size();
    if (scanned_ - begin_ > max_line_bytes_) {
      dropped += scanned_ - begin_;
      begin_ = scanned_;
    }
    LIMBECK_ASSIGN_OR_RETURN(const bool more, Fill());
    if (more) continue;
    if (begin_ == buffer_.size() && dropped == 0) return false;
    line->assign(buffer_, begin_, std::string::npos);
    begin_ = scanned_ = buffer_.size();
    break;
  }
  if (!line->empty() && line->back() == '\r') line->pop_back();
  if (dropped == 0 && line->size() <= max_line_bytes_) return true;
  return absl::ResourceExhaustedError(
      absl::StrCat("the line has ", dropped + line->size(), " bytes, at most ",
                   max_line_bytes_, " are read"));
}

bool LineSource::HasLineNow() {
  while (buffer_.find('\n', scanned_) == std::string::npos) {
    scanned_ = buffer_.size();
    if (at_end_) return begin_ < buffer_.size();
    if (scanned_ - begin_ > max_line_bytes_) return true;
    pollfd ready = {descriptor_, POLLIN, 0};
    if (poll(&ready, 1, 0) <= 0) return false;
    if (!Fill().ok()) return true;  // Next reports it
  }
  return true;
}

absl::Status RunFilter(const FilterRun& run) {
  LIMBECK_CHECK_GE(run.max_batch, 1);
  if (run.input == "-") return FilterDescriptor(run, STDIN_FILENO);
  LIMBECK_ASSIGN_OR_RETURN(const int descriptor, OpenForReading(run.input));
  const ScopedDescriptor scoped(descriptor);
  return FilterDescriptor(run, scoped.get());
}

absl::Status RunLineFilter(const std::string& input,
                           const FilterLine& function) {
  FilterRun run;
  run.input = input;
  run.function = [&](const std::vector<Json>& lines) {
    std::vector<absl::StatusOr<Json>> answers;
    for (const Json& line : lines) answers.push_back(function(line));
    return answers;
  };
  run.write = WriteToStandardOutput;
  return RunFilter(run);
}

absl::Status WriteToStandardOutput(absl::string_view text) {
  return WriteAll(STDOUT_FILENO, text, "standard output");
}

absl::StatusOr<std::vector<int32_t>> GetIds(const Json& line,
                                            absl::string_view key) {
  const Json* list = line.Find(key);
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", key, "\" is ",
                     list == nullptr ? "missing" : JsonKindName(list->kind()),
                     ", expected an array of token ids"));
  }
  std::vector<int32_t> ids;
  ids.reserve(list->array().size());
  for (const Json& item : list->array()) {
    if (item.kind() != Json::Kind::kInt || item.integer() < 0 ||
        item.integer() > INT32_MAX) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", key, "\"[", ids.size(), "] is ", WriteJson(item),
                       ", expected an id of 0 to 2147483647"));
    }
    ids.push_back(static_cast<int32_t>(item.integer()));
  }
  return ids;
}

}  // namespace limbeck
