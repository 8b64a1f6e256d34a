#include "data/judge/judge_json.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr CheckerKind kCheckers[] = {
    CheckerKind::kLines,  CheckerKind::kExact,      CheckerKind::kTokens,
    CheckerKind::kYesNo,  CheckerKind::kSetOfLines, CheckerKind::kLiveCodeBench,
    CheckerKind::kFloats, CheckerKind::kPython,     CheckerKind::kTestlib};

constexpr absl::string_view kRequestFields[] = {
    "id",         "language",        "code",        "tests",
    "function",   "time_limit_s",    "checker",     "all_tests",
    "input_file", "memory_limit_mb", "output_file", "interactive"};
constexpr absl::string_view kTestFields[] = {"input", "output"};
constexpr absl::string_view kCheckerFields[] = {"name", "epsilon", "code"};

// By pairs of neighbouring letters that both have: "function_name" is near
// "function", "timelimit" near "time_limit_s".
int LettersInCommon(absl::string_view a, absl::string_view b) {
  int common = 0;
  for (size_t i = 0; i + 1 < a.size(); ++i) {
    if (absl::StrContains(b, a.substr(i, 2))) common += 2;
  }
  return common;
}

absl::string_view NearestName(absl::string_view name,
                              absl::Span<const absl::string_view> known) {
  absl::string_view nearest = known[0];
  double best = -1;
  for (absl::string_view candidate : known) {
    const double likeness = LettersInCommon(name, candidate) /
                            static_cast<double>(name.size() + candidate.size());
    if (likeness > best) {
      best = likeness;
      nearest = candidate;
    }
  }
  return nearest;
}

// A limit under a wrong name would be no limit at all.
absl::Status CheckFields(const Json& json, absl::string_view what,
                         absl::Span<const absl::string_view> known) {
  if (!json.is_object()) return absl::OkStatus();
  for (const JsonMember& member : json.object()) {
    if (absl::c_linear_search(known, member.first)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(what, " has no field ", QuoteStart(member.first),
                     ", did you mean \"", NearestName(member.first, known),
                     "\"? There are ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckerKind> KindFromName(const std::string& name) {
  std::string known;
  for (CheckerKind kind : kCheckers) {
    if (name == CheckerName(kind)) return kind;
    absl::StrAppend(&known, known.empty() ? "" : ", ", CheckerName(kind));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("checker is ", QuoteStart(name), ", known are ", known));
}

absl::StatusOr<JudgeTest> TestFromJson(const Json& json, size_t number) {
  JudgeTest test;
  LIMBECK_RETURN_IF_ERROR(
      CheckFields(json, absl::StrCat("test ", number), kTestFields));
  absl::StatusOr<std::string> input = json.GetString("input");
  absl::StatusOr<std::string> output = json.GetString("output");
  for (const auto* text : {&input, &output}) {
    if (!text->ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("test ", number, ": ", text->status().message()));
    }
  }
  test.input = *std::move(input);
  test.output = *std::move(output);
  return test;
}

absl::StatusOr<std::vector<JudgeTest>> TestsFromJson(const Json& json) {
  const Json* list = json.Find("tests");
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"tests\" is ",
                     list == nullptr ? "missing" : JsonKindName(list->kind()),
                     ", expected an array of {\"input\", \"output\"}"));
  }
  std::vector<JudgeTest> tests;
  for (const Json& item : list->array()) {
    LIMBECK_ASSIGN_OR_RETURN(JudgeTest test,
                             TestFromJson(item, tests.size() + 1));
    tests.push_back(std::move(test));
  }
  return tests;
}

absl::Status ReadLimits(const Json& json, JudgeRequest* request) {
  LIMBECK_ASSIGN_OR_RETURN(
      request->time_limit_seconds,
      json.GetDouble("time_limit_s", request->time_limit_seconds));
  LIMBECK_ASSIGN_OR_RETURN(
      const double mebibytes,
      json.GetDouble("memory_limit_mb", request->memory_limit_mebibytes));
  if (!(mebibytes > 0 && mebibytes < 1e9)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"memory_limit_mb\" is ", mebibytes, ", expected 1 to 65536"));
  }
  request->memory_limit_mebibytes = static_cast<int>(std::ceil(mebibytes));
  return absl::OkStatus();
}

