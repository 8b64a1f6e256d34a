// Tags decide; only without any does the text itself.
#include "eval/program_language.h"

#include <optional>

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

}  // namespace

ProgramLanguage LanguageOf(absl::string_view text) {
  const absl::string_view part = AnswerPart(text).value_or(text);
  std::optional<ProgramLanguage> found;
  for (absl::string_view line : absl::StrSplit(part, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!absl::StartsWith(line, "```") && !absl::StartsWith(line, "~~~")) {
      continue;
    }
    line.remove_prefix(3);
    const absl::string_view tag = line.substr(0, line.find_first_of(" \t{"));
    if (const auto language = LanguageOfTag(tag)) found = language;
  }
  if (found) return *found;
  return absl::StrContains(part, "#include") ? ProgramLanguage::kCpp
                                             : ProgramLanguage::kPython;
}

}  // namespace limbeck
