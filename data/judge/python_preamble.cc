#include "data/judge/python_preamble.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace limbeck {
namespace {

// In the order of the star imports, which decides whose `pow` is meant.
constexpr absl::string_view kStarImports[] = {
    "string",   "re",   "datetime", "collections", "heapq",     "bisect",
    "copy",     "math", "random",   "statistics",  "itertools", "functools",
    "operator", "io",   "sys",      "json",        "builtins",  "typing"};
// All but `builtins` and `typing` are imported by name as well.
constexpr size_t kNamedImports = 16;

}  // namespace

std::string PythonPreamble() {
  std::string text;
  for (absl::string_view module : kStarImports) {
    absl::StrAppend(&text, "from ", module, " import *\n");
  }
  for (size_t i = 0; i < kNamedImports; ++i) {
    absl::StrAppend(&text, "import ", kStarImports[i], "\n");
  }
  absl::StrAppend(&text, "sys.setrecursionlimit(50000)\n");
  return text;
}

}  // namespace limbeck