Json TestToJson(const JudgedTest& test) {
  const auto milli = [](double value) { return std::round(value * 1e3) / 1e3; };
  Json json = Json::Object();
  json.Set("verdict", JudgeVerdictName(test.verdict));
  json.Set("seconds", milli(test.cpu_seconds));
  json.Set("peak_mb", std::round(test.peak_mebibytes * 10) / 10);
  json.Set("wall_seconds", milli(test.wall_seconds));
  json.Set("runs", test.runs);
  return json;
}

}  // namespace

absl::StatusOr<ProgramLanguage> ProgramLanguageFromName(
    absl::string_view name) {
  if (name == "python") return ProgramLanguage::kPython;
  if (name == "cpp") return ProgramLanguage::kCpp;
  return absl::InvalidArgumentError(absl::StrCat(
      "language is ", QuoteStart(name), ", known are python and cpp"));
}

absl::StatusOr<CheckerSpec> CheckerFromJson(const Json& json) {
  CheckerSpec checker;
  LIMBECK_RETURN_IF_ERROR(CheckFields(json, "checker", kCheckerFields));
  std::string name;
  if (json.is_string()) {
    name = json.string();
  } else {
    LIMBECK_ASSIGN_OR_RETURN(name, json.GetString("name"));
  }
  LIMBECK_ASSIGN_OR_RETURN(checker.kind, KindFromName(name));
  if (checker.kind == CheckerKind::kFloats && json.is_object()) {
    LIMBECK_ASSIGN_OR_RETURN(checker.epsilon,
                             json.GetDouble("epsilon", checker.epsilon));
  }
  if (checker.kind == CheckerKind::kPython ||
      checker.kind == CheckerKind::kTestlib) {
    if (json.is_object()) {
      LIMBECK_ASSIGN_OR_RETURN(checker.code, json.GetString("code", ""));
    }
    if (checker.code.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "checker \"", name, "\" needs \"code\", its source: {\"name\": \"",
          name, "\", \"code\": \"...\"}"));
    }
  }
  return checker;
}

absl::StatusOr<JudgeRequest> JudgeRequestFromJson(const Json& json) {
  JudgeRequest request;
  LIMBECK_RETURN_IF_ERROR(CheckFields(json, "a judge request", kRequestFields));
  LIMBECK_ASSIGN_OR_RETURN(const std::string language,
                           json.GetString("language"));
  LIMBECK_ASSIGN_OR_RETURN(request.language, ProgramLanguageFromName(language));
  LIMBECK_ASSIGN_OR_RETURN(request.code, json.GetString("code"));
  LIMBECK_ASSIGN_OR_RETURN(request.tests, TestsFromJson(json));
  LIMBECK_ASSIGN_OR_RETURN(request.function, json.GetString("function", ""));
  LIMBECK_ASSIGN_OR_RETURN(request.input_file,
                           json.GetString("input_file", ""));
  LIMBECK_ASSIGN_OR_RETURN(request.output_file,
                           json.GetString("output_file", ""));
  LIMBECK_RETURN_IF_ERROR(ReadLimits(json, &request));
  const Json* checker = json.Find("checker");
  if (checker != nullptr && !checker->is_null()) {
    LIMBECK_ASSIGN_OR_RETURN(request.checker, CheckerFromJson(*checker));
  }
  LIMBECK_ASSIGN_OR_RETURN(request.all_tests, json.GetBool("all_tests", false));
  LIMBECK_ASSIGN_OR_RETURN(request.interactive,
                           json.GetBool("interactive", false));
  return request;
}

Json JudgeResultToJson(const JudgeResult& result) {
  Json json = Json::Object();
  json.Set("verdict", JudgeVerdictName(result.verdict));
  Json tests = Json::Array();
  for (const JudgedTest& test : result.tests) tests.Push(TestToJson(test));
  json.Set("tests", std::move(tests));
  json.Set("isolation", IsolationName(result.isolation));
  json.Set("detail", result.detail);
  if (result.skipped) json.Set("skipped", true);
  if (result.unsafe_pass) json.Set("unsafe_verdict", "accepted");
  return json;
}

}  // namespace limbeck
