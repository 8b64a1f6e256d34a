// Methods of texts and dicts, and the language's functions.
#ifndef LIMBECK_DATA_TEXT_JINJA_METHODS_H_
#define LIMBECK_DATA_TEXT_JINJA_METHODS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/jinja/arguments.h"
#include "data/text/jinja/value.h"

namespace limbeck::jinja {

// Whether a value of that type has a method of that name; only those that
// change nothing are there.
bool HasMethod(const Value& value, absl::string_view name);

absl::StatusOr<Value> CallMethod(const Value& self, absl::string_view name,
                                 const Arguments& arguments);

inline constexpr char kClock[] = "strftime_now";
bool IsBuiltin(absl::string_view name);

// date: "YYYY-MM-DD" for strftime_now; empty: it is an error to ask for it.
absl::StatusOr<Value> CallBuiltin(absl::string_view name,
                                  const Arguments& arguments,
                                  const std::string& date);

// Pieces of str.split: by a separator, or by blanks where it is None.
absl::StatusOr<List> SplitText(const std::string& text, const Value& separator,
                               int64_t max_splits);

// str.strip(characters): from the left, the right, or both.
absl::StatusOr<std::string> Strip(const std::string& text,
                                  const Value& characters, bool left,
                                  bool right);

enum class Case { kUpper, kLower, kTitle, kCapitalize };
// ASCII only: other letters are an error, as their mapping is not known here.
absl::StatusOr<std::string> ChangeCase(const std::string& text, Case wanted);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_METHODS_H_
