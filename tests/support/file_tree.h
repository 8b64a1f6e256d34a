// All files of a directory, for comparing the results of two runs.
#ifndef LIMBECK_TESTS_SUPPORT_FILE_TREE_H_
#define LIMBECK_TESTS_SUPPORT_FILE_TREE_H_

#include <map>
#include <string>

namespace limbeck {

// Content by path relative to the directory, subdirectories included.
std::map<std::string, std::string> ReadFileTree(const std::string& directory);

// "" when both trees hold the same files with the same bytes; else the first
// path that differs and how.
std::string CompareFileTrees(const std::string& a, const std::string& b);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_FILE_TREE_H_
