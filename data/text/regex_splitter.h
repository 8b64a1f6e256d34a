// Pre-tokenizer patterns that no scanner is written for, by PCRE2.
#ifndef LIMBECK_DATA_TEXT_REGEX_SPLITTER_H_
#define LIMBECK_DATA_TEXT_REGEX_SPLITTER_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

// Immutable and thread-safe.
class RegexSplitter {
 public:
  // The pattern is matched with Unicode properties, as Oniguruma does for the
  // reference library. Errors: what PCRE2 says, with the offset; constructs
  // whose meaning differs between the two libraries (see the .cc file).
  static absl::StatusOr<std::shared_ptr<const RegexSplitter>> Create(
      absl::string_view pattern);

  virtual ~RegexSplitter() = default;

  virtual const std::string& pattern() const = 0;

  // Calls visit for every match that is not empty and, unless matches_only, for
  // the text between them. Errors: the work limit is exceeded; the text holds
  // characters that PCRE2's Unicode data does not know while ours does, or
  // bytes that are no UTF-8.
  virtual absl::Status Visit(
      absl::string_view text, bool matches_only,
      absl::FunctionRef<void(absl::string_view)> visit) const = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_REGEX_SPLITTER_H_
