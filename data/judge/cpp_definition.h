// Does a C++ program define a function itself? The driver sees the standard
// library too, and a program that defines nothing must not pass by `labs`.
#ifndef LIMBECK_DATA_JUDGE_CPP_DEFINITION_H_
#define LIMBECK_DATA_JUDGE_CPP_DEFINITION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// `code` with blanks for its comments and the contents of its literals. What
// is not closed goes to the end of its line, block comments to the end.
std::string WithoutCppComments(absl::string_view code);

// Whether a body follows `name(...)` outside of comments and literals: a
// declaration or a call is no definition. Read from the text, without macros.
bool DefinesCppFunction(absl::string_view code, absl::string_view name);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_CPP_DEFINITION_H_
