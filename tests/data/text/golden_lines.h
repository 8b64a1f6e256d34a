// Golden files of this folder: one JSON object per line.
#ifndef LIMBECK_TESTS_DATA_TEXT_GOLDEN_LINES_H_
#define LIMBECK_TESTS_DATA_TEXT_GOLDEN_LINES_H_

#include <string>
#include <vector>

#include "data/base/json.h"

namespace limbeck {

// A file that cannot be read fails the test.
std::vector<Json> ReadGoldenLines(const std::string& path);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_TEXT_GOLDEN_LINES_H_
