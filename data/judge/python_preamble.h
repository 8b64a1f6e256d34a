// The imports that LiveCodeBench puts in front of each program (import_string
// of lcb_runner/evaluation/testing_util.py, 28fef95): star imports of 18
// modules, then the modules themselves.
#ifndef LIMBECK_DATA_JUDGE_PYTHON_PREAMBLE_H_
#define LIMBECK_DATA_JUDGE_PYTHON_PREAMBLE_H_

#include <string>

namespace limbeck {

// Ends in a line break; raises the recursion limit to 50,000.
std::string PythonPreamble();

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_PYTHON_PREAMBLE_H_
