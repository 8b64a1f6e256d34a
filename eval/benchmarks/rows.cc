// The format decides how rows are found; everything after that is one shape.
#include "eval/benchmarks/rows.h"

#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/jsonl.h"
#include "eval/benchmarks/csv.h"
#include "eval/benchmarks/parquet_rows.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxListBytes = uint64_t{4} << 30;
constexpr uint64_t kMaxCsvBytes = uint64_t{1} << 30;
// Hidden tests of one problem stand in one line.
constexpr uint64_t kMaxLineBytes = uint64_t{512} << 20;
constexpr char kParquetMagic[] = "PAR1";

using Body = std::function<absl::Status(Row&)>;

absl::Status AtPlace(absl::string_view place, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(place, ": ", status.message()));
}

absl::Status Visit(int64_t number, std::string place, Json object,
                   const Body& body) {
  if (!object.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        place, ": expected an object, found ", JsonKindName(object.kind())));
  }
  Row row{number, std::move(place), std::move(object)};
  return AtPlace(row.place, body(row));
}

// What begins the file, blanks and byte order mark left out. What cannot be
// read twice (standard input, pipes) is read as lines.
absl::StatusOr<std::string> FirstText(const std::string& path) {
  if (path == "-" || !FileSize(path).ok()) return std::string();
  JsonlOptions options;
  options.max_line_bytes = 16;
  LIMBECK_ASSIGN_OR_RETURN(const auto reader, JsonlReader::Open(path, options));
  JsonlLine line;
  LIMBECK_ASSIGN_OR_RETURN(const bool any, reader->Next(&line));
  if (!any) return std::string();
  return std::string(absl::StripLeadingAsciiWhitespace(line.text));
}

absl::Status ForEachOfList(const std::string& path, const Body& body) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxListBytes));
  absl::StatusOr<Json> list = ParseJson(text, {.max_bytes = kMaxListBytes});
  if (!list.ok()) return AtPlace(path, list.status());
  int64_t number = 0;
  for (Json& json : list->array()) {
    std::string place = absl::StrCat(path, ": entry ", number + 1);
    LIMBECK_RETURN_IF_ERROR(
        Visit(number++, std::move(place), std::move(json), body));
  }
  return absl::OkStatus();
}

absl::Status ForEachLine(const std::string& path, const Body& body) {
  JsonlOptions options;
  options.accept_streams = true;
  options.max_line_bytes = kMaxLineBytes;
  LIMBECK_ASSIGN_OR_RETURN(const auto reader, JsonlReader::Open(path, options));
  JsonlLine line;
  for (int64_t number = 0;; ++number) {
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&line));
    if (!more) return absl::OkStatus();
    LIMBECK_ASSIGN_OR_RETURN(Json json, ParseJsonlLine(*reader, line));
    LIMBECK_RETURN_IF_ERROR(Visit(number, absl::StrCat(path, ":", line.number),
                                  std::move(json), body));
  }
}

