// One reader for filters and problem files.
#include "data/verify/answer_options.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

bool Has(const Json& line, absl::string_view key) {
  const Json* value = line.Find(key);
  return value != nullptr && !value->is_null();
}

}  // namespace

absl::StatusOr<AnswerKind> AnswerKindFromJson(const Json& line,
                                              AnswerKind fallback) {
  if (!Has(line, "kind")) return fallback;
  LIMBECK_ASSIGN_OR_RETURN(const std::string name, line.GetString("kind"));
  const AnswerKind kind = AnswerKindFromName(name);
  if (kind != ANSWER_KIND_UNSPECIFIED) return kind;
  return absl::InvalidArgumentError(absl::StrCat(
      "kind is '", name,
      "', known are math, integer, choice, string, numeric, regex and "
      "json_schema"));
}

absl::StatusOr<std::string> GoldFromJson(const Json& line,
                                         absl::string_view key,
                                         AnswerKind kind) {
  const Json* gold = line.Find(key);
  const bool schema = kind == ANSWER_KIND_JSON_SCHEMA && gold != nullptr &&
                      (gold->is_object() || gold->is_bool());
  if (schema || (gold != nullptr && gold->is_number())) return WriteJson(*gold);
  return line.GetString(key);
}

absl::StatusOr<AnswerOptions> AnswerOptionsFromJson(const Json& line) {
  AnswerOptions options;
  if (Has(line, "absolute_tolerance")) {
    LIMBECK_ASSIGN_OR_RETURN(const double value,
                             line.GetDouble("absolute_tolerance"));
    options.set_absolute_tolerance(value);
  }
  if (Has(line, "relative_tolerance")) {
    LIMBECK_ASSIGN_OR_RETURN(const double value,
                             line.GetDouble("relative_tolerance"));
    options.set_relative_tolerance(value);
  }
  if (Has(line, "letters")) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string letters,
                             line.GetString("letters"));
    options.set_letters(letters);
  }
  if (Has(line, "ignore_case")) {
    LIMBECK_ASSIGN_OR_RETURN(const bool value, line.GetBool("ignore_case"));
    options.set_ignore_case(value);
  }
  if (Has(line, "anywhere")) {
    LIMBECK_ASSIGN_OR_RETURN(const bool value, line.GetBool("anywhere"));
    options.set_anywhere(value);
  }
  return options;
}

}  // namespace limbeck
