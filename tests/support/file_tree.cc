// See file_tree.h.
#include "tests/support/file_tree.h"

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/file.h"

namespace limbeck {
namespace {

void ReadInto(const std::string& directory, const std::string& prefix,
              std::map<std::string, std::string>& files) {
  const auto names = ListDirectory(directory);
  LIMBECK_CHECK(names.ok());
  for (const std::string& name : *names) {
    const std::string path = JoinPath(directory, name);
    if (IsDirectory(path)) {
      ReadInto(path, absl::StrCat(prefix, name, "/"), files);
      continue;
    }
    auto content = ReadFile(path);
    LIMBECK_CHECK(content.ok());
    files[prefix + name] = *std::move(content);
  }
}

}  // namespace

std::map<std::string, std::string> ReadFileTree(const std::string& directory) {
  std::map<std::string, std::string> files;
  ReadInto(directory, "", files);
  return files;
}

std::string CompareFileTrees(const std::string& a, const std::string& b) {
  const auto left = ReadFileTree(a);
  const auto right = ReadFileTree(b);
  for (const auto& [path, content] : left) {
    const auto found = right.find(path);
    if (found == right.end()) return absl::StrCat(path, " is only in ", a);
    if (found->second != content) {
      return absl::StrCat(path, " differs: ", content.size(), " against ",
                          found->second.size(), " bytes");
    }
  }
  for (const auto& [path, content] : right) {
    if (left.count(path) == 0) return absl::StrCat(path, " is only in ", b);
  }
  return "";
}

}  // namespace limbeck
