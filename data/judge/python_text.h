// Text as Python sees it: which characters are blanks, how str.strip and
// str.split cut. The texts are UTF-8 (lone surrogates as three bytes pass).
#ifndef LIMBECK_DATA_JUDGE_PYTHON_TEXT_H_
#define LIMBECK_DATA_JUDGE_PYTHON_TEXT_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

// str.strip()
absl::string_view StripPython(absl::string_view text);

// str.split()
std::vector<absl::string_view> SplitPython(absl::string_view text);

// [line.strip() for line in text.strip().split("\n")]: at least one line.
std::vector<absl::string_view> StrippedPythonLines(absl::string_view text);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_PYTHON_TEXT_H_
