// Nothing from outside reaches a terminal raw.
#include "recipes/console/terminal.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

TEST(Terminal, PlainUnicodeStays) {
  EXPECT_EQ(EscapeForTerminal("x² = 16 → ☃ 𝄞"), "x² = 16 → ☃ 𝄞");
}

TEST(Terminal, ControlCharactersAreEscaped) {
  EXPECT_EQ(EscapeForTerminal("a\x1b[31mred\x07\r\n\tb\x7f"),
            "a\\x1b[31mred\\x07\\r\\n\\tb\\x7f");
  EXPECT_EQ(EscapeForTerminal(std::string("nul\0!", 5)), "nul\\x00!");
}

TEST(Terminal, C1AndDirectionMarksAreEscaped) {
  EXPECT_EQ(EscapeForTerminal("\xC2\x9B"
                              "31m"),
            "\\u{9b}31m");
  EXPECT_EQ(EscapeForTerminal("safe\u202Etxt.exe"), "safe\\u{202e}txt.exe");
}

TEST(Terminal, BytesThatAreNoUtf8AreEscaped) {
  EXPECT_EQ(EscapeForTerminal("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(EscapeForTerminal("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(EscapeForTerminal("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
}

TEST(Terminal, NoByteStringLeavesAControlCharacter) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first),
                                static_cast<char>(second)};
      for (const char c : EscapeForTerminal(text)) {
        const auto byte = static_cast<unsigned char>(c);
        EXPECT_TRUE(byte >= 0x20 && byte != 0x7F) << first << " " << second;
      }
    }
  }
}

TEST(Terminal, LinesMayStay) {
  EXPECT_EQ(EscapeLinesForTerminal("a\nb\rc"), "a\nb\\rc");
}

TEST(Terminal, FitsToWidthByCodePoints) {
  EXPECT_EQ(FitToWidth("äöü", 3), "äöü");
  EXPECT_EQ(FitToWidth("äöüß", 3), "äö~");
  EXPECT_EQ(FitToWidth("abc", 0), "");
}

TEST(Terminal, Quantities) {
  EXPECT_EQ(FormatDuration(7.4), "0:07");
  EXPECT_EQ(FormatDuration(754), "12:34");
  EXPECT_EQ(FormatDuration(3723), "1:02:03");
  EXPECT_EQ(FormatDuration(-1), "?");
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1.5 * 1024 * 1024), "1.5 MiB");
  EXPECT_EQ(FormatCount(950), "950");
  EXPECT_EQ(FormatCount(12345), "12.3k");
  EXPECT_EQ(FormatCount(4560000), "4.56M");
}

}  // namespace
}  // namespace limbeck
