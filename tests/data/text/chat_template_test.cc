// Chat templates against what jinja2 makes of them, bounds, and damage.
#include "data/text/chat_template.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/random.h"
#include "data/text/reasoning_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/text/golden_lines.h"
#include "tests/support/mutation.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

constexpr char kDate[] = "2024-07-26";

absl::StatusOr<std::string> Render(const std::string& text,
                                   const Json& variables) {
  const auto parsed = ChatTemplate::Parse(text);
  if (!parsed.ok()) return parsed.status();
  return parsed->Render(variables, kDate);
}

std::string ErrorOf(const std::string& text) {
  return std::string(Render(text, Json::Object()).status().message());
}

TEST(ChatTemplate, GivesJinjasTexts) {
  const std::vector<Json> cases =
      ReadGoldenLines("tests/testdata/text/templates.jsonl");
  ASSERT_GT(cases.size(), 80u);
  const Json& variables = *cases[0].Find("variables");
  for (size_t i = 1; i < cases.size(); ++i) {
    const std::string source = *cases[i].GetString("template");
    const auto text = Render(source, variables);
    if (const Json* wanted = cases[i].Find("text")) {
      ASSERT_TRUE(text.ok()) << source << "\n" << text.status();
      EXPECT_EQ(*text, wanted->string()) << source;
    } else {
      EXPECT_FALSE(text.ok()) << source;
    }
  }
}

