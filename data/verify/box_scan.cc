// A stack of open braces; boxes are noted when they close.
#include "data/verify/box_scan.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace limbeck {
namespace {

// Length of a box command name at the start of `text` ("boxed", "fbox"), not
// followed by a further letter; 0: none.
size_t BoxNameLength(absl::string_view text) {
  for (absl::string_view name : {"boxed", "fbox"}) {
    if (!absl::StartsWith(text, name)) continue;
    const bool longer_word =
        text.size() > name.size() && absl::ascii_isalpha(text[name.size()]);
    if (!longer_word) return name.size();
  }
  return 0;
}

struct Brace {
  size_t begin;    // of the box command
  size_t content;  // first byte after the brace
  bool is_box;
};

class BoxScanner {
 public:
  explicit BoxScanner(absl::string_view text) : text_(text) {}

  BoxScan Run() {
    size_t at = 0;
    while (at < text_.size()) at = Step(at);
    return std::move(scan_);
  }

 private:
  size_t Step(size_t at) {
    if (text_[at] == '\\') return Command(at + 1);
    if (text_[at] == '{') open_.push_back({at, at + 1, false});
    if (text_[at] == '}') Close(at);
    return at + 1;
  }

  // `at` is the byte after a backslash; returns where to go on.
  size_t Command(size_t at) {
    if (at >= text_.size()) return at;
    const size_t begin = at - 1;
    const absl::string_view rest = text_.substr(at);
    if (rest[0] == '\\') return BoxNameLength(rest.substr(1)) ? at : at + 1;
    const size_t name = BoxNameLength(rest);
    if (name == 0) return at + 1;
    scan_.has_command = true;
    at += name;
    while (at < text_.size() && absl::ascii_isspace(text_[at])) ++at;
    if (at >= text_.size() || text_[at] != '{') return at;
    open_.push_back({begin, at + 1, true});
    return at + 1;
  }

  void Close(size_t at) {
    if (open_.empty()) return;
    const Brace brace = open_.back();
    open_.pop_back();
    if (brace.is_box) scan_.boxes.push_back({brace.begin, brace.content, at});
  }

  const absl::string_view text_;
  std::vector<Brace> open_;
  BoxScan scan_;
};

}  // namespace

BoxScan ScanBoxes(absl::string_view text, size_t max_boxes) {
  BoxScan scan = BoxScanner(text).Run();
  std::vector<Box>& boxes = scan.boxes;
  const auto later = [](const Box& a, const Box& b) {
    return a.content > b.content;
  };
  const size_t kept = std::min(max_boxes, boxes.size());
  std::partial_sort(boxes.begin(), boxes.begin() + static_cast<long>(kept),
                    boxes.end(), later);
  boxes.resize(kept);
  return scan;
}

}  // namespace limbeck
