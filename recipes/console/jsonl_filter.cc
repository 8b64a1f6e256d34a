#include "recipes/console/jsonl_filter.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

// One line of a batch: parsed, or why not.
using Line = absl::StatusOr<Json>;

// Waits for one line, then takes those that have come with it.
absl::StatusOr<std::vector<Line>> ReadBatch(JsonlReader& reader,
                                            int max_batch) {
  std::vector<Line> batch;
  while (static_cast<int>(batch.size()) < max_batch) {
    if (!batch.empty() && !reader.HasBufferedLine()) break;
    JsonlLine line;
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader.Next(&line));
    if (!more) break;
    batch.push_back(ParseFilterLine(reader, line));
  }
  return batch;
}

// Number of bad lines of the batch.
absl::StatusOr<uint64_t> AnswerBatch(const FilterRun& run,
                                     const std::vector<Line>& batch) {
  std::vector<Json> good;
  for (const Line& line : batch) {
    if (line.ok()) good.push_back(*line);
  }
  std::vector<absl::StatusOr<Json>> answers;
  if (!good.empty()) answers = run.function(good);
  LIMBECK_CHECK_EQ(answers.size(), good.size());
  uint64_t errors = 0;
  size_t next = 0;
  for (const Line& line : batch) {
    const absl::StatusOr<Json>& answer = line.ok() ? answers[next++] : line;
    if (!answer.ok()) ++errors;
    LIMBECK_RETURN_IF_ERROR(run.write(FormatFilterAnswer(line, answer)));
  }
  return errors;
}

}  // namespace

absl::StatusOr<Json> ParseFilterLine(const JsonlReader& reader,
                                     const JsonlLine& line) {
  if (!line.too_long() && absl::StripAsciiWhitespace(line.text).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", line.number, ": empty line"));
  }
  LIMBECK_ASSIGN_OR_RETURN(Json json, ParseJsonlLine(reader, line));
  if (json.is_object()) return json;
  return absl::InvalidArgumentError(
      absl::StrCat(reader.path(), ", line ", line.number,
                   ": expected an object, found ", JsonKindName(json.kind())));
}

std::string FormatFilterAnswer(const absl::StatusOr<Json>& line,
                               const absl::StatusOr<Json>& answer) {
  Json out = Json::Object();
  if (line.ok()) {
    const Json* id = line->Find("id");
    if (id != nullptr) out.Set("id", *id);
  }
  if (answer.ok()) {
    for (const JsonMember& member : answer->object()) {
      out.Set(member.first, member.second);
    }
  } else {
    out.Set("error", answer.status().message());
  }
  return absl::StrCat(WriteJson(out), "\n");
}

absl::Status CountedErrors(uint64_t errors, uint64_t lines) {
  if (errors == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(errors, " of ", lines, " lines had an error"));
}

absl::Status RunFilter(const FilterRun& run) {
  LIMBECK_CHECK_GE(run.max_batch, 1);
  JsonlOptions options;
  options.deliver_blank_lines = true;  // each line has its answer
  options.accept_streams = true;
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader,
                           JsonlReader::Open(run.input, options));
  uint64_t lines = 0;
  uint64_t errors = 0;
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(const std::vector<Line> batch,
                             ReadBatch(*reader, run.max_batch));
    if (batch.empty()) break;
    LIMBECK_ASSIGN_OR_RETURN(const uint64_t bad, AnswerBatch(run, batch));
    lines += batch.size();
    errors += bad;
  }
  return CountedErrors(errors, lines);
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
