#include "recipes/language/source_map.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace limbeck {
namespace {

constexpr size_t kMostComplaints = 20;

// The text before the last '.' or '['.
absl::string_view ParentPath(absl::string_view path) {
  const size_t at = path.find_last_of(".[");
  return at == absl::string_view::npos ? "" : path.substr(0, at);
}

bool IsBelow(absl::string_view path, absl::string_view ancestor) {
  if (ancestor.empty() || path == ancestor) return true;
  return absl::StartsWith(path, ancestor) &&
         (path[ancestor.size()] == '.' || path[ancestor.size()] == '[');
}

// Edits (insert, remove, replace, swap neighbours) between two names: the
// optimal string alignment distance.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> cells((a.size() + 1) * width);
  const auto cell = [&](size_t i, size_t j) -> size_t& {
    return cells[i * width + j];
  };
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cell(i, j) = i + j;
        continue;
      }
      const size_t replaced =
          cell(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      cell(i, j) = std::min({cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cell(i, j) = std::min(cell(i, j), cell(i - 2, j - 2) + 1);
      }
    }
  }
  return cell(a.size(), b.size());
}

bool IsNear(absl::string_view name, const std::string& candidate) {
  if (name.size() >= 3 && (absl::StrContains(candidate, name) ||
                           absl::StrContains(name, candidate))) {
    return true;
  }
  return EditDistance(name, candidate) <=
         std::max<size_t>(1, std::max(name.size(), candidate.size()) / 3);
}

}  // namespace

std::string FormatLocation(const SourceLocation& location) {
  if (location.line == 0) return location.file;
  return absl::StrCat(location.file, ":", location.line, ":", location.column);
}

void SourceMap::Set(const std::string& path, SourceLocation location) {
  locations_[path] = std::move(location);
}

void SourceMap::EraseBelow(const std::string& path) {
  for (auto it = locations_.begin(); it != locations_.end();) {
    it = IsBelow(it->first, path) ? locations_.erase(it) : std::next(it);
  }
}

void SourceMap::Overlay(const SourceMap& derived) {
  for (const auto& [path, location] : derived.locations_) {
    if (absl::EndsWith(path, "[0]"))
      EraseBelow(path.substr(0, path.size() - 3));
  }
  for (const auto& [path, location] : derived.locations_) {
    locations_[path] = location;
  }
}

SourceLocation SourceMap::Nearest(absl::string_view path) const {
  while (true) {
    const auto found = locations_.find(std::string(path));
    if (found != locations_.end()) return found->second;
    if (path.empty()) return {};
    path = ParentPath(path);
  }
}

void RecipeErrors::Add(const SourceLocation& location, absl::string_view path,
                       absl::string_view reason) {
  std::string line = FormatLocation(location);
  if (!path.empty()) absl::StrAppend(&line, ": ", path);
  absl::StrAppend(&line, ": ", reason);
  if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) {
    lines_.push_back(std::move(line));
  }
}

absl::Status RecipeErrors::ToStatus() const {
  if (lines_.empty()) return absl::OkStatus();
  if (lines_.size() <= kMostComplaints) {
    return absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
  }
  const std::vector<std::string> first(lines_.begin(),
                                       lines_.begin() + kMostComplaints);
  return absl::InvalidArgumentError(
      absl::StrCat(absl::StrJoin(first, "\n"), "\nand ",
                   lines_.size() - kMostComplaints, " more"));
}

std::string SuggestNames(absl::string_view name,
                         const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "; there is none";
  std::vector<std::string> near;
  for (const std::string& candidate : candidates) {
    if (IsNear(name, candidate))
      near.push_back(absl::StrCat("'", candidate, "'"));
  }
  if (!near.empty()) {
    return absl::StrCat(" (did you mean ", absl::StrJoin(near, " or "), "?)");
  }
  return absl::StrCat("; there is: ", absl::StrJoin(candidates, ", "));
}

}  // namespace limbeck
