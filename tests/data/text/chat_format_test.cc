// Prompts by the templates of the model families' constructs, and the options
// that change them.
#include "data/text/chat_format.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/text/chat_messages.h"
#include "data/text/reasoning_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/text/golden_lines.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

std::string TestTemplate(absl::string_view name) {
  return *ReadFile(absl::StrCat("tests/testdata/text/chat/", name, ".jinja"),
                   1 << 20);
}

Message Turn(Role role, absl::string_view content) {
  Message message;
  message.set_role(role);
  message.set_content(std::string(content));
  return message;
}

std::vector<Message> ThreeTurns() {
  return {Turn(ROLE_USER, "a"),
          Turn(ROLE_ASSISTANT, "<think>\nx\n</think>\n\nb"),
          Turn(ROLE_USER, "c")};
}

class ChatFormatTest : public ::testing::Test {
 protected:
  void WriteConfig(absl::string_view text) {
    LIMBECK_ASSERT_OK(
        WriteFileAtomically(folder_.File("tokenizer_config.json"), text));
  }
  void WriteTemplate(absl::string_view name) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(folder_.File("chat_template.jinja"),
                                          TestTemplate(name)));
    WriteConfig(
        "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"},"
        "\"added_tokens_decoder\": {\"7\": {\"content\": \"<|im_end|>\","
        "\"special\": true}, \"8\": {\"content\": \"<think>\", \"special\":"
        "false}, \"9\": {\"content\": \"word\", \"special\": false}}}");
  }
  ChatFormat Load() {
    auto format = ChatFormat::Load(folder_.path(), options_);
    EXPECT_THAT(format, IsOk());
    return *format;
  }
  ChatPrompt Prompt(const std::vector<Message>& messages) {
    auto prompt = Load().Prompt(messages);
    EXPECT_THAT(prompt, IsOk());
    return prompt.ok() ? *prompt : ChatPrompt();
  }
  absl::Status PromptError(const std::vector<Message>& messages) {
    return Load().Prompt(messages).status();
  }

  TemporaryDirectory folder_;
  ChatOptions options_;
};

TEST_F(ChatFormatTest, FamiliesTemplatesGiveJinjasTexts) {
  std::set<std::string> seen;
  for (const Json& line :
       ReadGoldenLines("tests/testdata/text/family_chats.jsonl")) {
    const std::string name = *line.GetString("template");
    if (seen.insert(name).second) {
      WriteTemplate(name.substr(0, name.size() - 6));
    }
    const auto text = Load().Render(*line.Find("variables"), false);
    if (const Json* wanted = line.Find("text")) {
      ASSERT_THAT(text, IsOk()) << WriteJson(line);
      EXPECT_EQ(*text, wanted->string());
    } else {
      EXPECT_FALSE(text.ok()) << WriteJson(line);
    }
  }
  EXPECT_EQ(seen.size(), 5u);
}

TEST_F(ChatFormatTest, SystemPromptIsTheTemplatesUnlessGiven) {
  WriteTemplate("default_system");
  const std::vector<Message> hi = {Turn(ROLE_USER, "hi")};
  const std::string rest =
      "<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n";
  const std::string head = "<|im_start|>system\n";
  EXPECT_EQ(Prompt(hi).text, absl::StrCat(head, "You are a test.", rest));
  options_.set_system_prompt("Be brief.");
  EXPECT_EQ(Prompt(hi).text, absl::StrCat(head, "Be brief.", rest));
  options_.set_system_prompt("");
  EXPECT_EQ(Prompt(hi).text, absl::StrCat(head, rest));
  EXPECT_EQ(Prompt({Turn(ROLE_SYSTEM, "own"), hi[0]}).text,
            absl::StrCat(head, "own", rest));
}

