// The format and its inverse, with hostile text.
#include "data/text/reasoning_format.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/random.h"
#include "data/record/jsonl.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

Message MakeMessage(Role role, const std::string& content) {
  Message message;
  message.set_role(role);
  message.set_content(content);
  return message;
}

std::string Cut(const std::string& text, const Span& span) {
  return text.substr(span.begin(), span.end() - span.begin());
}

TEST(RenderMessages, WritesTagsAndGenerationPrompt) {
  const std::vector<Message> messages = {MakeMessage(ROLE_SYSTEM, "s"),
                                         MakeMessage(ROLE_USER, "1+1?")};
  EXPECT_EQ(*RenderMessages(messages, false),
            "<|system|>s<|end|><|user|>1+1?<|end|>");
  EXPECT_EQ(*RenderMessages(messages, true),
            "<|system|>s<|end|><|user|>1+1?<|end|><|assistant|><think>\n");
}

TEST(RenderMessages, RefusesWhatCannotBeInverted) {
  const auto error = [](const std::vector<Message>& messages, bool prompt) {
    return std::string(RenderMessages(messages, prompt).status().message());
  };
  EXPECT_THAT(error({}, true), HasSubstr("no message"));
  EXPECT_THAT(error({MakeMessage(ROLE_UNSPECIFIED, "x")}, false),
              HasSubstr("message 0 has the unknown role 0"));
  EXPECT_THAT(
      error({MakeMessage(ROLE_USER, "x"), MakeMessage(ROLE_USER, "y")}, false),
      HasSubstr("messages 0 and 1 are both of ROLE_USER"));
  EXPECT_THAT(error({MakeMessage(ROLE_ASSISTANT, "x")}, true),
              HasSubstr("generation prompt"));
  for (const std::string& tag : ReasoningFormatTags()) {
    EXPECT_THAT(
        error({MakeMessage(ROLE_USER, absl::StrCat("a", tag, "b"))}, false),
        HasSubstr(absl::StrCat("the tag ", tag)));
  }
}

TEST(ParseMessages, SaysWhereTheTextIsNoConversation) {
  const auto error = [](absl::string_view text) {
    return std::string(ParseMessages(text).status().message());
  };
  EXPECT_THAT(error(""), HasSubstr("no message"));
  EXPECT_THAT(error("hello"), HasSubstr("byte 0: expected a role tag"));
  EXPECT_THAT(error("<|user|>a<|end|>b"), HasSubstr("byte 16"));
  EXPECT_THAT(error("<|user|>a"), HasSubstr("byte 0 has no <|end|>"));
  EXPECT_THAT(error("<|user|>a<think>b<|end|>"), HasSubstr("the tag <think>"));
  EXPECT_THAT(error("<|user|>a<|end|><|user|>b<|end|>"),
              HasSubstr("messages 0 and 1"));
}

// Fragments that come close to tags, and bytes that are no UTF-8.
std::string HostileContent(uint64_t key) {
  const std::vector<std::string> pieces = {"<",
                                           "|",
                                           "end",
                                           "|>",
                                           "<|en",
                                           "think",
                                           ">",
                                           "/",
                                           "\xff",
                                           "\n",
                                           std::string(1, '\0'),
                                           "\xE2\x96",
                                           " ",
                                           "user",
                                           "x"};
  std::string text;
  for (uint64_t i = 0; i < 8; ++i) {
    text += pieces[RandomBelow(pieces.size(), key, i)];
  }
  return text;
}

