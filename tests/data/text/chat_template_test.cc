// Chat templates against what jinja2 makes of them, bounds, and damage.
#include "data/text/chat_template.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/random.h"
#include "data/text/reasoning_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/text/golden_lines.h"

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

TEST(ChatTemplate, SurvivesDamage) {
  const std::vector<Json> cases =
      ReadGoldenLines("tests/testdata/text/templates.jsonl");
  const Json& variables = *cases[0].Find("variables");
  for (size_t i = 1; i < cases.size(); ++i) {
    const std::string source = *cases[i].GetString("template");
    for (size_t at = 0; at < source.size(); ++at) {
      (void)Render(source.substr(0, at), variables);
      std::string changed = source;
      const uint64_t key = RandomKey(i * 1000 + at, RandomPurpose::kTest);
      changed[at] = "{}%#|()[]'\"-+ .,=~xi0\n\xff"[RandomBelow(24, key, 0)];
      (void)Render(changed, variables);
    }
  }
}

}  // namespace
}  // namespace limbeck
