// Functional tests of C++ programs: the program and a main of ours in one
// source. As with Python, the program can do to that main what it likes; the
// expected result is elsewhere. Types of arguments and result are those of the
// function: bool, integers, floats, char, std::string, and std::vector and
// std::pair of these.
#ifndef LIMBECK_DATA_JUDGE_CPP_FUNCTION_DRIVER_H_
#define LIMBECK_DATA_JUDGE_CPP_FUNCTION_DRIVER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// What the compiler gets: the headers and `using namespace std` that platforms
// of such problems offer, the program, a main that calls `function` (of class
// Solution, where the program has one) and reports as ParseFunctionReport
// expects. `function` is a C++ name. A program that does not define it becomes
// an #error that says so: functions of the library are no answer.
std::string CppFunctionSource(absl::string_view code,
                              absl::string_view function);

// Standard input of that main. `input` holds one JSON argument per line.
std::string CppFunctionCall(absl::string_view token, absl::string_view input);

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_CPP_FUNCTION_DRIVER_H_
