#include "recipes/report/html.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "recipes/report/style.h"

namespace limbeck::report {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the valid UTF-8 sequence at the start of `text`, 0 if there is
// none (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
size_t SequenceLength(absl::string_view text, uint32_t* code_point) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  size_t length = lead < 0x80       ? 1
                  : lead >> 5 == 6  ? 2
                  : lead >> 4 == 14 ? 3
                  : lead >> 3 == 30 ? 4
                                    : 0;
  if (length == 0 || text.size() < length) return 0;
  constexpr uint8_t kLeadMask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  uint32_t value = lead & kLeadMask[length];
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    value = value << 6 | (byte(i) & 0x3F);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || surrogate || value > 0x10FFFF) return 0;
  *code_point = value;
  return length;
}

bool IsBidirectionalControl(uint32_t code_point) {
  return (code_point >= 0x202A && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

void AppendCharacter(absl::string_view bytes, uint32_t code_point,
                     std::string* out) {
  switch (code_point) {
    case '&':
      *out += "&amp;";
      return;
    case '<':
      *out += "&lt;";
      return;
    case '>':
      *out += "&gt;";
      return;
    case '"':
      *out += "&quot;";
      return;
    case '\'':
      *out += "&#39;";
      return;
    default:
      break;
  }
  const bool kept_blank = code_point == '\n' || code_point == '\t';
  if (code_point < 0x20 && !kept_blank) {
    // U+2400 + code: E2 90 80 + code.
    *out += "\xE2\x90";
    *out += static_cast<char>(0x80 + code_point);
  } else if (code_point == 0x7F) {
    *out += "\xE2\x90\xA1";
  } else if ((code_point >= 0x80 && code_point < 0xA0) ||
             IsBidirectionalControl(code_point)) {
    absl::StrAppend(out, kReplacement);
  } else {
    absl::StrAppend(out, bytes);
  }
}

}  // namespace

std::string Escape(absl::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    uint32_t code_point = 0;
    const size_t length = SequenceLength(text, &code_point);
    if (length == 0) {
      absl::StrAppend(&out, kReplacement);
      text.remove_prefix(1);
      continue;
    }
    AppendCharacter(text.substr(0, length), code_point, &out);
    text.remove_prefix(length);
  }
  return out;
}

std::string Count(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string Percent(double share) {
  return absl::StrFormat("%.1f %%", 100.0 * share);
}

std::string Duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (seconds < 10.0) return absl::StrFormat("%.1f s", seconds);
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) {
    return absl::StrCat(whole / 60, " min ", whole % 60, " s");
  }
  return absl::StrCat(whole / 3600, " h ", whole % 3600 / 60, " min");
}

std::string Figure(double number) {
  if (!std::isfinite(number)) return "–";
  return absl::StrFormat("%.3g", number);
}

std::string ToHtml(const Table& table) {
  std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
  const auto cell = [&](absl::string_view tag, size_t column,
                        const std::string& content) {
    const bool numeric = column < table.numeric.size() && table.numeric[column];
    absl::StrAppend(&html, "<", tag, numeric ? " class=\"n\">" : ">", content,
                    "</", tag, ">");
  };
  for (size_t i = 0; i < table.head.size(); ++i) cell("th", i, table.head[i]);
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) cell("td", i, row[i]);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string ToHtml(const Section& section) {
  std::string html =
      absl::StrCat("<section id=\"", Escape(section.id), "\">\n<h2>",
                   Escape(section.title), "</h2>\n", section.body);
  if (!section.sources.empty()) {
    std::vector<std::string> names;
    for (const std::string& source : section.sources) {
      names.push_back(absl::StrCat("<code>", Escape(source), "</code>"));
    }
    absl::StrAppend(&html,
                    "<p class=\"source\">Source: ", absl::StrJoin(names, ", "),
                    "</p>\n");
  }
  return html + "</section>\n";
}

std::string Page(absl::string_view title, absl::string_view lead_html,
                 const std::vector<Section>& sections) {
  std::string html = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>",
      Escape(title), "</title>\n<style>\n", kStyleSheet,
      "</style>\n</head>\n<body>\n<main>\n<header><h1>", Escape(title),
      "</h1>\n", lead_html, "</header>\n<nav>");
  for (const Section& section : sections) {
    absl::StrAppend(&html, "<a href=\"#", Escape(section.id), "\">",
                    Escape(section.title), "</a> ");
  }
  html += "</nav>\n";
  for (const Section& section : sections) html += ToHtml(section);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace limbeck::report