absl::Status CheckHeader(const std::vector<std::string>& header) {
  std::set<std::string> seen;
  for (const std::string& name : header) {
    if (!seen.insert(absl::AsciiStrToLower(name)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("column '", name, "' is there twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status ForEachCsvRecord(const std::string& path, const Body& body) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxCsvBytes));
  CsvReader reader(text);
  std::vector<std::string> header, fields;
  const absl::StatusOr<bool> any = reader.Next(&header);
  if (!any.ok()) return AtPlace(path, any.status());
  LIMBECK_RETURN_IF_ERROR(
      AtPlace(absl::StrCat(path, ":", reader.line()), CheckHeader(header)));
  for (int64_t number = 0;; ++number) {
    const absl::StatusOr<bool> more = reader.Next(&fields);
    if (!more.ok()) return AtPlace(path, more.status());
    if (!*more) return absl::OkStatus();
    std::string place = absl::StrCat(path, ":", reader.line());
    if (fields.size() != header.size()) {
      return absl::InvalidArgumentError(absl::StrCat(place, ": ", fields.size(),
                                                     " fields, the header has ",
                                                     header.size()));
    }
    JsonObject object;
    for (size_t i = 0; i < fields.size(); ++i) {
      object.emplace_back(header[i], std::move(fields[i]));
    }
    LIMBECK_RETURN_IF_ERROR(
        Visit(number, std::move(place), Json(std::move(object)), body));
  }
}

absl::Status ForEachOfParquet(const std::string& path, const Body& body) {
  absl::Status failed;  // of the body, which names its row itself
  const absl::Status status = ForEachParquetRow(
      path, [&](int64_t number, const Json& object) -> absl::Status {
        failed = Visit(number, absl::StrCat(path, ": row ", number + 1), object,
                       body);
        return failed;
      });
  return failed.ok() ? status : failed;
}

std::string NumberText(const Json& value) {
  if (value.kind() != Json::Kind::kDouble) return WriteJson(value);
  const double number = value.number();
  if (std::trunc(number) == number && std::abs(number) < 1e15) {
    return absl::StrCat(static_cast<int64_t>(number));
  }
  return WriteJson(value);
}

absl::StatusOr<std::string> AsText(const Json& value, absl::string_view name) {
  if (value.is_string()) return value.string();
  if (value.is_number()) return NumberText(value);
  if (value.is_bool()) return std::string(value.boolean() ? "true" : "false");
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is ", JsonKindName(value.kind()),
                   ", expected a text or a number"));
}

}  // namespace

absl::Status ForEachRow(const std::string& path, const Body& body) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string first, FirstText(path));
  if (absl::StartsWith(first, kParquetMagic)) {
    return ForEachOfParquet(path, body);
  }
  if (absl::EndsWithIgnoreCase(path, ".csv")) {
    return ForEachCsvRecord(path, body);
  }
  if (absl::StartsWith(first, "[")) return ForEachOfList(path, body);
  return ForEachLine(path, body);
}

const Json* FindColumn(const Json& row,
                       std::initializer_list<absl::string_view> names) {
  for (absl::string_view name : names) {
    for (const JsonMember& member : row.object()) {
      if (absl::EqualsIgnoreCase(member.first, name) &&
          !member.second.is_null()) {
        return &member.second;
      }
    }
  }
  return nullptr;
}

absl::StatusOr<std::string> TextColumn(
    const Json& row, std::initializer_list<absl::string_view> names) {
  const Json* value = FindColumn(row, names);
  if (value != nullptr) return AsText(*value, *names.begin());
  return absl::InvalidArgumentError(
      absl::StrCat("no key '", *names.begin(), "'"));
}

absl::StatusOr<std::string> OptionalTextColumn(
    const Json& row, std::initializer_list<absl::string_view> names) {
  const Json* value = FindColumn(row, names);
  if (value == nullptr) return std::string();
  return AsText(*value, *names.begin());
}

absl::StatusOr<double> NumberColumn(
    const Json& row, std::initializer_list<absl::string_view> names,
    double fallback) {
  const Json* value = FindColumn(row, names);
  if (value == nullptr) return fallback;
  if (value->is_number()) return value->number();
  double number = 0;
  if (value->is_string()) {
    const absl::string_view text = absl::StripAsciiWhitespace(value->string());
    if (text.empty()) return fallback;
    if (absl::SimpleAtod(text, &number) && std::isfinite(number)) return number;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", *names.begin(), "' is no number"));
}

absl::StatusOr<std::string> TextOrInteger(const Json& json,
                                          absl::string_view key) {
  const Json* value = json.Find(key);
  if (value == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no key '", key, "'"));
  }
  if (value->is_string()) return value->string();
  if (value->is_integer()) return WriteJson(*value);
  return absl::InvalidArgumentError(
      absl::StrCat("'", key, "' is ", JsonKindName(value->kind()),
                   ", expected a text or an integer"));
}

}  // namespace limbeck
