#include "data/judge/cpp_definition.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace limbeck {
namespace {

bool IsWordByte(char c) {
  return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
}

// The word that ends before `at`.
absl::string_view WordBefore(absl::string_view code, size_t at) {
  size_t begin = at;
  while (begin > 0 && IsWordByte(code[begin - 1])) --begin;
  return code.substr(begin, at - begin);
}

// 1'000'000: the mark stands inside a number.
bool IsDigitSeparator(absl::string_view code, size_t at) {
  const absl::string_view word = WordBefore(code, at);
  return !word.empty() &&
         absl::ascii_isdigit(static_cast<unsigned char>(word[0]));
}

bool IsRawString(absl::string_view code, size_t at) {
  const absl::string_view prefix = WordBefore(code, at);
  return prefix == "R" || prefix == "u8R" || prefix == "uR" || prefix == "UR" ||
         prefix == "LR";
}

// R"mark(...)mark": the byte behind it.
size_t EndOfRawString(absl::string_view code, size_t at) {
  const size_t open = code.find('(', at);
  if (open == absl::string_view::npos) return code.size();
  const std::string close =
      absl::StrCat(")", code.substr(at + 1, open - at - 1), "\"");
  const size_t end = code.find(close, open);
  return end == absl::string_view::npos ? code.size() : end + close.size();
}

size_t EndOfLiteral(absl::string_view code, size_t at) {
  const char quote = code[at];
  for (size_t i = at + 1; i < code.size(); ++i) {
    if (code[i] == '\\') {
      ++i;
    } else if (code[i] == quote || code[i] == '\n') {
      return i + 1;
    }
  }
  return code.size();
}

// The end of the comment or literal that begins at `at`; `at` where none does.
size_t EndOfHidden(absl::string_view code, size_t at) {
  const absl::string_view rest = code.substr(at);
  if (absl::StartsWith(rest, "//")) {
    return std::min(code.find('\n', at), code.size());
  }
  if (absl::StartsWith(rest, "/*")) {
    const size_t end = code.find("*/", at + 2);
    return end == absl::string_view::npos ? code.size() : end + 2;
  }
  if (rest[0] == '"') {
    return IsRawString(code, at) ? EndOfRawString(code, at)
                                 : EndOfLiteral(code, at);
  }
  if (rest[0] == '\'' && !IsDigitSeparator(code, at)) {
    return EndOfLiteral(code, at);
  }
  return at;
}

// The byte behind the parenthesis that closes the one at `at`.
size_t EndOfParentheses(absl::string_view code, size_t at) {
  int depth = 0;
  for (; at < code.size(); ++at) {
    if (code[at] == '(') ++depth;
    if (code[at] == ')' && --depth == 0) return at + 1;
  }
  return code.size();
}

// Nothing, or what a definition may have, stands between ) and {.
bool BodyFollows(absl::string_view code) {
  const size_t brace = code.find_first_of("{;");
  if (brace == absl::string_view::npos || code[brace] == ';') return false;
  const absl::string_view between =
      absl::StripAsciiWhitespace(code.substr(0, brace));
  if (between.empty()) return true;
  for (absl::string_view start : {"->", "noexcept", "const", "[[", "try"}) {
    if (absl::StartsWith(between, start)) return true;
  }
  return false;
}

// A type stands before the name of a function that is being defined.
bool TypeStandsBefore(absl::string_view code, size_t at) {
  const absl::string_view before =
      absl::StripTrailingAsciiWhitespace(code.substr(0, at));
  if (before.empty()) return false;
  const char last = before.back();
  return IsWordByte(last) || absl::StrContains("*&>]", last);
}

}  // namespace

std::string WithoutCppComments(absl::string_view code) {
  std::string plain(code);
  for (size_t at = 0; at < code.size();) {
    const size_t end = EndOfHidden(code, at);
    for (size_t i = at; i < end; ++i) {
      if (plain[i] != '\n') plain[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return plain;
}

bool DefinesCppFunction(absl::string_view code, absl::string_view name) {
  const std::string text = WithoutCppComments(code);
  const absl::string_view plain = text;
  for (size_t at = plain.find(name); at != absl::string_view::npos;
       at = plain.find(name, at + 1)) {
    const size_t end = at + name.size();
    if (!WordBefore(plain, at).empty() || !TypeStandsBefore(plain, at)) {
      continue;
    }
    const size_t open = plain.find_first_not_of(" \t\r\n", end);
    if (open == absl::string_view::npos || plain[open] != '(') continue;
    if (BodyFollows(plain.substr(EndOfParentheses(plain, open)))) return true;
  }
  return false;
}

}  // namespace limbeck
