// Rows of the published tables in the folder that LIMBECK_TESTDATA names.
#ifndef LIMBECK_TESTS_DATA_VERIFY_MATH_MATH_ROWS_H_
#define LIMBECK_TESTS_DATA_VERIFY_MATH_MATH_ROWS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

// Rows of math_cases.jsonl of one kind; empty where the folder is not named.
std::vector<Json> MathRows(absl::string_view kind);

// A text field of a row; empty where it has none.
std::string RowField(const Json& row, absl::string_view key);

// The distinct answers of MATH-500, sorted; empty where the folder is not
// named.
std::vector<std::string> Math500Answers();

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_VERIFY_MATH_MATH_ROWS_H_