TEST(ParseMessages, InvertsRenderMessages) {
  int rendered = 0;
  for (uint64_t trial = 0; trial < 5000; ++trial) {
    std::vector<Message> messages;
    Role role = trial % 2 == 0 ? ROLE_USER : ROLE_SYSTEM;
    for (uint64_t i = 0; i <= trial % 4; ++i) {
      const uint64_t key = RandomKey(trial * 4 + i, RandomPurpose::kTest);
      messages.push_back(MakeMessage(role, HostileContent(key)));
      role = role == ROLE_USER ? ROLE_ASSISTANT : ROLE_USER;
    }
    const auto text = RenderMessages(messages, false);
    if (!text.ok()) continue;  // a whole tag came together
    ++rendered;
    const auto parsed = ParseMessages(*text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_EQ(parsed->size(), messages.size());
    for (size_t i = 0; i < messages.size(); ++i) {
      EXPECT_EQ((*parsed)[i].role(), messages[i].role());
      EXPECT_EQ((*parsed)[i].content(), messages[i].content());
    }
    EXPECT_EQ(*RenderMessages(*parsed, false), *text);
  }
  EXPECT_GT(rendered, 4000);
}

TEST(ParseMessages, EveryCutIsAnErrorOrAnInverse) {
  const std::string text =
      "<|system|>a<|end|><|user|>b<|end|><|assistant|>c<|end|>";
  for (size_t size = 0; size <= text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    const auto parsed = ParseMessages(cut);
    if (parsed.ok()) {
      EXPECT_EQ(*RenderMessages(*parsed, false), cut);
    }
    std::string changed = text;
    if (size < text.size()) changed[size] ^= 0x20;
    const auto other = ParseMessages(changed);
    if (other.ok()) {
      EXPECT_EQ(*RenderMessages(*other, false), changed);
    }
  }
}

TEST(SplitOutput, InvertsRenderOutput) {
  int checked = 0;
  for (uint64_t trial = 0; trial < 5000; ++trial) {
    const std::string thought =
        HostileContent(RandomKey(trial, RandomPurpose::kTest, 1));
    const std::string answer =
        HostileContent(RandomKey(trial, RandomPurpose::kTest, 2));
    bool has_tag = false;
    for (const std::string& tag : ReasoningFormatTags()) {
      has_tag = has_tag || thought.find(tag) != thought.npos ||
                answer.find(tag) != answer.npos;
    }
    if (has_tag) continue;
    ++checked;
    const std::string output = RenderOutput(thought, answer);
    const OutputParts parts = SplitOutput(output);
    ASSERT_TRUE(parts.well_formed) << parts.problem;
    EXPECT_FALSE(parts.repaired_open_tag);
    EXPECT_EQ(Cut(output, parts.think), thought);
    EXPECT_EQ(Cut(output, parts.answer), answer);
  }
  EXPECT_GT(checked, 4000);
}

struct SplitCase {
  std::string output;
  std::string problem;
  std::string think;
  std::string answer;
};

TEST(SplitOutput, Table) {
  const std::vector<SplitCase> cases = {
      {"a</think>b", "", "a", "b"},
      {"</think>b", "", "", "b"},
      {"a</think>", "", "a", ""},
      {"a</think>b<|end|>", "", "a", "b"},
      {"<think>\na</think>b", "", "a", "b"},
      {"<think>a</think>b", "", "a", "b"},
      {"", "no </think>", "", ""},
      {"a", "no </think>", "a", ""},
      {"<think>", "no </think>", "", ""},
      {"a</think>b</think>c", "2 times </think>", "a</think>b", "c"},
      {"a<think>b</think>c", "a second <think>", "a<think>b", "c"},
      {"<think>a<think>b</think>c", "a second <think>", "a<think>b", "c"},
      {"a</think>b<think>c", "a second <think>", "a", "b<think>c"},
      {"a</think>b<|end|>c", "text after <|end|>", "a", "b"},
      {"a<|end|></think>b", "no </think>", "a", ""},
      {"a</think>b<|user|>c", "the role tag <|user|>", "a", "b<|user|>c"},
      {"\xff</think>\xe2\x96", "", "\xff", "\xe2\x96"},
  };
  for (const SplitCase& c : cases) {
    const OutputParts parts = SplitOutput(c.output);
    EXPECT_EQ(parts.problem, c.problem) << c.output;
    EXPECT_EQ(parts.well_formed, c.problem.empty()) << c.output;
    EXPECT_EQ(Cut(c.output, parts.think), c.think) << c.output;
    EXPECT_EQ(Cut(c.output, parts.answer), c.answer) << c.output;
  }
}

TEST(SplitOutput, NoticesItsOwnOpenTag) {
  EXPECT_TRUE(SplitOutput("<think>a</think>b").repaired_open_tag);
  EXPECT_FALSE(SplitOutput("a</think>b").repaired_open_tag);
}

TEST(SplitOutput, SpansStayInsideAnyBytes) {
  const std::vector<std::string> pieces = {
      "<think>", "</think>", "<|end|>", "\n", "a", "<|user|>", "</thin"};
  for (uint64_t trial = 0; trial < 20000; ++trial) {
    const uint64_t key = RandomKey(trial, RandomPurpose::kTest, 3);
    std::string output;
    for (uint64_t i = 0; i < trial % 7; ++i) {
      output += pieces[RandomBelow(pieces.size(), key, i)];
    }
    const OutputParts parts = SplitOutput(output);
    ASSERT_LE(parts.think.begin(), parts.think.end());
    ASSERT_LE(parts.think.end(), parts.answer.begin());
    ASSERT_LE(parts.answer.begin(), parts.answer.end());
    ASSERT_LE(parts.answer.end(), output.size());
    ASSERT_EQ(Cut(output, parts.answer).find("</think>"), std::string::npos);
  }
}

// What jinja2 makes of the template, refusals (null) included.
TEST(RenderMessages, AgreesWithTheChatTemplate) {
  auto reader = JsonlReader::Open("tests/testdata/text/chats.jsonl");
  ASSERT_TRUE(reader.ok()) << reader.status();
  JsonlLine line;
  int rendered = 0, refused = 0;
  while (*(*reader)->Next(&line)) {
    const Json chat = *ParseJsonlLine(**reader, line);
    std::vector<Message> messages;
    for (const Json& entry : chat.Find("messages")->array()) {
      const std::string role = *entry.GetString("role");
      messages.push_back(MakeMessage(role == "system"      ? ROLE_SYSTEM
                                     : role == "user"      ? ROLE_USER
                                     : role == "assistant" ? ROLE_ASSISTANT
                                                           : ROLE_UNSPECIFIED,
                                     *entry.GetString("content")));
    }
    const auto text = RenderMessages(messages, *chat.GetBool("prompt"));
    const Json* expected = chat.Find("text");
    if (expected->is_null()) {
      ++refused;
      EXPECT_FALSE(text.ok()) << line.text;
    } else {
      ++rendered;
      ASSERT_TRUE(text.ok()) << line.text << text.status();
      EXPECT_EQ(*text, expected->string());
    }
  }
  EXPECT_GT(rendered, 20);
  EXPECT_GT(refused, 100);
}

TEST(ReasoningFormat, FingerprintIsTheTemplatesHash) {
  EXPECT_EQ(ReasoningFormatFingerprint().size(), 64u);
  for (const std::string& tag : ReasoningFormatTags()) {
    EXPECT_THAT(std::string(ReasoningChatTemplate()), HasSubstr(tag));
  }
}

}  // namespace
}  // namespace limbeck
