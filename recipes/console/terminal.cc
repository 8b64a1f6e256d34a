#include "recipes/console/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/utf8.h"

namespace limbeck {
namespace {

struct CodePoint {
  uint32_t value = 0;
  int bytes = 0;  // 0: the text is no UTF-8 here
};

CodePoint ReadCodePoint(absl::string_view text) {
  const size_t bytes = Utf8SequenceBytes(text);
  if (bytes == 0) return {};
  const uint8_t first = static_cast<uint8_t>(text[0]);
  if (bytes == 1) return {first, 1};
  uint32_t value = first & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    value = value << 6 | (static_cast<uint8_t>(text[i]) & 0x3Fu);
  }
  return {value, static_cast<int>(bytes)};
}

// Marks that change how the text around them is shown (UAX #9), line and
// paragraph separators, and the byte order mark.
bool IsInvisibleMark(uint32_t value) {
  return value == 0x061C || (value >= 0x200B && value <= 0x200F) ||
         (value >= 0x2028 && value <= 0x202E) ||
         (value >= 0x2060 && value <= 0x206F) || value == 0xFEFF;
}

void AppendEscaped(const CodePoint& point, absl::string_view bytes,
                   std::string& out) {
  const uint32_t value = point.value;
  if (value == '\n') {
    out += "\\n";
  } else if (value == '\t') {
    out += "\\t";
  } else if (value == '\r') {
    out += "\\r";
  } else if (value < 0x20 || value == 0x7F) {
    absl::StrAppendFormat(&out, "\\x%02x", value);
  } else if ((value >= 0x80 && value < 0xA0) || IsInvisibleMark(value)) {
    absl::StrAppendFormat(&out, "\\u{%x}", value);
  } else {
    out.append(bytes.data(), bytes.size());
  }
}

std::string Escape(absl::string_view text, absl::string_view kept) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = ReadCodePoint(text.substr(at));
    if (point.bytes == 0) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<uint8_t>(text[at]));
      ++at;
      continue;
    }
    const absl::string_view bytes =
        text.substr(at, static_cast<size_t>(point.bytes));
    if (kept.find(bytes) != absl::string_view::npos) {
      out.append(bytes.data(), bytes.size());
    } else {
      AppendEscaped(point, bytes, out);
    }
    at += bytes.size();
  }
  return out;
}

}  // namespace

std::string EscapeForTerminal(absl::string_view text) {
  return Escape(text, "");
}

std::string EscapeLinesForTerminal(absl::string_view text) {
  return Escape(text, "\n");
}

int TextWidth(absl::string_view utf8) {
  return static_cast<int>(std::count_if(
      utf8.begin(), utf8.end(),
      [](char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; }));
}

std::string FitToWidth(absl::string_view utf8, int width) {
  if (width <= 0) return "";
  if (TextWidth(utf8) <= width) return std::string(utf8);
  size_t at = 0;
  int columns = 0;
  while (at < utf8.size()) {
    const bool starts = (static_cast<uint8_t>(utf8[at]) & 0xC0) != 0x80;
    if (starts && ++columns > width - 1) break;
    ++at;
  }
  return absl::StrCat(utf8.substr(0, at), "~");
}

void FillStandardDescriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number, which is this one.
    open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

bool IsTerminal(int descriptor) { return isatty(descriptor) == 1; }

int TerminalWidth(int descriptor) {
  winsize size = {};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void WriteToDescriptor(int descriptor, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

std::string FormatDuration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const int64_t whole = static_cast<int64_t>(std::min(seconds, 1e12) + 0.5);
  const int64_t hours = whole / 3600;
  const int64_t minutes = whole / 60 % 60;
  if (hours > 0) {
    return absl::StrFormat("%d:%02d:%02d", hours, minutes, whole % 60);
  }
  return absl::StrFormat("%d:%02d", minutes, whole % 60);
}

std::string FormatBytes(double bytes) {
  if (bytes < 1024) return absl::StrFormat("%.0f B", bytes);
  for (const char* unit : {"KiB", "MiB", "GiB", "TiB"}) {
    bytes /= 1024;
    if (bytes < 1024 || unit[0] == 'T') {
      return absl::StrFormat("%.1f %s", bytes, unit);
    }
  }
  return "";
}

std::string FormatCount(double count) {
  if (count < 1000) {
    if (count == std::floor(count)) return absl::StrFormat("%.0f", count);
    return absl::StrFormat("%.1f", count);
  }
  for (const char* unit : {"k", "M", "G", "T"}) {
    count /= 1000;
    if (count < 1000 || unit[0] == 'T') {
      return absl::StrFormat("%.3g%s", count, unit);
    }
  }
  return "";
}

}  // namespace limbeck