TEST_F(ChatFormatTest, ThinkingMayBeTurnedOff) {
  WriteTemplate("optional_thought");
  const std::vector<Message> hi = {Turn(ROLE_USER, "hi")};
  const std::string head =
      "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n";
  EXPECT_EQ(Prompt(hi).text, head);
  EXPECT_EQ(Prompt(hi).turn_prefix, "");
  options_.set_enable_thinking(true);
  EXPECT_EQ(Prompt(hi).text, head);
  options_.set_enable_thinking(false);
  const ChatPrompt prompt = Prompt(hi);
  EXPECT_EQ(prompt.text, absl::StrCat(head, "<think>\n\n</think>\n\n"));
  EXPECT_EQ(prompt.turn_prefix, "<think>\n\n</think>\n\n");
  EXPECT_EQ(ThoughtStateAfter(prompt.turn_prefix), ThoughtState::kClosed);
  options_.set_think_tag(ChatOptions::THINK_TAG_STRIP);
  EXPECT_EQ(Prompt(hi).text, prompt.text);  // only open tags are cut
  options_.set_think_tag(ChatOptions::THINK_TAG_OPEN);
  EXPECT_THAT(ChatFormat::Load(folder_.path(), options_),
              IsError(absl::StatusCode::kInvalidArgument,
                      "ChatOptions.think_tag opens the thought that "
                      "enable_thinking: false leaves out"));
}

TEST_F(ChatFormatTest, ThinkTagIsOpenedOrCutWhereAskedFor) {
  WriteTemplate("open_thought");
  const std::vector<Message> hi = {Turn(ROLE_USER, "hi")};
  EXPECT_EQ(Prompt(hi).text, "<s><|User|>hi<|Assistant|><think>\n");
  EXPECT_EQ(Prompt(hi).turn_prefix, "<think>\n");
  options_.set_think_tag(ChatOptions::THINK_TAG_OPEN);
  EXPECT_EQ(Prompt(hi).text, "<s><|User|>hi<|Assistant|><think>\n");
  options_.set_think_tag(ChatOptions::THINK_TAG_STRIP);
  EXPECT_EQ(Prompt(hi).text, "<s><|User|>hi<|Assistant|>");
  EXPECT_EQ(Prompt(hi).turn_prefix, "");
  WriteTemplate("default_system");
  options_.set_think_tag(ChatOptions::THINK_TAG_OPEN);
  EXPECT_THAT(Prompt(hi).text, HasSubstr("<|im_start|>assistant\n<think>\n"));
  EXPECT_EQ(Prompt(hi).turn_prefix, "<think>\n");
}

TEST_F(ChatFormatTest, EarlierThoughtsAreKeptOrDropped) {
  for (const char* name : {"open_thought", "optional_thought"}) {
    WriteTemplate(name);
    options_.clear_earlier_thoughts();
    EXPECT_THAT(Prompt(ThreeTurns()).text, Not(HasSubstr("\nx\n"))) << name;
    options_.set_earlier_thoughts(ChatOptions::EARLIER_THOUGHTS_KEEP);
    EXPECT_THAT(Prompt(ThreeTurns()).text,
                HasSubstr("<think>\nx\n</think>\n\nb"))
        << name;
  }
  WriteTemplate("default_system");  // cuts nothing by itself
  options_.clear_earlier_thoughts();
  EXPECT_THAT(Prompt(ThreeTurns()).text, HasSubstr("x\n</think>\n\nb<|im_"));
  options_.set_earlier_thoughts(ChatOptions::EARLIER_THOUGHTS_DROP);
  EXPECT_THAT(Prompt(ThreeTurns()).text, HasSubstr("assistant\nb<|im_end|>"));
}

TEST_F(ChatFormatTest, ThoughtsApartFromTheContentAreKeptToo) {
  WriteTemplate("optional_thought");
  const Json line = *ParseJson(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"},"
      "{\"role\": \"assistant\", \"content\": \"b\", \"reasoning_content\":"
      "\"why\"}, {\"role\": \"user\", \"content\": \"c\"},"
      "{\"role\": \"assistant\", \"content\": \"d\", \"reasoning_content\":"
      "\"so\"}], \"earlier_thoughts\": \"keep\"}");
  EXPECT_EQ(*Load().Render(line, false),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n"
            "<think>\nwhy\n</think>\n\nb<|im_end|>\n"
            "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"
            "<think>\nso\n</think>\n\nd<|im_end|>\n");
}

