// Schemas: every keyword, refusals with their place, bounded work, and the
// verdicts of another implementation.
#include "data/verify/json_schema.h"

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using Kind = SchemaVerdict::Kind;

SchemaVerdict Check(const std::string& schema, const std::string& value) {
  const auto compiled = JsonSchema::Create(schema);
  EXPECT_THAT(compiled, IsOk());
  const auto json = ParseJson(value);
  EXPECT_THAT(json, IsOk());
  if (!compiled.ok() || !json.ok()) return {Kind::kGivenUp, "bad test"};
  return compiled->Check(*json);
}

TEST(JsonSchema, ReasonsNameThePlace) {
  const std::string schema = R"({"type": "object", "required": ["items"],
      "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
      "additionalProperties": false,
      "$defs": {"item": {"type": "object", "required": ["price"],
        "properties": {"price": {"type": "number", "minimum": 1},
                       "name": {"type": "string", "pattern": "^[a-z]+$"}}}}})";
  EXPECT_EQ(Check(schema, R"({"items": [{"price": 1.5, "name": "tea"}]})").kind,
            Kind::kValid);
  struct Case {
    std::string value;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {"[]", "/: is an array, type asks for \"object\""},
      {"{}", "/: 'items' is missing"},
      {R"({"items": [{"price": 1}, {"price": 0}]})",
       "/items/1/price: is 0, minimum is 1"},
      {R"({"items": [{"name": "x"}]})", "/items/0: 'price' is missing"},
      {R"({"items": [{"price": 2, "name": "Tea"}]})",
       "/items/0/name: does not match the pattern ^[a-z]+$"},
      {R"({"items": [], "more": 1})", "/more: nothing is allowed here"},
  };
  for (const Case& c : cases) {
    const SchemaVerdict verdict = Check(schema, c.value);
    EXPECT_EQ(verdict.kind, Kind::kInvalid) << c.value;
    EXPECT_EQ(verdict.reason, c.reason);
  }
}

TEST(JsonSchema, IntegersAreExact) {
  EXPECT_EQ(Check(R"({"maximum": 9007199254740992})", "9007199254740993").kind,
            Kind::kInvalid);
  EXPECT_EQ(
      Check(R"({"const": 18446744073709551615})", "18446744073709551614").kind,
      Kind::kInvalid);
  EXPECT_EQ(Check(R"({"multipleOf": 0.1})", "0.3").kind, Kind::kValid);
  EXPECT_EQ(Check(R"({"type": "integer"})", "2.0").kind, Kind::kValid);
}

TEST(JsonSchema, RefusesWhatItDoesNotCheck) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  struct Case {
    std::string schema;
    std::string error;
  };
  const std::vector<Case> cases = {
      {"nonsense", "the schema is no JSON"},
      {"5", "schema /: expected a schema, found"},
      {R"({"unevaluatedProperties": false})",
       "schema /unevaluatedProperties: keyword 'unevaluatedProperties' is not"},
      {R"({"properties": {"a": {"typo": 1}}})",
       "schema /properties/a/typo: keyword 'typo'"},
      {R"({"type": "text"})", "schema /type: type is 'text', known are"},
      {R"({"minItems": -1})", "schema /minItems: expected an integer"},
      {R"({"minimum": "1"})", "schema /minimum: expected a number"},
      {R"({"multipleOf": 0})", "expected a number above 0"},
      {R"({"required": "a"})", "expected a list of names"},
      {R"({"anyOf": []})", "expected a list of schemas"},
      {R"({"items": [{}]})", "schema /items: expected a schema"},
      {R"({"pattern": "("})", "schema /pattern: pattern '(', byte 1"},
      {R"({"$ref": "http://example.org"})", "names no place in this schema"},
      {R"({"$ref": "#/$defs/x"})", "names no place"},
      {R"({"$ref": "#/$defs/x", "$defs": {"x": {"bad": 1}}})", "'bad'"},
      {R"({"$ref": "#/const", "const": {"bad": 1}})", "'bad'"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(JsonSchema::Create(c.schema), IsError(kInvalid, c.error));
  }
}

TEST(JsonSchema, WorkIsBounded) {
  EXPECT_EQ(Check(R"({"$ref": "#"})", "1").kind, Kind::kGivenUp);
  EXPECT_EQ(Check(R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})", "1").kind,
            Kind::kGivenUp);
  EXPECT_EQ(Check(R"({"not": {"$ref": "#"}})", "1").kind, Kind::kGivenUp);
  std::string many = "[0";
  for (int i = 1; i < 1000; ++i) absl::StrAppend(&many, ",", i);
  EXPECT_EQ(Check(R"({"uniqueItems": true})", many + "]").kind, Kind::kGivenUp);
  EXPECT_EQ(Check(R"({"items": {"pattern": "(a+)+[bc]"}})",
                  absl::StrCat("[\"", std::string(5000, 'a'), "\"]"))
                .kind,
            Kind::kGivenUp);
}

// Schemas and values with the verdict of jsonschema 4 (Python), draft 2020-12:
// tests/golden/make_json_schema_golden.py.
TEST(JsonSchema, AgreesWithAnotherImplementation) {
  const auto text = ReadFile("tests/testdata/verify/json_schema.json");
  LIMBECK_ASSERT_OK(text);
  const auto cases = ParseJson(*text);
  LIMBECK_ASSERT_OK(cases);
  EXPECT_GT(cases->array().size(), 500);
  for (const Json& c : cases->array()) {
    const auto schema = JsonSchema::Create(WriteJson(*c.Find("schema")));
    LIMBECK_ASSERT_OK(schema);
    EXPECT_EQ(schema->Check(*c.Find("value")).kind == Kind::kValid,
              c.Find("valid")->boolean())
        << WriteJson(c);
  }
}

TEST(JsonSchema, DamagedSchemasNeverCrash) {
  const std::string schema =
      R"({"type":["object","null"],"properties":{"a":{"$ref":"#/$defs/b"}},)"
      R"("$defs":{"b":{"pattern":"^a+$","minLength":2}},"not":{"const":1},)"
      R"("oneOf":[{"minimum":3},{"maxProperties":2}],"if":{},"then":true})";
  const Json value = *ParseJson(R"({"a": "aaa", "b": [1, 2, {"c": null}]})");
  const auto visit = [&](const std::string& damaged) {
    const auto compiled = JsonSchema::Create(damaged);
    if (compiled.ok()) compiled->Check(value);
  };
  ForEachCut(schema, [&](const std::string& cut, size_t) { visit(cut); });
  ForEachBitFlip(schema, [&](const std::string& bad, size_t) { visit(bad); });
  ForEachMutation(schema, 3000, 13, visit);
}

TEST(JsonTextOf, LastFenceElseTheWholePart) {
  EXPECT_EQ(JsonTextOf("t</think>\n{\"a\": 1}"), "\n{\"a\": 1}");
  EXPECT_EQ(JsonTextOf("Here:\n```json\n{}\n```\nDone."), "{}\n");
  EXPECT_EQ(JsonTextOf("```json\n1\n```\n```\n2\n```"), "2\n");
  EXPECT_EQ(JsonTextOf("```json\n1"), "```json\n1");
  EXPECT_EQ(JsonTextOf("<think>{}"), "");
}

}  // namespace
}  // namespace limbeck
