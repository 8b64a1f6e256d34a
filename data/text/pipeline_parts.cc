// Shared by the readers of normalizers, pre-tokenizers and decoders.
#include "data/text/pipeline_parts.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {

using PartBody =
    absl::FunctionRef<absl::Status(const std::string& type, const Json& part)>;

namespace {

absl::Status VisitPart(const Json& part, const std::string& place,
                       absl::string_view list_key, PartBody body) {
  const absl::StatusOr<std::string> type = part.GetString("type");
  if (!type.ok()) return AtPlace(place, type.status());
  if (*type != "Sequence") return AtPlace(place, body(*type, part));
  const Json* list = part.Find(list_key);
  if (list == nullptr || !list->is_array()) {
    return AtPlace(place, absl::InvalidArgumentError(absl::StrCat(
                              "a Sequence has no list '", list_key, "'")));
  }
  for (size_t i = 0; i < list->array().size(); ++i) {
    LIMBECK_RETURN_IF_ERROR(VisitPart(
        list->array()[i], absl::StrCat(place, ".", list_key, "[", i, "]"),
        list_key, body));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AtPlace(absl::string_view place, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(place, ": ", status.message()));
}

absl::Status ForEachPart(const Json& json, absl::string_view key,
                         absl::string_view list_key, PartBody body) {
  const Json* part = json.Find(key);
  if (part == nullptr || part->is_null()) return absl::OkStatus();
  return VisitPart(*part, std::string(key), list_key, body);
}

std::string Shown(absl::string_view text) {
  constexpr size_t kMost = 100;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  // Not inside a character.
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "...");
}

absl::Status UnknownPart(absl::string_view what, absl::string_view type) {
  return absl::UnimplementedError(
      absl::StrCat("unknown ", what, " '", Shown(type), "'"));
}

absl::StatusOr<std::string> LiteralPattern(const Json& part) {
  const Json* pattern = part.Find("pattern");
  if (pattern == nullptr || pattern->Find("String") == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("only literal patterns are read here, found ",
                     pattern == nullptr ? "none" : Shown(WriteJson(*pattern))));
  }
  LIMBECK_ASSIGN_OR_RETURN(std::string text, pattern->GetString("String"));
  if (text.empty()) {
    return absl::InvalidArgumentError("the pattern is empty");
  }
  return text;
}

}  // namespace limbeck
