// Each layer of the packing is checked before the next is looked at.
#include "eval/benchmarks/packed_tests.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/inflate.h"
#include "eval/benchmarks/pickle_reader.h"
#include "eval/benchmarks/rows.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxUnpackedBytes = uint64_t{768} << 20;
constexpr int kMaxTextLayers = 2;  // a JSON text in a JSON text

// A field of a test: texts as they are, anything else as JSON.
absl::StatusOr<std::string> FieldOf(const Json& test, absl::string_view key) {
  const Json* value = test.Find(key);
  if (value == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no '", key, "'"));
  }
  return value->is_string() ? value->string() : WriteJson(*value);
}

absl::StatusOr<std::vector<CodeTest>> FromList(const JsonArray& list) {
  std::vector<CodeTest> tests;
  for (const Json& entry : list) {
    absl::StatusOr<std::string> input = FieldOf(entry, "input");
    absl::StatusOr<std::string> output = FieldOf(entry, "output");
    if (!input.ok() || !output.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("test ", tests.size() + 1, ": ",
                       (input.ok() ? output : input).status().message()));
    }
    tests.push_back({*std::move(input), *std::move(output)});
  }
  return tests;
}

absl::StatusOr<std::vector<CodeTest>> FromColumns(const Json& json) {
  const Json* inner = json.Find("input_output");
  if (inner != nullptr) return ReadTestList(*inner);
  const Json* inputs = json.Find("inputs");
  const Json* outputs = json.Find("outputs");
  if (inputs == nullptr || outputs == nullptr || !inputs->is_array() ||
      !outputs->is_array()) {
    return absl::InvalidArgumentError(
        "tests are an object without the lists 'inputs' and 'outputs'");
  }
  const JsonArray& in = inputs->array();
  const JsonArray& out = outputs->array();
  if (in.size() != out.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(in.size(), " inputs and ", out.size(), " outputs"));
  }
  std::vector<CodeTest> tests;
  for (size_t i = 0; i < in.size(); ++i) {
    tests.push_back({in[i].is_string() ? in[i].string() : WriteJson(in[i]),
                     out[i].is_string() ? out[i].string() : WriteJson(out[i])});
  }
  return tests;
}

absl::StatusOr<std::vector<CodeTest>> ReadTests(const Json& json, int layers) {
  if (json.is_array()) return FromList(json.array());
  if (json.is_object()) return FromColumns(json);
  if (json.is_string() && layers > 0) {
    LIMBECK_ASSIGN_OR_RETURN(
        const Json inner,
        ParseJson(json.string(), {.max_bytes = kMaxUnpackedBytes}));
    return ReadTests(inner, layers - 1);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "tests are ", JsonKindName(json.kind()), ", expected a list"));
}

absl::StatusOr<std::vector<CodeTest>> Unpack(const std::string& packed) {
  const absl::string_view text = absl::StripLeadingAsciiWhitespace(packed);
  if (absl::StartsWith(text, "[") || absl::StartsWith(text, "{")) {
    return ReadTests(Json(packed), kMaxTextLayers);
  }
  std::string stream;
  if (!absl::Base64Unescape(text, &stream)) {
    return absl::InvalidArgumentError("neither a JSON list nor base64");
  }
  LIMBECK_ASSIGN_OR_RETURN(const std::string pickle,
                           InflateZlib(stream, kMaxUnpackedBytes));
  LIMBECK_ASSIGN_OR_RETURN(const Json json, ReadPickle(pickle));
  return ReadTests(json, kMaxTextLayers);
}

}  // namespace

absl::StatusOr<std::vector<CodeTest>> ReadTestList(const Json& json) {
  return ReadTests(json, kMaxTextLayers);
}

absl::StatusOr<std::vector<CodeTest>> UnpackTests(
    const BenchmarkProblem& problem) {
  const CodeProblem& code = *problem.code;
  std::vector<CodeTest> tests = code.tests;
  if (code.packed_tests.empty()) return tests;
  absl::StatusOr<std::vector<CodeTest>> hidden = Unpack(code.packed_tests);
  if (!hidden.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(problem.place, ": problem '", problem.id,
                     "': private tests: ", hidden.status().message()));
  }
  for (CodeTest& test : *hidden) tests.push_back(std::move(test));
  return tests;
}

}  // namespace limbeck
