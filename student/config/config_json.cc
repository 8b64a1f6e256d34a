#include "student/config/config_json.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"

namespace limbeck {

bool IsAbsent(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  return value == nullptr || value->is_null();
}

std::string ShownSetting(absl::string_view text) {
  constexpr size_t kMaxBytes = 100;
  if (text.size() <= kMaxBytes) return std::string(text);
  size_t end = kMaxBytes;
  // Not within a character of UTF-8.
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "...");
}

absl::Status UnsupportedSetting(absl::string_view key, absl::string_view found,
                                absl::string_view supported) {
  return absl::UnimplementedError(absl::StrCat(ShownSetting(key), " is ",
                                               ShownSetting(found),
                                               ", supported is ", supported));
}

absl::Status RefuseUnlessAbsent(const Json& json, absl::string_view key) {
  if (IsAbsent(json, key)) return absl::OkStatus();
  return UnsupportedSetting(key, WriteJson(*json.Find(key)),
                            "only its absence");
}

absl::Status RefuseUnlessFalse(const Json& json, absl::string_view key) {
  LIMBECK_ASSIGN_OR_RETURN(const bool value, json.GetBool(key, false));
  return value ? UnsupportedSetting(key, "true", "false") : absl::OkStatus();
}

absl::Status RefuseOtherWord(const Json& json, absl::string_view key,
                             absl::string_view expected) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string word,
                           json.GetString(key, std::string(expected)));
  if (word == expected) return absl::OkStatus();
  return UnsupportedSetting(key, word, expected);
}

absl::Status WithinSetting(absl::string_view where,
                           const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(where, ": ", status.message()));
}

}  // namespace limbeck
