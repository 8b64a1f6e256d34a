// Collects candidates by rule and sorts them.
#include "data/verify/compat_extract.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/verify/box_scan.h"
#include "data/verify/compat.h"
#include "data/verify/compat_places.h"

namespace limbeck {
namespace {

constexpr int kHopePriority = 0;
constexpr int kFinalPriority = 50;
constexpr int kColonPriority = 100;
constexpr int kAnswerPriority = 200;
constexpr int kBarePriority = 300;
// Bytes between the word "answer" and X; more before "= X".
constexpr size_t kReach = 50;
constexpr size_t kReachToEquals = 100;
// Bytes between joined boxes; more where a joining word stands there.
constexpr size_t kNearBoxes = 10;
constexpr size_t kJoinedBoxes = 70;
constexpr size_t kMaxBoxes = 64;
constexpr size_t kMaxCandidates = 64;

enum class Kind { kFormula, kNumber };

size_t SkipBlanks(absl::string_view text, size_t at) {
  while (at < text.size() && absl::ascii_isspace(text[at])) ++at;
  return at;
}

class CandidateFinder {
 public:
  CandidateFinder(absl::string_view text, Kind kind)
      : text_(text), kind_(kind), formulas_(text) {}

  std::vector<CompatCandidate> Run() {
    FindBare();
    FindAnswers();
    FindFinalAnswers();
    return std::move(found_);
  }

 private:
  std::optional<CompatPlace> PlaceAt(size_t at) const {
    return kind_ == Kind::kFormula ? formulas_.At(at)
                                   : PlainNumberAt(text_, at);
  }

  void Add(int priority, CompatPlace place) {
    found_.push_back(
        {priority, place.end, std::move(place.text), kind_ == Kind::kNumber});
  }

  void FindBare() {
    for (size_t at = 0; at < text_.size();) {
      auto place = PlaceAt(at);
      if (!place) {
        ++at;
        continue;
      }
      at = place->end;
      Add(kBarePriority, *std::move(place));
    }
  }

  void FindAnswers() {
    constexpr absl::string_view kWord = "answer";
    for (size_t at = 0; at + kWord.size() <= text_.size(); ++at) {
      if ((text_[at] | 0x20) != 'a' ||
          !absl::EqualsIgnoreCase(text_.substr(at, kWord.size()), kWord)) {
        continue;
      }
      const size_t after = at + kWord.size();
      const bool colon = after < text_.size() && text_[after] == ':';
      if (auto place = FirstWithin(after, kReach)) {
        Add(colon ? kColonPriority : kAnswerPriority, *std::move(place));
      }
      if (auto place = FirstAfterEquals(after)) {
        Add(colon ? kColonPriority : kAnswerPriority, *std::move(place));
      }
    }
  }

  std::optional<CompatPlace> FirstWithin(size_t begin, size_t reach) {
    const size_t limit = std::min(text_.size(), begin + reach + 1);
    for (size_t at = begin; at < limit; ++at) {
      if (auto place = PlaceAt(at)) return place;
      // A number may stand on the next line, other words before it may not.
      const bool line_ends = kind_ == Kind::kNumber && text_[at] == '\n';
      if (line_ends) return PlaceOrNone(SkipBlanks(text_, at));
    }
    return std::nullopt;
  }

  std::optional<CompatPlace> PlaceOrNone(size_t at) const {
    return at < text_.size() ? PlaceAt(at) : std::nullopt;
  }

  // Numbers only: "answer ... = X".
  std::optional<CompatPlace> FirstAfterEquals(size_t begin) {
    if (kind_ != Kind::kNumber) return std::nullopt;
    const size_t limit = std::min(text_.size(), begin + kReachToEquals);
    for (size_t at = begin; at < limit; ++at) {
      if (text_[at] != '=') continue;
      const size_t number = SkipBlanks(text_, at + 1);
      if (auto place = PlaceOrNone(number)) return place;
    }
    return std::nullopt;
  }