TEST(ChatTemplate, RendersTheReasoningFormatAsItsFunctionDoes) {
  const auto parsed = ChatTemplate::Parse(std::string(ReasoningChatTemplate()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  int texts = 0;
  for (const Json& line : ReadGoldenLines("tests/testdata/text/chats.jsonl")) {
    Json variables = Json::Object();
    variables.Set("messages", *line.Find("messages"));
    variables.Set("add_generation_prompt", *line.Find("prompt"));
    const auto text = parsed->Render(variables, "");
    if (line.Find("text")->is_null()) {
      EXPECT_FALSE(text.ok());
      continue;
    }
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(*text, *line.GetString("text"));
    ++texts;
  }
  EXPECT_GT(texts, 20);
}

TEST(ChatTemplate, WhatTheTemplateRaisesIsTheError) {
  EXPECT_EQ(ErrorOf("a\n{{ raise_exception('no tools') }}"), "no tools");
}

TEST(ChatTemplate, ErrorsNameTheLine) {
  EXPECT_EQ(ErrorOf("\n\n{{ x | magic }}"), "line 3: unknown filter 'magic'");
  EXPECT_EQ(ErrorOf("\n{{ 1 is magic }}"), "line 2: unknown test 'magic'");
  EXPECT_EQ(ErrorOf("\n{% include 'x' %}"), "line 2: unknown tag at 'include'");
  EXPECT_EQ(ErrorOf("{{ x.y }}"), "line 1: 'x' is undefined");
  EXPECT_EQ(ErrorOf("{{ cycler(1) }}"), "line 1: unknown function 'cycler'");
  EXPECT_THAT(ErrorOf("{{ ''.__class__ }}"), HasSubstr("not allowed"));
  EXPECT_THAT(ErrorOf("{{ 'a' | safe + '<' }}"), HasSubstr("a safe one"));
  EXPECT_THAT(ErrorOf("{{ 2 ** 3 }}"), HasSubstr("'**' is not supported"));
  EXPECT_THAT(ErrorOf("{% for x in [] recursive %}{% endfor %}"),
              HasSubstr("recursive loops are not supported"));
}

TEST(ChatTemplate, TodayIsNeverAssumed) {
  const auto parsed = ChatTemplate::Parse("{{ strftime_now('%d %b %Y') }}");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed->Render(Json::Object(), kDate), "26 Jul 2024");
  EXPECT_THAT(
      std::string(parsed->Render(Json::Object(), "").status().message()),
      HasSubstr("give it as date"));
  EXPECT_THAT(ErrorOf("{{ strftime_now('%H') }}"),
              HasSubstr("only the day is known"));
}

TEST(ChatTemplate, WorkAndOutputAreBounded) {
  for (const char* source :
       {"{% for a in range(100000) %}{% for b in range(100000) %}"
        "{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}"
        "{% set ns.x = ns.x + ns.x %}{{ ns.x }}{% endfor %}",
        "{{ 'a' * 100000000000 }}", "{{ range(10000000) }}"}) {
    EXPECT_TRUE(
        absl::IsResourceExhausted(Render(source, Json::Object()).status()))
        << source;
  }
  EXPECT_THAT(ErrorOf(absl::StrCat("{{ ", std::string(100000, '('), "1",
                                   std::string(100000, ')'), " }}")),
              HasSubstr("nested"));
  EXPECT_THAT(ErrorOf(absl::StrCat("{{ ", std::string(100000, '-'), "1 }}")),
              HasSubstr("nested"));
  std::string blocks;
  for (int i = 0; i < 20000; ++i) blocks += "{% if 1 %}";
  EXPECT_THAT(ErrorOf(blocks), HasSubstr("nested"));
}

// A status whose text says something, or a text.
void Attempt(const std::string& source, const Json& variables) {
  const auto text = Render(source, variables);
  if (!text.ok() && text.status().code() != absl::StatusCode::kAborted) {
    EXPECT_FALSE(text.status().message().empty()) << source;
  }
}

TEST(ChatTemplate, SurvivesDamage) {
  const std::vector<Json> cases =
      ReadGoldenLines("tests/testdata/text/templates.jsonl");
  const Json& variables = *cases[0].Find("variables");
  for (size_t i = 1; i < cases.size(); ++i) {
    const std::string source = *cases[i].GetString("template");
    for (size_t at = 0; at < source.size(); ++at) {
      Attempt(source.substr(0, at), variables);
      std::string changed = source;
      const uint64_t key = RandomKey(i * 1000 + at, RandomPurpose::kTest);
      changed[at] = "{}%#|()[]'\"-+ .,=~xi0\n\xff"[RandomBelow(24, key, 0)];
      Attempt(changed, variables);
    }
  }
}

TEST(ChatTemplate, FamiliesTemplatesSurviveDamage) {
  const Json variables = *ParseJson(
      "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"},"
      "{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\","
      "\"content\": \"<think>x</think>b\"}, {\"role\": \"user\","
      "\"content\": \"c\"}], \"add_generation_prompt\": true,"
      "\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
  const std::string folder = "tests/testdata/text/chat";
  const std::vector<std::string> names = *ListDirectory(folder);
  for (const std::string& name : names) {
    const std::string source = *ReadFile(JoinPath(folder, name), 1 << 20);
    const auto attempt = [&](const std::string& changed) {
      Attempt(changed, variables);
    };
    ForEachCut(source, [&](const std::string& cut, size_t) { attempt(cut); });
    for (size_t at = 0; at < source.size(); ++at) {
      std::string changed = source;
      changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
      attempt(changed);
    }
    ForEachMutation(source, 300, 5, attempt);
  }
}

// Words of the language in random order.
TEST(ChatTemplate, SurvivesTokenSoup) {
  const std::vector<std::string> words = {"{{",
                                          "}}",
                                          "{%",
                                          "%}",
                                          "{%-",
                                          "-%}",
                                          "if",
                                          "else",
                                          "elif",
                                          "endif",
                                          "for",
                                          "in",
                                          "x",
                                          "messages",
                                          "endfor",
                                          "set",
                                          "endset",
                                          "=",
                                          "namespace(a=1)",
                                          "macro",
                                          "f(x)",
                                          "endmacro",
                                          "|",
                                          "list",
                                          "length",
                                          "join",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          ".role",
                                          "[0]",
                                          "[::-1]",
                                          "'a'",
                                          "1",
                                          "0.5",
                                          "+",
                                          "*",
                                          "//",
                                          "%",
                                          "~",
                                          "not",
                                          "and",
                                          "is",
                                          "defined",
                                          "range(9)",
                                          "{",
                                          "}",
                                          ":",
                                          ",",
                                          "break",
                                          "text\n",
                                          "none",
                                          "true",
                                          "==",
                                          "<",
                                          "raise_exception('e')",
                                          "recursive",
                                          "generation",
                                          "**"};
  const Json variables =
      *ParseJson("{\"messages\": [{\"role\": \"user\", \"content\": 1}]}");
  for (uint64_t i = 0; i < 4000; ++i) {
    const uint64_t key = RandomKey(i, RandomPurpose::kTest);
    const uint64_t length = 1 + RandomBelow(24, key, 0);
    // Every second soup is inside a tag, or most would be plain text.
    std::string source = i % 2 == 0 ? "" : i % 4 == 1 ? "{{ " : "{% ";
    for (uint64_t w = 1; w <= length; ++w) {
      absl::StrAppend(&source, words[RandomBelow(words.size(), key, w)], " ");
    }
    if (i % 2 == 1) source += i % 4 == 1 ? "}}" : "%}";
    Attempt(source, variables);
  }
}

}  // namespace
}  // namespace limbeck
