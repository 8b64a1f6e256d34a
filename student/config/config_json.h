// Settings of config.json that are absent, and words for those refused.
#ifndef LIMBECK_STUDENT_CONFIG_CONFIG_JSON_H_
#define LIMBECK_STUDENT_CONFIG_CONFIG_JSON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

// No such member, or null.
bool IsAbsent(const Json& json, absl::string_view key);
// Text of the file for an error message: at most about 100 bytes of it.
std::string ShownSetting(absl::string_view text);
// "KEY is FOUND, supported is SUPPORTED".
absl::Status UnsupportedSetting(absl::string_view key, absl::string_view found,
                                absl::string_view supported);
absl::Status RefuseUnlessAbsent(const Json& json, absl::string_view key);
absl::Status RefuseUnlessFalse(const Json& json, absl::string_view key);
// A word that has to be `expected` where it is there.
absl::Status RefuseOtherWord(const Json& json, absl::string_view key,
                             absl::string_view expected);
// The same error, about something within `where`.
absl::Status WithinSetting(absl::string_view where, const absl::Status& status);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CONFIG_CONFIG_JSON_H_