  void FindFinalAnswers() {
    // "Final" in either case, the rest as it stands here.
    constexpr absl::string_view kWords = "inal answer is";
    for (size_t at = text_.find(kWords); at != text_.npos;
         at = text_.find(kWords, at + 1)) {
      if (at == 0 || (text_[at - 1] | 0x20) != 'f') continue;
      size_t begin = at + kWords.size();
      if (begin < text_.size() && text_[begin] == ':') ++begin;
      auto place = PlaceOrNone(SkipBlanks(text_, begin));
      if (!place) continue;
      absl::string_view rest = text_.substr(place->end);
      absl::ConsumePrefix(&rest, ".");
      const bool hope =
          absl::StartsWith(absl::StripLeadingAsciiWhitespace(rest), "I hope");
      Add(hope ? kHopePriority : kFinalPriority, *std::move(place));
    }
  }

  const absl::string_view text_;
  const Kind kind_;
  const FormulaFinder formulas_;
  std::vector<CompatCandidate> found_;
};

bool JoinsFarBoxes(absl::string_view between) {
  for (absl::string_view sign : {",", ";"}) {
    if (absl::StrContains(between, sign)) return true;
  }
  for (absl::string_view word : {"and", "or"}) {
    for (size_t at = between.find(word); at != between.npos;
         at = between.find(word, at + 1)) {
      const size_t end = at + word.size();
      const bool begins = at == 0 || !absl::ascii_isalnum(between[at - 1]);
      const bool ends =
          end == between.size() || !absl::ascii_isalnum(between[end]);
      if (begins && ends) return true;
    }
  }
  return false;
}

bool AreJoined(absl::string_view text, const Box& first, const Box& second) {
  const size_t begin = first.close + 1;
  if (second.begin < begin) return false;
  const absl::string_view between = text.substr(begin, second.begin - begin);
  return between.size() < kNearBoxes ||
         (between.size() < kJoinedBoxes && JoinsFarBoxes(between));
}

// A percent word behind the formula that holds the box.
size_t PercentAfterBox(absl::string_view text, size_t end) {
  for (absl::string_view close : {"$$", "$", "\\)", "\\]"}) {
    if (absl::StartsWith(text.substr(end), close)) {
      return PercentBytes(text, end + close.size());
    }
  }
  return 0;
}

// Boxes as candidates, joined ones together. Boxes inside boxes do not count.
void AddBoxes(absl::string_view text, int priority,
              std::vector<CompatCandidate>* found) {
  std::vector<Box> boxes = ScanBoxes(text, kMaxBoxes).boxes;
  std::reverse(boxes.begin(), boxes.end());
  size_t covered = 0;
  const Box* last = nullptr;
  std::set<std::string> group;  // contents of joined boxes
  for (const Box& box : boxes) {
    if (!absl::StartsWith(text.substr(box.begin), "\\boxed{")) continue;
    if (box.begin < covered) continue;
    covered = box.close;
    const std::string content(
        text.substr(box.content, box.close - box.content));
    if (last != nullptr && AreJoined(text, *last, box)) {
      // The same box again adds nothing.
      if (group.insert(content).second) {
        absl::StrAppend(&found->back().text, ",", content);
      }
    } else {
      group = {content};
      found->push_back({priority, 0, content, false});
    }
    last = &box;
    found->back().end = box.close + 1;
  }
  if (last != nullptr && PercentAfterBox(text, last->close + 1) > 0) {
    absl::StrAppend(&found->back().text, "\\%");
  }
}

}  // namespace

std::vector<CompatCandidate> CompatCandidates(absl::string_view text,
                                              const CompatOptions& options) {
  if (text.size() > kCompatBytes)
    text.remove_prefix(text.size() - kCompatBytes);
  std::vector<CompatCandidate> found;
  if (options.latex) {
    found = CandidateFinder(text, Kind::kFormula).Run();
    AddBoxes(text, options.boxed_priority, &found);
  }
  if (options.expressions) {
    for (CompatCandidate& candidate :
         CandidateFinder(text, Kind::kNumber).Run()) {
      found.push_back(std::move(candidate));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const CompatCandidate& a, const CompatCandidate& b) {
                     return a.priority != b.priority ? a.priority < b.priority
                                                     : a.end > b.end;
                   });
  if (found.size() > kMaxCandidates) found.resize(kMaxCandidates);
  return found;
}

}  // namespace limbeck
