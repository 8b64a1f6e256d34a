// Lines in, lines out, whatever the lines are.
#include "recipes/console/jsonl_filter.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// {"x": n} -> {"y": 2 n}; negative n is an error.
absl::StatusOr<Json> Double(const Json& line) {
  LIMBECK_ASSIGN_OR_RETURN(const int64_t x, line.GetInt("x"));
  if (x < 0) return absl::InvalidArgumentError(absl::StrCat("x is ", x));
  Json out = Json::Object();
  out.Set("y", 2 * x);
  return out;
}

struct Result {
  absl::Status status;
  std::string output;
  std::vector<size_t> batches;
};

Result FilterText(const std::string& input, int max_batch = 1) {
  TemporaryDirectory directory;
  const std::string path = directory.File("in.jsonl");
  EXPECT_THAT(WriteFileAtomically(path, input), IsOk());
  Result result;
  FilterRun run;
  run.input = path;
  run.max_batch = max_batch;
  run.function = [&](const std::vector<Json>& lines) {
    result.batches.push_back(lines.size());
    std::vector<absl::StatusOr<Json>> answers;
    for (const Json& line : lines) answers.push_back(Double(line));
    return answers;
  };
  run.write = [&](absl::string_view text) {
    result.output.append(text.data(), text.size());
    return absl::OkStatus();
  };
  result.status = RunFilter(run);
  return result;
}

TEST(JsonlFilter, OneLineEachInOrderWithId) {
  const Result result = FilterText(
      "{\"x\":1,\"id\":\"a\"}\n{\"id\":{\"k\":2},\"x\":2}\r\n{\"x\":3}");
  LIMBECK_EXPECT_OK(result.status);
  EXPECT_EQ(result.output,
            "{\"id\":\"a\",\"y\":2}\n{\"id\":{\"k\":2},\"y\":4}\n{\"y\":6}\n");
}

TEST(JsonlFilter, BadLinesAreAnsweredAndCounted) {
  const Result result = FilterText(
      "{\"x\":1}\nnonsense\n{\"x\":-1,\"id\":7}\n\n[1]\n{\"x\":4}\n");
  EXPECT_THAT(result.status, IsError(absl::StatusCode::kInvalidArgument,
                                     "4 of 6 lines had an error"));
  std::vector<std::string> lines;
  for (size_t at = 0; at < result.output.size();) {
    const size_t end = result.output.find('\n', at);
    lines.push_back(result.output.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], "{\"y\":2}");
  EXPECT_THAT(lines[1], HasSubstr("{\"error\":"));
  EXPECT_THAT(lines[1], HasSubstr("line 2"));
  EXPECT_EQ(lines[2], "{\"id\":7,\"error\":\"x is -1\"}");
  EXPECT_EQ(lines[3], "{\"error\":\"line 4: empty line\"}");
  EXPECT_THAT(lines[4],
              HasSubstr("line 5: expected an object, found an array"));
  EXPECT_EQ(lines[5], "{\"y\":8}");
}

TEST(JsonlFilter, BlankLinesAreLinesTheEndOfTheFileIsNone) {
  const Result result = FilterText("\n{\"x\":1}\n \t\r\n{\"x\":2}\n\n", 3);
  EXPECT_THAT(result.status, IsError(absl::StatusCode::kInvalidArgument,
                                     "3 of 5 lines had an error"));
  EXPECT_EQ(result.output,
            "{\"error\":\"line 1: empty line\"}\n{\"y\":2}\n"
            "{\"error\":\"line 3: empty line\"}\n{\"y\":4}\n"
            "{\"error\":\"line 5: empty line\"}\n");
}

TEST(JsonlFilter, EmptyInputIsFine) {
  const Result result = FilterText("");
  LIMBECK_EXPECT_OK(result.status);
  EXPECT_EQ(result.output, "");
}

TEST(JsonlFilter, BatchesTakeWhatIsThere) {
  const Result result =
      FilterText("{\"x\":1}\nbad\n{\"x\":2}\n{\"x\":3}\n{\"x\":4}\n", 3);
  EXPECT_THAT(result.batches, ElementsAre(2, 2));
  EXPECT_THAT(result.output, HasSubstr("{\"y\":8}\n"));
}

TEST(JsonlFilter, MissingFileIsAnError) {
  FilterRun run;
  run.input = "/no/such/file";
  EXPECT_THAT(RunFilter(run),
              IsError(absl::StatusCode::kNotFound, "/no/such/file"));
}

TEST(JsonlFilter, FailingOutputStops) {
  TemporaryDirectory directory;
  const std::string path = directory.File("in.jsonl");
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, "{\"x\":1}\n{\"x\":2}\n"));
  FilterRun run;
  run.input = path;
  int calls = 0;
  run.function = [](const std::vector<Json>& lines) {
    return std::vector<absl::StatusOr<Json>>(lines.size(), Json::Object());
  };
  run.write = [&](absl::string_view) {
    ++calls;
    return absl::ResourceExhaustedError("disk full");
  };
  EXPECT_THAT(RunFilter(run),
              IsError(absl::StatusCode::kResourceExhausted, "disk full"));
  EXPECT_EQ(calls, 1);
}

TEST(JsonlFilter, EveryMutationGetsOneAnswerPerLine) {
  const std::string good = "{\"x\":1,\"id\":3}\n{\"x\":22}\n{\"x\":-5}\n";
  ForEachMutation(good, 100, 5, [](const std::string& text) {
    auto lines = std::count(text.begin(), text.end(), '\n');
    if (!text.empty() && text.back() != '\n') ++lines;
    const Result result = FilterText(text, 2);
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'),
              lines)
        << text;
  });
}

TEST(GetIds, RefusesWhatIsNoId) {
  LIMBECK_ASSERT_OK_AND_ASSIGN(const Json json,
                               ParseJson("{\"a\":[1,2],\"b\":[1,-2],\"c\":3,"
                                         "\"d\":[2147483648],\"e\":[1.5]}"));
  EXPECT_THAT(*GetIds(json, "a"), ElementsAre(1, 2));
  EXPECT_THAT(GetIds(json, "b"),
              IsError(absl::StatusCode::kInvalidArgument, "\"b\"[1] is -2"));
  EXPECT_THAT(GetIds(json, "c"),
              IsError(absl::StatusCode::kInvalidArgument, "\"c\" is "));
  EXPECT_FALSE(GetIds(json, "d").ok());
  EXPECT_FALSE(GetIds(json, "e").ok());
  EXPECT_THAT(GetIds(json, "z"),
              IsError(absl::StatusCode::kInvalidArgument, "missing"));
}

}  // namespace
}  // namespace limbeck
