// A field at a time; a quote opens a field only as its first byte.
#include "eval/benchmarks/csv.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"

namespace limbeck {

CsvReader::CsvReader(absl::string_view text, const CsvLimits& limits)
    : text_(text), limits_(limits) {
  if (absl::StartsWith(text_, "\xEF\xBB\xBF")) at_ = 3;
}

absl::Status CsvReader::Error(int64_t line, absl::string_view message) const {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", message));
}

bool CsvReader::AtLineEnd() const {
  return at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r');
}

void CsvReader::SkipLineEnd() {
  at_ += absl::StartsWith(text_.substr(at_), "\r\n") ? 2 : 1;
  ++line_;
}

absl::StatusOr<bool> CsvReader::Next(std::vector<std::string>* fields) {
  fields->clear();
  while (AtLineEnd()) SkipLineEnd();
  if (at_ >= text_.size()) return false;
  record_line_ = line_;
  bool last = false;
  while (!last) {
    if (fields->size() == limits_.max_fields) {
      return Error(record_line_, absl::StrCat("a record of more than ",
                                              limits_.max_fields, " fields"));
    }
    fields->emplace_back();
    LIMBECK_RETURN_IF_ERROR(ReadField(&fields->back(), &last));
  }
  return true;
}

absl::Status CsvReader::ReadField(std::string* field, bool* last) {
  const int64_t line = line_;
  if (at_ < text_.size() && text_[at_] == '"') {
    LIMBECK_RETURN_IF_ERROR(ReadQuoted(field));
  } else {
    LIMBECK_RETURN_IF_ERROR(ReadPlain(field));
  }
  if (field->find('\0') != std::string::npos) {
    return Error(line, "a field with a NUL byte");
  }
  if (!IsValidUtf8(*field)) {
    return Error(line, "a field whose bytes are no UTF-8");
  }
  *last = at_ >= text_.size() || AtLineEnd();
  if (at_ >= text_.size()) return absl::OkStatus();
  if (AtLineEnd()) {
    SkipLineEnd();
  } else {
    ++at_;  // the comma
  }
  return absl::OkStatus();
}

absl::Status CsvReader::ReadQuoted(std::string* field) {
  const int64_t begin = line_;
  ++at_;
  while (true) {
    if (at_ >= text_.size()) {
      return Error(begin, "a field opens with a quote that never closes");
    }
    const char byte = text_[at_++];
    if (byte == '"') {
      if (at_ < text_.size() && text_[at_] == '"') {
        ++at_;
      } else {
        break;
      }
    } else if (byte == '\n') {
      ++line_;
    }
    if (field->size() == limits_.max_field_bytes) {
      return Error(begin, absl::StrCat("a field of more than ",
                                       limits_.max_field_bytes, " bytes"));
    }
    field->push_back(byte);
  }
  if (at_ < text_.size() && text_[at_] != ',' && !AtLineEnd()) {
    return Error(line_, "text after the closing quote of a field");
  }
  return absl::OkStatus();
}

absl::Status CsvReader::ReadPlain(std::string* field) {
  const size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
  if (end - at_ > limits_.max_field_bytes) {
    return Error(line_, absl::StrCat("a field of more than ",
                                     limits_.max_field_bytes, " bytes"));
  }
  field->assign(text_.data() + at_, end - at_);
  at_ = end;
  return absl::OkStatus();
}

}  // namespace limbeck
