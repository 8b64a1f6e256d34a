#include "data/record/jsonl.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
// Keeps sums of sizes far from overflow; no line in memory gets there.
constexpr uint64_t kLongestLine = uint64_t{1} << 40;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

absl::StatusOr<std::unique_ptr<JsonlReader>> JsonlReader::Open(
    const std::string& path, const JsonlOptions& options) {
  if (path == "-") {
    // A copy, so that closing ours leaves the program's own open.
    const int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (input < 0) return SystemError("open", "standard input");
    return absl::WrapUnique(new JsonlReader("standard input", input, options));
  }
  LIMBECK_ASSIGN_OR_RETURN(const int descriptor, options.accept_streams
                                                     ? OpenStream(path)
                                                     : OpenForReading(path));
  return absl::WrapUnique(new JsonlReader(path, descriptor, options));
}

JsonlReader::JsonlReader(std::string path, int descriptor,
                         const JsonlOptions& options)
    : path_(std::move(path)),
      descriptor_(descriptor),
      max_line_bytes_(std::min(options.max_line_bytes, kLongestLine)),
      deliver_blank_lines_(options.deliver_blank_lines) {}

absl::Status JsonlReader::Refill() {
  buffer_.resize(kBufferBytes);
  buffer_used_ = 0;
  LIMBECK_ASSIGN_OR_RETURN(
      const size_t count,
      ReadSome(descriptor_.get(), buffer_.data(), buffer_.size(), path_));
  buffer_.resize(count);
  at_end_ = count == 0;
  return absl::OkStatus();
}

// The bytes up to the next line feed or the end of the file, cut to one byte
// more than the limit: that byte can be the carriage return of a line end.
absl::StatusOr<bool> JsonlReader::NextRaw(JsonlLine* line) {
  line_.clear();
  line->byte_offset = offset_;
  line->bytes = 0;
  bool any = false;
  bool found = false;
  while (!found) {
    if (buffer_used_ == buffer_.size()) LIMBECK_RETURN_IF_ERROR(Refill());
    if (at_end_) break;
    any = true;
    const absl::string_view rest =
        absl::string_view(buffer_).substr(buffer_used_);
    const size_t end = std::min(rest.find('\n'), rest.size());
    found = end < rest.size();
    const uint64_t room = max_line_bytes_ + 1 - line_.size();
    line_.append(rest.data(), std::min<uint64_t>(end, room));
    line->bytes += end;
    const size_t used = end + (found ? 1 : 0);
    buffer_used_ += used;
    offset_ += used;
  }
  if (any) line->number = ++lines_;
  return any;
}

absl::StatusOr<bool> JsonlReader::Next(JsonlLine* line) {
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(const bool any, NextRaw(line));
    if (!any) return false;
    absl::string_view text = line_;
    if (text.size() == line->bytes && absl::EndsWith(text, "\r")) {
      text.remove_suffix(1);
      --line->bytes;
    }
    if (line->number == 1 && absl::StartsWith(text, kByteOrderMark)) {
      text.remove_prefix(kByteOrderMark.size());
      line->byte_offset += kByteOrderMark.size();
      line->bytes -= kByteOrderMark.size();
    }
    line->text = text.substr(0, max_line_bytes_);
    const bool blank =
        !line->too_long() && absl::StripAsciiWhitespace(text).empty();
    if (!blank || deliver_blank_lines_) return true;
  }
}

bool JsonlReader::HasBufferedLine() const {
  return buffer_.find('\n', buffer_used_) != std::string::npos;
}

absl::StatusOr<Json> ParseJsonlLine(const JsonlReader& reader,
                                    const JsonlLine& line,
                                    const JsonLimits& limits) {
  const std::string place = absl::StrCat(reader.path(), ", line ", line.number,
                                         " at byte ", line.byte_offset, ": ");
  if (line.too_long()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(place, "the line has ", line.bytes, " bytes, at most ",
                     line.text.size(), " are accepted"));
  }
  absl::StatusOr<Json> value = ParseJson(line.text, limits);
  if (value.ok()) return value;
  return absl::Status(value.status().code(),
                      absl::StrCat(place, "in it, ", value.status().message()));
}

}  // namespace limbeck
