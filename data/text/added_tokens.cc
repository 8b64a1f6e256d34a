// A trie over bytes.
#include "data/text/added_tokens.h"

namespace limbeck {

void AddedTokenMatcher::Add(absl::string_view content, int32_t id) {
  if (content.empty()) return;
  size_t node = 0;
  for (char c : content) {
    const auto [place, is_new] =
        nodes_[node].children.emplace(c, nodes_.size());
    node = place->second;
    if (is_new) nodes_.emplace_back();
  }
  nodes_[node].id = id;
}

AddedTokenMatcher::Match AddedTokenMatcher::Longest(
    absl::string_view text) const {
  Match longest;
  size_t node = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto child = nodes_[node].children.find(text[i]);
    if (child == nodes_[node].children.end()) break;
    node = child->second;
    if (nodes_[node].id >= 0) longest = {i + 1, nodes_[node].id};
  }
  return longest;
}

std::vector<AddedTokenMatcher::Segment> AddedTokenMatcher::Split(
    absl::string_view text) const {
  std::vector<Segment> segments;
  size_t plain = 0;  // start of the text since the last match
  size_t at = 0;
  while (at < text.size()) {
    const Match match = Longest(text.substr(at));
    if (match.length == 0) {
      ++at;
      continue;
    }
    if (plain < at) segments.push_back({text.substr(plain, at - plain), -1});
    segments.push_back({text.substr(at, match.length), match.id});
    at += match.length;
    plain = at;
  }
  if (plain < at) segments.push_back({text.substr(plain), -1});
  return segments;
}

}  // namespace limbeck
