// Boxes of a LaTeX text, found in one pass without recursion: model output is
// untrusted and may be a megabyte of braces.
#ifndef LIMBECK_DATA_VERIFY_BOX_SCAN_H_
#define LIMBECK_DATA_VERIFY_BOX_SCAN_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

namespace limbeck {

// A closed \boxed{...} or \fbox{...}; byte offsets into the text.
struct Box {
  size_t begin = 0;    // the backslash
  size_t content = 0;  // first byte after the opening brace
  size_t close = 0;    // the closing brace
};

struct BoxScan {
  bool has_command = false;  // a box command, closed or not
  std::vector<Box> boxes;    // closed ones, by falling `content`, at most `max`
};

// The `max_boxes` boxes that begin last. \{ and \} are text, \\ is a line break
// (before "boxed" it is taken for a doubled backslash).
BoxScan ScanBoxes(absl::string_view text, size_t max_boxes);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_BOX_SCAN_H_