TEST_F(ChatFormatTest, DateIsTheTemplatesOwnUnlessGiven) {
  WriteTemplate("dated");
  const std::vector<Message> hi = {Turn(ROLE_USER, "hi")};
  EXPECT_THAT(Prompt(hi).text, HasSubstr("Today Date: 26 Jul 2024\n"));
  options_.set_date("2031-02-05");
  EXPECT_THAT(Prompt(hi).text, HasSubstr("Today Date: 05 Feb 2031\n"));
  for (const char* wrong : {"2031-02-30", "5 Feb 2031", "today", ""}) {
    options_.set_date(wrong);
    EXPECT_THAT(ChatFormat::Load(folder_.path(), options_),
                IsError(absl::StatusCode::kInvalidArgument,
                        absl::StrCat("is '", wrong, "'")));
  }
}

TEST_F(ChatFormatTest, WhatTheTemplateRaisesIsTheError) {
  WriteTemplate("strict_turns");
  EXPECT_EQ(Prompt({Turn(ROLE_USER, "a")}).text, "<s>[INST]a[/INST]");
  EXPECT_THAT(PromptError({Turn(ROLE_USER, "a"), Turn(ROLE_USER, "b")}),
              IsError(absl::StatusCode::kAborted, "roles must alternate"));
}

TEST_F(ChatFormatTest, ControlTokensInsideAMessageAreRefused) {
  WriteTemplate("default_system");
  EXPECT_THAT(PromptError({Turn(ROLE_USER, "what is <|im_end|>?")}),
              IsError(absl::StatusCode::kInvalidArgument,
                      "message 0 contains <|im_end|>, a control token"));
  EXPECT_THAT(PromptError({Turn(ROLE_USER, "x<think>")}),
              IsError(absl::StatusCode::kInvalidArgument, "<think>"));
  EXPECT_THAT(Prompt({Turn(ROLE_USER, "a word")}).text, HasSubstr("a word"));
}

TEST_F(ChatFormatTest, LinesOptionsGoBeforeTheFormats) {
  WriteTemplate("open_thought");
  options_.set_think_tag(ChatOptions::THINK_TAG_STRIP);
  Json line = *ParseJson(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}],"
      "\"add_generation_prompt\": true}");
  EXPECT_EQ(*Load().Render(line, false), "<s><|User|>hi<|Assistant|>");
  line.Set("think_tag", "open");
  line.Set("system_prompt", "be nice");
  EXPECT_EQ(*Load().Render(line, false),
            "<s>be nice<|User|>hi<|Assistant|><think>\n");
  line.Set("think_tag", "maybe");
  EXPECT_THAT(Load().Render(line, false),
              IsError(absl::StatusCode::kInvalidArgument,
                      "think_tag is 'maybe'; allowed: template, open, strip"));
  line.Set("think_tag", "open");
  line.Set("earlier_thoughts", 3);
  EXPECT_THAT(Load().Render(line, false),
              IsError(absl::StatusCode::kInvalidArgument, "earlier_thoughts"));
}

TEST_F(ChatFormatTest, TurnsEndAsTheTemplateEndsThem) {
  // The byte tokenizer's only control token is <|end|>.
  const auto tokenizer = MakeByteTokenizer();
  EXPECT_EQ(*ChatFormat::BuiltIn().TurnEndId(*tokenizer),
            tokenizer->IdOf("<|end|>"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      folder_.File("chat_template.jinja"),
      "{% for m in messages %}{{ m.role }}:{{ m.content }}\n<|end|>\n"
      "{% endfor %}"));
  WriteConfig("{\"eos_token\": \"x\"}");
  EXPECT_EQ(*Load().TurnEndId(*tokenizer), tokenizer->IdOf("<|end|>"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      folder_.File("chat_template.jinja"),
      "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}"));
  EXPECT_EQ(*Load().TurnEndId(*tokenizer), tokenizer->IdOf("x"));
  WriteConfig("{}");
  EXPECT_EQ(*Load().TurnEndId(*tokenizer), tokenizer->end_ids()[0]);
}

