// Where each value of a recipe was written, so that every complaint about a
// value names file, line and field.
#ifndef LIMBECK_RECIPES_LANGUAGE_SOURCE_MAP_H_
#define LIMBECK_RECIPES_LANGUAGE_SOURCE_MAP_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace limbeck {

struct SourceLocation {
  std::string file;  // or "--set seed=7"
  int line = 0;      // from 1; 0: the file as a whole
  int column = 0;    // from 1
};

// "recipes/a.textproto:12:3", or the file alone.
std::string FormatLocation(const SourceLocation& location);

// First part of the paths of the recipe's own fields; no stage may be called
// so.
inline constexpr absl::string_view kRecipePrefix = "recipe";

// Field paths to locations. A path is what --set takes: "recipe.seed",
// "recipe.report.title", "students.learning_rate.peak", "pack.inputs[1]".
class SourceMap {
 public:
  void Set(const std::string& path, SourceLocation location);
  // Takes over everything from `derived`; lists that it has replace lists
  // here.
  void Overlay(const SourceMap& derived);
  // Forgets a path and everything below it.
  void EraseBelow(const std::string& path);

  // Location of the path or, where that was not written anywhere, of the
  // nearest enclosing path.
  SourceLocation Nearest(absl::string_view path) const;
  bool Contains(const std::string& path) const {
    return locations_.count(path) > 0;
  }
  const std::map<std::string, SourceLocation>& locations() const {
    return locations_;
  }

 private:
  std::map<std::string, SourceLocation> locations_;
};

// Collects complaints, so that a person sees them all at once.
class RecipeErrors {
 public:
  // "FILE:LINE:COLUMN: PATH: REASON".
  void Add(const SourceLocation& location, absl::string_view path,
           absl::string_view reason);
  bool empty() const { return lines_.empty(); }
  // OK when nothing was added; otherwise InvalidArgument with one line each.
  absl::Status ToStatus() const;

 private:
  std::vector<std::string> lines_;
};

// " (did you mean 'a' or 'b'?)", or all candidates when none is near.
std::string SuggestNames(absl::string_view name,
                         const std::vector<std::string>& candidates);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_LANGUAGE_SOURCE_MAP_H_
