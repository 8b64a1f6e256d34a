// Small readers of one option letter, each strict about what may follow.
#include "data/verify/choice.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/verify/box_scan.h"

namespace limbeck {
namespace {

constexpr absl::string_view kOpeners = " \t*_\"'`($[{";
constexpr absl::string_view kClosers = "*_\"'`)$]}.:,;!";

void SkipAnyOf(absl::string_view* text, absl::string_view bytes) {
  text->remove_prefix(std::min(text->find_first_not_of(bytes), text->size()));
}

bool ConsumeIgnoringCase(absl::string_view* text, absl::string_view prefix) {
  if (!absl::StartsWithIgnoreCase(*text, prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// Openers and commands that may stand before a letter.
void SkipToLetter(absl::string_view* text) {
  bool moved = true;
  while (moved) {
    const size_t before = text->size();
    SkipAnyOf(text, kOpeners);
    for (absl::string_view command :
         {"\\boxed{", "\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\(",
          "\\[", "\\{", "option ", "choice "}) {
      ConsumeIgnoringCase(text, command);
    }
    moved = text->size() != before;
  }
}

bool IsLetterOf(absl::string_view letters, char c) {
  return letters.find(c) != letters.npos;
}

// What follows a letter names a second one: "A or B", "A, B", "A/B", "A and B".
bool NamesAnother(absl::string_view rest, absl::string_view letters) {
  SkipAnyOf(&rest, " \t,/&*)}$");
  if (ConsumeIgnoringCase(&rest, "or ") || ConsumeIgnoringCase(&rest, "and ")) {
    SkipToLetter(&rest);
  }
  SkipAnyOf(&rest, "(*");
  if (rest.empty() || !IsLetterOf(letters, rest[0])) return false;
  rest.remove_prefix(1);
  return rest.empty() || !absl::ascii_isalnum(rest[0]);
}

enum class Tail {
  kNothing,  // the letter stands alone
  kOption,   // "B) text", "B. text", "B: text"
  kProse,    // "B, which is cold", "B because"
};

// Whether what follows a letter leaves it an option rather than a word.
bool Ends(char letter, absl::string_view rest, Tail tail) {
  if (tail == Tail::kNothing) {
    SkipAnyOf(&rest, " \t*_\"'`)$]}.:,;!");
    return rest.empty();
  }
  if (rest.empty()) return true;
  if (kClosers.find(rest[0]) != kClosers.npos) {
    // "A.M.", "B'", "C:\dir": something longer.
    const bool longer =
        rest.size() > 1 && rest[0] != ')' && absl::ascii_isalnum(rest[1]);
    return !longer;
  }
  if (rest[0] == '\n' || rest[0] == '\r' || rest[0] == '\\') return true;
  const bool word_too = letter == 'A' || letter == 'I';
  return tail == Tail::kProse && rest[0] == ' ' &&
         (!word_too || absl::StartsWith(rest, " ("));
}

// A letter at the start of `text`, openers skipped.
FoundChoice LeadingLetter(absl::string_view text, absl::string_view letters,
                          Tail tail) {
  SkipToLetter(&text);
  if (text.empty() || !IsLetterOf(letters, text[0])) return {};
  const absl::string_view rest = text.substr(1);
  if (NamesAnother(rest.substr(0, rest.find_first_of("\r\n")), letters)) {
    return {0, "several options named"};
  }
  if (!Ends(text[0], rest, tail)) return {};
  return {text[0], ""};
}

bool Decided(const FoundChoice& found) {
  return found.letter != 0 || !found.reason.empty();
}

// Whether `text` goes on as "Answer: X" does; what follows is left in it.
bool ConsumeSays(absl::string_view* text) {
  SkipAnyOf(text, " \t*_");
  bool says = ConsumeIgnoringCase(text, "is");
  if (says && !text->empty() && absl::ascii_isalpha((*text)[0])) return false;
  SkipAnyOf(text, " \t*_");
  says = absl::ConsumePrefix(text, ":") || says;
  return says || absl::ConsumePrefix(text, "=");
}

// The last statement that names an option.
FoundChoice StatedChoice(absl::string_view part, absl::string_view letters) {
  constexpr absl::string_view kWord = "answer";
  for (size_t at = part.size(); at >= kWord.size(); --at) {
    const size_t begin = at - kWord.size();
    if ((part[at - 1] | 0x20) != 'r' ||
        !absl::EqualsIgnoreCase(part.substr(begin, kWord.size()), kWord) ||
        (begin > 0 && absl::ascii_isalpha(part[begin - 1]))) {
      continue;
    }
    absl::string_view rest = part.substr(at);
    if (!ConsumeSays(&rest)) continue;
    SkipAnyOf(&rest, " \t*_\r\n");
    const FoundChoice found = LeadingLetter(rest, letters, Tail::kProse);
    if (Decided(found)) return found;
  }
  return {};
}

// A letter in small counts where it stands alone.
FoundChoice LoneLetter(absl::string_view text, absl::string_view letters,
                       Tail tail) {
  text = absl::StripAsciiWhitespace(text);
  if (text.size() == 1) {
    const char capital = absl::ascii_toupper(text[0]);
    if (IsLetterOf(letters, capital)) return {capital, ""};
  }
  return LeadingLetter(text, letters, tail);
}

FoundChoice BareChoice(absl::string_view part, absl::string_view letters) {
  // A box that never closes is an answer that was cut off.
  if (ScanBoxes(part, 0).has_command) return {};
  const absl::string_view text = absl::StripAsciiWhitespace(part);
  const size_t line = text.find_last_of("\r\n");
  if (line == text.npos) return LoneLetter(text, letters, Tail::kOption);
  return LoneLetter(text.substr(line + 1), letters, Tail::kNothing);
}

}  // namespace

absl::Status CheckLetters(absl::string_view letters) {
  std::string sorted(letters);
  std::sort(sorted.begin(), sorted.end());
  const bool distinct =
      std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  const bool capitals =
      std::all_of(letters.begin(), letters.end(), absl::ascii_isupper);
  if (distinct && capitals && letters.size() >= 2) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "letters are '", letters,
      "', expected at least two distinct capitals of A to Z, as in ABCD"));
}

FoundChoice FindChoice(absl::string_view output, absl::string_view letters,
                       AnswerPlace place) {
  const auto part = AnswerPart(output);
  FoundChoice found;
  if (part && place == AnswerPlace::kStated) {
    found = StatedChoice(*part, letters);
  }
  if (part && !Decided(found)) {
    const FoundAnswer answer = FindAnswer(*part, AnswerPlace::kBoxOnly);
    if (answer.mark == AnswerMark::kBox) {
      found = LoneLetter(answer.text, letters, Tail::kOption);
    } else if (place == AnswerPlace::kStated) {
      found = BareChoice(*part, letters);
    }
  }
  if (found.letter == 0 && found.reason.empty()) {
    found.reason = "no option named";
  }
  return found;
}

std::optional<char> GoldChoice(absl::string_view gold,
                               absl::string_view letters) {
  char option = 0;
  for (absl::string_view line : absl::StrSplit(gold, absl::ByAnyChar("\r\n"))) {
    const std::optional<std::string> boxed = ExtractBoxed(line);
    if (boxed) line = *boxed;
    const FoundChoice found = LoneLetter(line, letters, Tail::kProse);
    // "A Peter": here the letter is no word.
    const bool first_word =
        line.size() > 1 && line[1] == ' ' && IsLetterOf(letters, line[0]);
    const char letter = found.letter != 0 ? found.letter
                        : first_word      ? line[0]
                                          : char{0};
    if (letter == 0) continue;
    if (option != 0 && option != letter) return std::nullopt;
    option = letter;
  }
  if (option == 0) return std::nullopt;
  return option;
}

}  // namespace limbeck
