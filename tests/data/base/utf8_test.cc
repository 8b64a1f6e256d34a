#include "data/base/utf8.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace limbeck {
namespace {

TEST(Utf8, EveryCodePointGoesThereAndBack) {
  for (uint32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    AppendUtf8(code, &text);
    const size_t expected = code < 0x80      ? 1
                            : code < 0x800   ? 2
                            : code < 0x10000 ? 3
                                             : 4;
    ASSERT_EQ(text.size(), expected) << code;
    ASSERT_EQ(Utf8SequenceBytes(text), expected) << code;
  }
}

TEST(Utf8, PrefixesAreThoseOfWholeSequences) {
  for (uint32_t code = 0; code <= 0x10FFFF; code += code < 0x1000 ? 1 : 61) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string text;
    AppendUtf8(code, &text);
    EXPECT_FALSE(IsUtf8Prefix(text));
    for (size_t bytes = 1; bytes < text.size(); ++bytes) {
      EXPECT_TRUE(IsUtf8Prefix(text.substr(0, bytes))) << code;
    }
  }
  for (const char* bad : {"", "a", "\x80", "\xC1", "\xE0\x9F", "\xED\xA0",
                          "\xF4\x90", "\xF5", "\xE2\x28", "\xF0\x90\x28"}) {
    EXPECT_FALSE(IsUtf8Prefix(bad)) << bad;
  }
}

TEST(Utf8, KnownBytes) {
  std::string text;
  AppendUtf8(0x20AC, &text);
  AppendUtf8(0x1F600, &text);
  EXPECT_EQ(text, "\xE2\x82\xAC\xF0\x9F\x98\x80");
}

// RFC 3629, section 4: exactly these sequences of two bytes are well-formed.
TEST(Utf8, AllPairsOfBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first),
                                static_cast<char>(second)};
      const bool pair =
          first >= 0xC2 && first <= 0xDF && second >= 0x80 && second <= 0xBF;
      const size_t expected = first < 0x80 ? 1 : pair ? 2 : 0;
      ASSERT_EQ(Utf8SequenceBytes(text), expected) << first << " " << second;
    }
  }
}

TEST(Utf8, BadSequences) {
  for (const char* text :
       {"\x80", "\xBF",          // continuation alone
        "\xC0\x80", "\xC1\xBF",  // overlong
        "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80", "\xED\xBF\xBF",  // surrogates
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE", "\xE2\x82",
        "\xF0\x9F\x98", "\xE2",  // cut
        "\xE2\x28\xA1", "\xF0\x9F\x28\x80"}) {
    EXPECT_EQ(Utf8SequenceBytes(text), 0) << text;
    EXPECT_FALSE(IsValidUtf8(text));
  }
  EXPECT_EQ(Utf8SequenceBytes(""), 0);
}

TEST(Utf8, ValidTexts) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_TRUE(IsValidUtf8(std::string("\0", 1)));
  EXPECT_TRUE(IsValidUtf8(std::string(kReplacementCharacter)));
  EXPECT_FALSE(IsValidUtf8("good \xFF"));
}

}  // namespace
}  // namespace limbeck
