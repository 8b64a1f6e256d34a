#include "data/judge/code_extraction.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"

namespace limbeck {
namespace {

using testing::Optional;

std::optional<std::string> Sound(absl::string_view answer) {
  return ExtractCode(answer, ProgramLanguage::kPython, VerifyMode::kSound);
}

std::optional<std::string> Cpp(absl::string_view answer) {
  return ExtractCode(answer, ProgramLanguage::kCpp, VerifyMode::kSound);
}

std::optional<std::string> Compat(absl::string_view answer) {
  return ExtractCode(answer, ProgramLanguage::kPython, VerifyMode::kCompat);
}

TEST(ExtractCode, OneBlockBetweenWords) {
  EXPECT_THAT(Sound("Some words\n```python\ndef f():\n    pass\n```\nmore"),
              Optional(std::string("def f():\n    pass")));
}

TEST(ExtractCode, UnclosedBlockGoesToTheEnd) {
  EXPECT_THAT(Sound("words\n```python\ndef f():\n    pass\nwords"),
              Optional(std::string("def f():\n    pass\nwords")));
}

TEST(ExtractCode, TaggedBlockBeforeOthers) {
  EXPECT_THAT(Sound("```bash\npip install x\n```\n```python\na = 1\n```\n"
                    "Output:\n```\n5\n```\n```text\n6\n```"),
              Optional(std::string("a = 1")));
}

TEST(ExtractCode, LastOfTheTaggedBlocks) {
  EXPECT_THAT(Sound("```py\na = 1\n```\nbetter:\n```Python3\na = 2\n```"),
              Optional(std::string("a = 2")));
}

TEST(ExtractCode, UntaggedBeforeAnotherLanguage) {
  EXPECT_THAT(Sound("```\na = 1\n```\n```text\n5\n```"),
              Optional(std::string("a = 1")));
  EXPECT_THAT(Sound("```java\nclass A {}\n```"),
              Optional(std::string("class A {}")));
}

TEST(ExtractCode, LanguageDecides) {
  const std::string answer =
      "```cpp\nint main() {}\n```\n```python\na = 1\n```";
  EXPECT_THAT(Cpp(answer), Optional(std::string("int main() {}")));
  EXPECT_THAT(Sound(answer), Optional(std::string("a = 1")));
  EXPECT_THAT(Cpp("```c++\nint x;\n```"), Optional(std::string("int x;")));
}

TEST(ExtractCode, IndentedFencesAndTildes) {
  EXPECT_THAT(Sound("1. So:\n   ```python\n   if x:\n       y\n   ```\n"),
              Optional(std::string("if x:\n    y")));
  EXPECT_THAT(Sound("~~~python\nprint('```')\n~~~\n"),
              Optional(std::string("print('```')")));
  EXPECT_THAT(Sound("````python\ns = '''\n```\n'''\n````"),
              Optional(std::string("s = '''\n```\n'''")));
}

TEST(ExtractCode, OnlyBehindTheThinking) {
  EXPECT_THAT(Sound("<think>\n```python\na = 1\n```\n</think>\n"
                    "```python\na = 2\n```"),
              Optional(std::string("a = 2")));
  EXPECT_EQ(Sound("```python\na = 1\n```\n</think>\nDone."), std::nullopt);
  EXPECT_EQ(Sound("<think>\n```python\na = 1\n```"), std::nullopt);
}

TEST(ExtractCode, NothingFenced) {
  EXPECT_EQ(Sound("print(1)"), std::nullopt);
  EXPECT_EQ(Sound(""), std::nullopt);
  EXPECT_EQ(Sound("``` ```"), std::nullopt);
  EXPECT_EQ(Sound("```python\n\n```"), std::nullopt);
}

TEST(ExtractCode, InlineFenceOpensNothing) {
  EXPECT_THAT(Sound("Use ```x``` here\n```x``` too\n```python\na\n```"),
              Optional(std::string("a")));
}

TEST(ExtractCode, CarriageReturns) {
  EXPECT_THAT(Sound("```python\r\na = 1\r\nb = 2\r\n```\r\n"),
              Optional(std::string("a = 1\nb = 2")));
}

// lcb_runner/utils/extraction_utils.py, 28fef95.
TEST(ExtractCodeCompat, LinesBetweenTheLastTwoFences) {
  EXPECT_THAT(Compat("```python\na = 1\n```"), Optional(std::string("a = 1")));
  // What stands between two blocks is taken where a third fence opens.
  EXPECT_THAT(Compat("```python\na = 1\n```\nwords\n```"),
              Optional(std::string("words")));
  EXPECT_EQ(Compat("```python\na = 1"), std::nullopt);
  EXPECT_THAT(Compat("<think>```\na\n```"), Optional(std::string("a")));
  EXPECT_THAT(Compat("x ```python\na = 1\n``` y"),
              Optional(std::string("a = 1")));
  EXPECT_THAT(Compat("```python\n```"), Optional(std::string()));
}

TEST(ExtractCode, AnyBytes) {
  const std::string seed =
      "<think>a</think>\n  ```python\n  x\n  ```\n~~~\ny\n~~~ \n````c++\n";
  ForEachMutation(seed, 2000, 3, [](const std::string& bytes) {
    Sound(bytes);
    Cpp(bytes);
    Compat(bytes);
  });
}

}  // namespace
}  // namespace limbeck
