// Answers that a regular expression describes, matched with bounded work.
#ifndef LIMBECK_DATA_VERIFY_PATTERN_H_
#define LIMBECK_DATA_VERIFY_PATTERN_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

enum class PatternMatch {
  kMatches,
  kDiffers,
  kGivenUp,  // the work bound was reached: nobody knows
};

struct PatternOptions {
  bool ignore_case = false;
  bool anywhere = false;  // within the text; default: the whole text
};

// A compiled pattern: Perl's syntax (PCRE2), UTF-8, "." without line breaks.
// Immutable after Create, usable from many threads at once.
class Pattern {
 public:
  // Errors name the place and what is wrong there; patterns above 4,096 bytes,
  // \C and code callouts are refused.
  static absl::StatusOr<Pattern> Create(absl::string_view pattern,
                                        const PatternOptions& options);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // Texts above 64 KiB are given up; bytes that are no UTF-8 differ. The bound
  // counts steps, not time: the same answer on every machine.
  PatternMatch Match(absl::string_view text) const;

 private:
  struct Code;
  explicit Pattern(std::unique_ptr<Code> code);

  std::unique_ptr<Code> code_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_PATTERN_H_