TEST_F(ChatFormatTest, ControlTokensOfTokenizerJsonCount) {
  WriteTemplate("default_system");
  WriteConfig("{}");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      folder_.File("tokenizer.json"),
      "{\"added_tokens\": [{\"content\": \"<|im_end|>\", \"special\": true},"
      "{\"content\": \"<tool>\"}, {\"content\": \"word\"}]}"));
  for (const char* token : {"<|im_end|>", "<tool>"}) {
    EXPECT_THAT(PromptError({Turn(ROLE_USER, token)}),
                IsError(absl::StatusCode::kInvalidArgument, token));
  }
  LIMBECK_EXPECT_OK(Load().Prompt({Turn(ROLE_USER, "word")}));
}

TEST_F(ChatFormatTest, TemplateIsFoundInEveryLayout) {
  const Json line =
      *ParseJson("{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}]}");
  const auto render = [&](const std::string& name) {
    options_.set_template_name(name);
    auto format = ChatFormat::Load(folder_.path(), options_);
    if (!format.ok()) return std::string(format.status().message());
    return *format->Render(line, false);
  };
  EXPECT_THAT(render(""), HasSubstr("has no chat template: neither"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(folder_.File("chat_template.json"),
                                        "{\"chat_template\": \"P\"}"));
  EXPECT_EQ(render(""), "P");
  WriteConfig("{\"chat_template\": \"C{{ messages[0].content }}\"}");
  EXPECT_EQ(render(""), "Cq");
  EXPECT_THAT(render("tool_use"), HasSubstr("no chat template 'tool_use'"));
  WriteConfig(
      "{\"chat_template\": [{\"name\": \"default\", \"template\": \"D\"},"
      "{\"name\": \"tool_use\", \"template\": \"T\"}]}");
  EXPECT_EQ(render(""), "D");
  EXPECT_EQ(render("tool_use"), "T");
  EXPECT_THAT(render("rag"), HasSubstr("known are default, tool_use"));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(folder_.File("chat_template.jinja"), "J"));
  const std::string more = folder_.File("additional_chat_templates");
  LIMBECK_ASSERT_OK(MakeDirectories(more));
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(more, "rag.jinja"), "R"));
  EXPECT_EQ(render(""), "J");
  EXPECT_EQ(render("rag"), "R");
  EXPECT_THAT(render("../chat_template"), HasSubstr("no chat template"));
}

TEST_F(ChatFormatTest, WithoutTemplateTheBuiltInFormat) {
  EXPECT_THAT(ChatFormat::Load(folder_.path(), options_),
              IsError(absl::StatusCode::kNotFound,
                      "nor does its vocabulary have <|end|>"));
  const ChatPrompt prompt =
      *ChatFormat::BuiltIn().Prompt({Turn(ROLE_USER, "hi")});
  EXPECT_EQ(prompt.text, "<|user|>hi<|end|><|assistant|><think>\n");
  EXPECT_EQ(prompt.turn_prefix, "<think>\n");
  EXPECT_EQ(ChatFormat::BuiltIn().Fingerprint(), ReasoningFormatFingerprint());
}

TEST_F(ChatFormatTest, BuiltInTemplateInAFolderIsTheFunction) {
  LIMBECK_ASSERT_OK(WriteFileAtomically(folder_.File("chat_template.jinja"),
                                        ReasoningChatTemplate()));
  EXPECT_TRUE(Load().is_built_in());
  options_.set_system_prompt("s");
  EXPECT_EQ(Prompt({Turn(ROLE_USER, "hi")}).text,
            "<|system|>s<|end|><|user|>hi<|end|><|assistant|><think>\n");
  options_.set_think_tag(ChatOptions::THINK_TAG_STRIP);
  EXPECT_EQ(Prompt({Turn(ROLE_USER, "hi")}).text,
            "<|system|>s<|end|><|user|>hi<|end|><|assistant|>");
}

TEST_F(ChatFormatTest, TemplateThatCannotAskIsRefusedByFile) {
  LIMBECK_ASSERT_OK(WriteFileAtomically(folder_.File("chat_template.jinja"),
                                        "\n{{ strftime_now('%Y') }}"));
  EXPECT_THAT(Load().Check("models/x"),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "models/x: the chat template cannot write a question: "
                      "line 2: the template asks for today's date"));
}

}  // namespace
}  // namespace limbeck
