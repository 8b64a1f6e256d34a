// Shared by the readers of normalizers, pre-tokenizers and decoders.
#include "data/text/pipeline_parts.h"

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {

absl::Status ForEachPart(
    const Json* part, absl::string_view list_key,
    absl::FunctionRef<absl::Status(const std::string& type, const Json& part)>
        body) {
  if (part == nullptr || part->is_null()) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::string type, part->GetString("type"));
  if (type != "Sequence") return body(type, *part);
  const Json* list = part->Find(list_key);
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a Sequence has no list '", list_key, "'"));
  }
  for (const Json& element : list->array()) {
    LIMBECK_RETURN_IF_ERROR(ForEachPart(&element, list_key, body));
  }
  return absl::OkStatus();
}

absl::Status UnknownPart(absl::string_view what, absl::string_view type) {
  return absl::UnimplementedError(
      absl::StrCat("unknown ", what, " '", type, "'"));
}

absl::StatusOr<std::string> LiteralPattern(const Json& part) {
  const Json* pattern = part.Find("pattern");
  if (pattern == nullptr || pattern->Find("String") == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("only literal patterns are read here, found ",
                     pattern == nullptr ? "none" : WriteJson(*pattern)));
  }
  LIMBECK_ASSIGN_OR_RETURN(std::string text, pattern->GetString("String"));
  if (text.empty()) {
    return absl::InvalidArgumentError("the pattern is empty");
  }
  return text;
}

}  // namespace limbeck
