// A trie over bytes, and the rules of the flags: those of the library
// tokenizers 0.23.3 (AddedVocabulary).
#include "data/text/added_tokens.h"

#include <algorithm>
#include <cstddef>

#include "data/text/unicode_classes.h"

namespace limbeck {
namespace {

bool IsPartOfWord(const Character& character) {
  return character.code != UINT32_MAX && IsWordCharacter(character.code);
}

// Where the last character of the text begins; 0 for an empty text.
size_t LastCharacter(absl::string_view text) {
  size_t at = text.size();
  for (size_t bytes = 1; bytes <= 4 && at > 0; ++bytes) {
    --at;
    const bool continues = (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80;
    if (!continues) break;
  }
  return at;
}

bool EndsWithWord(absl::string_view text) {
  return !text.empty() &&
         IsPartOfWord(ReadCharacter(text, LastCharacter(text)));
}

bool BeginsWithWord(absl::string_view text) {
  return !text.empty() && IsPartOfWord(ReadCharacter(text, 0));
}

size_t WithoutBlanksAtEnd(absl::string_view text) {
  while (!text.empty()) {
    const size_t last = LastCharacter(text);
    if (!ReadCharacter(text, last).In(kBlanks)) break;
    text = text.substr(0, last);
  }
  return text.size();
}

size_t BlanksAtStart(absl::string_view text) {
  size_t at = 0;
  for (;;) {
    const Character next = ReadCharacter(text, at);
    if (!next.In(kBlanks)) return at;
    at += next.bytes;
  }
}

}  // namespace

void AddedTokenMatcher::Add(const AddedToken& token) {
  if (token.content.empty()) return;
  size_t node = 0;
  for (char c : token.content) {
    const auto [place, is_new] =
        nodes_[node].children.emplace(c, nodes_.size());
    node = place->second;
    if (is_new) nodes_.emplace_back();
  }
  if (nodes_[node].token >= 0) return;
  nodes_[node].token = static_cast<int32_t>(tokens_.size());
  may_begin_[static_cast<uint8_t>(token.content[0])] = true;
  tokens_.push_back(token);
}

AddedTokenMatcher::Match AddedTokenMatcher::Longest(
    absl::string_view text) const {
  Match longest;
  size_t node = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto child = nodes_[node].children.find(text[i]);
    if (child == nodes_[node].children.end()) break;
    node = child->second;
    if (nodes_[node].token >= 0) longest = {i + 1, nodes_[node].token};
  }
  return longest;
}

void AddedTokenMatcher::Split(
    absl::string_view text,
    absl::FunctionRef<void(absl::string_view, int32_t)> visit) const {
  size_t plain = 0;  // start of the text since the last match
  for (size_t at = 0; at < text.size();) {
    if (!may_begin_[static_cast<uint8_t>(text[at])]) {
      ++at;
      continue;
    }
    const Match match = Longest(text.substr(at));
    if (match.length == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(match.token)];
    size_t begin = at;
    size_t end = at + match.length;
    at = end;
    if (token.single_word && (EndsWithWord(text.substr(0, begin)) ||
                              BeginsWithWord(text.substr(end)))) {
      continue;
    }
    if (token.lstrip) {
      begin = std::max(WithoutBlanksAtEnd(text.substr(0, begin)), plain);
    }
    if (token.rstrip) end += BlanksAtStart(text.substr(end));
    if (plain < begin) visit(text.substr(plain, begin - plain), -1);
    visit(text.substr(begin, end - begin), token.id);
    plain = end;
  }
  if (plain < text.size()) visit(text.substr(plain), -1);
}

}  // namespace limbeck
