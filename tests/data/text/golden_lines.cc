#include "tests/data/text/golden_lines.h"

#include "data/record/jsonl.h"
#include "gtest/gtest.h"

namespace limbeck {

std::vector<Json> ReadGoldenLines(const std::string& path) {
  std::vector<Json> lines;
  auto reader = JsonlReader::Open(path);
  EXPECT_TRUE(reader.ok()) << reader.status();
  if (!reader.ok()) return lines;
  JsonlLine line;
  while (*(*reader)->Next(&line)) {
    lines.push_back(*ParseJsonlLine(**reader, line));
  }
  return lines;
}

}  // namespace limbeck
