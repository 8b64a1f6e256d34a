#include "recipes/report/html.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/utf8.h"
#include "recipes/report/numbers.h"
#include "recipes/report/style.h"

namespace limbeck::report {
namespace {

// Of a well-formed sequence.
uint32_t CodePoint(absl::string_view sequence) {
  constexpr uint32_t kLeadMask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t value =
      static_cast<uint8_t>(sequence[0]) & kLeadMask[sequence.size()];
  for (const char byte : sequence.substr(1)) {
    value = value << 6 | (static_cast<uint8_t>(byte) & 0x3F);
  }
  return value;
}

// Embeddings, overrides and isolates can make a line show something else than
// it says.
bool IsBidirectionalControl(uint32_t code_point) {
  return (code_point >= 0x202A && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

// Not allowed in HTML text, whatever their meaning.
bool IsNoncharacter(uint32_t code_point) {
  return (code_point & 0xFFFE) == 0xFFFE ||
         (code_point >= 0xFDD0 && code_point <= 0xFDEF);
}

absl::string_view EntityOf(uint32_t code_point) {
  switch (code_point) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return "";
  }
}

void AppendCharacter(absl::string_view bytes, std::string* out) {
  constexpr uint32_t kControlPictures = 0x2400;
  constexpr uint32_t kDelete = 0x7F;
  constexpr uint32_t kDeletePicture = 0x2421;
  const uint32_t code_point = CodePoint(bytes);
  const bool kept_blank = code_point == '\n' || code_point == '\t';
  const absl::string_view entity = EntityOf(code_point);
  if (!entity.empty()) {
    absl::StrAppend(out, entity);
  } else if (code_point < 0x20 && !kept_blank) {
    AppendUtf8(kControlPictures + code_point, out);
  } else if (code_point == kDelete) {
    AppendUtf8(kDeletePicture, out);
  } else if ((code_point > kDelete && code_point < 0xA0) ||
             IsBidirectionalControl(code_point) || IsNoncharacter(code_point)) {
    absl::StrAppend(out, kReplacementCharacter);
  } else {
    absl::StrAppend(out, bytes);
  }
}

}  // namespace

std::string Escape(absl::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const size_t length = Utf8SequenceBytes(text);
    if (length == 0) {
      absl::StrAppend(&out, kReplacementCharacter);
    } else {
      AppendCharacter(text.substr(0, length), &out);
    }
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return out;
}

std::string Excerpt(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return Escape(text);
  size_t end = max_bytes;
  // Back to the start of a character; bytes that are no UTF-8 need not have
  // one within reach.
  constexpr size_t kLongestTail = 3;
  for (size_t back = 0; back <= kLongestTail && back <= end; ++back) {
    if ((static_cast<uint8_t>(text[end - back]) & 0xC0) != 0x80) {
      end -= back;
      break;
    }
  }
  return absl::StrCat(Escape(text.substr(0, end)), " [… ",
                      Count(text.size() - end), " more bytes]");
}

std::string Code(absl::string_view text) {
  return absl::StrCat("<code>", Escape(text), "</code>");
}

std::string Digest(absl::string_view hex) {
  constexpr size_t kShownDigits = 12;
  return absl::StrCat("<code class=\"whole\">",
                      Escape(hex.substr(0, kShownDigits)), "</code>");
}

std::string ToHtml(const Table& table) {
  const bool wide = table.head.size() > kWideColumns;
  std::string html =
      absl::StrCat("<div class=\"scroll\"><table",
                   wide ? " class=\"wide\"" : "", ">\n<thead><tr>");
  const auto css = [&](size_t column) {
    const bool numeric = column < table.numeric.size() && table.numeric[column];
    return numeric ? " class=\"n\"" : "";
  };
  for (size_t i = 0; i < table.head.size(); ++i) {
    absl::StrAppend(&html, "<th", css(i), ">", table.head[i], "</th>");
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&html, "<td", css(i));
      if (wide && i < table.head.size()) {
        absl::StrAppend(&html, " data-head=\"", table.head[i], "\"");
      }
      absl::StrAppend(&html, ">", row[i], "</td>");
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string SourceList(const std::vector<std::string>& sources) {
  constexpr size_t kListedOneByOne = 3;
  std::vector<std::pair<std::string, std::vector<std::string>>> folders;
  std::map<std::string, size_t> seen;
  for (const std::string& source : sources) {
    const std::string name = BaseName(source);
    const auto [at, is_new] = seen.emplace(name, folders.size());
    if (is_new) folders.emplace_back(name, std::vector<std::string>());
    std::vector<std::string>& known = folders[at->second].second;
    if (std::find(known.begin(), known.end(), source) == known.end()) {
      known.push_back(source);
    }
  }
  std::vector<std::string> parts;
  for (const auto& [name, paths] : folders) {
    if (paths.size() <= kListedOneByOne) {
      for (const std::string& path : paths) parts.push_back(Code(path));
      continue;
    }
    std::vector<std::string> directories;
    for (const std::string& path : paths) {
      directories.push_back(Code(DirName(path)));
    }
    parts.push_back(
        absl::StrCat(Code(name), " of ", absl::StrJoin(directories, ", ")));
  }
  return absl::StrJoin(parts, "; ");
}

std::string ToHtml(const Section& section) {
  std::string html =
      absl::StrCat("<section id=\"", Escape(section.id), "\">\n<h2>",
                   Escape(section.title), "</h2>\n");
  if (!section.guide.empty()) {
    absl::StrAppend(&html, "<p class=\"guide\">", Escape(section.guide),
                    "</p>\n");
  }
  html += section.body;
  if (!section.sources.empty()) {
    absl::StrAppend(&html,
                    "<p class=\"source\">Source: ", SourceList(section.sources),
                    "</p>\n");
  }
  return html + "</section>\n";
}

std::string Page(absl::string_view title, absl::string_view lead_html,
                 const std::vector<Section>& sections) {
  std::string html = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
      kPageMark,
      "\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
      "dark\">\n<title>",
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
