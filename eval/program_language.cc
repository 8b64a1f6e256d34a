// Tags decide; only without any does the text itself.
#include "eval/program_language.h"

#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "data/verify/extract.h"

namespace limbeck {
namespace {

std::optional<ProgramLanguage> LanguageOfTag(absl::string_view tag) {
  for (absl::string_view name : {"cpp", "c++", "cc", "cxx", "c++17"}) {
    if (absl::EqualsIgnoreCase(tag, name)) return ProgramLanguage::kCpp;
  }
  for (absl::string_view name : {"python", "py", "python3"}) {
    if (absl::EqualsIgnoreCase(tag, name)) return ProgramLanguage::kPython;
  }
  return std::nullopt;
}

// C is not among them: it is tried as C++.
bool IsForeignTag(absl::string_view tag) {
  for (absl::string_view name :
       {"java",   "javascript", "js",    "typescript", "ts",      "go",
        "golang", "rust",       "rs",    "kotlin",     "kt",      "csharp",
        "c#",     "cs",         "ruby",  "rb",         "php",     "swift",
        "scala",  "haskell",    "hs",    "perl",       "lua",     "julia",
        "pascal", "delphi",     "dart",  "ocaml",      "fortran", "matlab",
        "bash",   "sh",         "shell", "sql"}) {
    if (absl::EqualsIgnoreCase(tag, name)) return true;
  }
  return false;
}

// The tag behind each line of three backticks or tildes; "" where it has none.
std::vector<absl::string_view> TagsOf(absl::string_view part) {
  std::vector<absl::string_view> tags;
  for (absl::string_view line : absl::StrSplit(part, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!absl::StartsWith(line, "```") && !absl::StartsWith(line, "~~~")) {
      continue;
    }
    line.remove_prefix(3);
    tags.push_back(line.substr(0, line.find_first_of(" \t{")));
  }
  return tags;
}

}  // namespace

bool OnlyInOtherLanguages(absl::string_view text, ProgramLanguage language) {
  bool foreign = false;
  bool open = false;
  for (absl::string_view tag : TagsOf(AnswerPart(text).value_or(text))) {
    open = !open || !tag.empty();
    if (!open) continue;
    const auto known = LanguageOfTag(tag);
    const bool other =
        known.has_value() ? *known != language : IsForeignTag(tag);
    if (!other) return false;
    foreign = true;
  }
  return foreign;
}

ProgramLanguage LanguageOf(absl::string_view text) {
  const absl::string_view part = AnswerPart(text).value_or(text);
  std::optional<ProgramLanguage> found;
  for (absl::string_view tag : TagsOf(part)) {
    if (const auto language = LanguageOfTag(tag)) found = language;
  }
  if (found) return *found;
  return absl::StrContains(part, "#include") ? ProgramLanguage::kCpp
                                             : ProgramLanguage::kPython;
}

}  // namespace limbeck
