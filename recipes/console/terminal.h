// Text for people: nothing from outside reaches a terminal raw, and quantities
// read the same everywhere.
#ifndef LIMBECK_RECIPES_CONSOLE_TERMINAL_H_
#define LIMBECK_RECIPES_CONSOLE_TERMINAL_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace limbeck {

// One line of printable UTF-8: control characters (C0, DEL, C1), line breaks,
// bytes that are no UTF-8 and invisible direction marks become \n, \x1b or
// \u{202e}. All model text and all error messages pass through here.
std::string EscapeForTerminal(absl::string_view text);
// As above, but line breaks stay.
std::string EscapeLinesForTerminal(absl::string_view text);

// Code points, counting each as one column.
int TextWidth(absl::string_view utf8);
// At most `width` columns; a cut is marked by "~".
std::string FitToWidth(absl::string_view utf8, int width);

// Fills standard descriptors that are closed, so that no file of ours gets the
// number that messages go to. Writing to a filled one still fails.
void FillStandardDescriptors();

// Whether the file descriptor is a terminal, and its width (80 when unknown).
bool IsTerminal(int descriptor);
int TerminalWidth(int descriptor);
// Writes everything, or stops at the first error.
void WriteToDescriptor(int descriptor, absl::string_view text);

// "0:07", "12:34", "1:02:03".
std::string FormatDuration(double seconds);
// "512 B", "1.5 MiB".
std::string FormatBytes(double bytes);
// "950", "12.3k", "4.56M".
std::string FormatCount(double count);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_TERMINAL_H_
