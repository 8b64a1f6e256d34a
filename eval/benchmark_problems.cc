// Field names as met in published copies of the data sets.
#include "eval/benchmark_problems.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/record/jsonl.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{4} << 30;

// Value of the first of these keys that is there, whatever its case.
const Json* FindAny(const Json& json,
                    std::initializer_list<absl::string_view> keys) {
  for (absl::string_view key : keys) {
    for (const JsonMember& member : json.object()) {
      if (absl::EqualsIgnoreCase(member.first, key)) return &member.second;
    }
  }
  return nullptr;
}

absl::StatusOr<std::string> AsText(const Json* value, absl::string_view key) {
  if (value == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no key '", key, "'"));
  }
  if (value->is_string()) return value->string();
  if (value->is_integer()) return WriteJson(*value);
  return absl::InvalidArgumentError(
      absl::StrCat("'", key, "' is ", JsonKindName(value->kind()),
                   ", expected a text or an integer"));
}

absl::StatusOr<std::string> ReadId(const Json& json, int64_t row) {
  const Json* id = FindAny(json, {"id", "problem_id"});
  if (id == nullptr) return absl::StrCat(row);
  return AsText(id, "id");
}

absl::Status ReadKind(const Json& json, BenchmarkProblem* problem) {
  const Json* kind = FindAny(json, {"kind"});
  if (kind == nullptr) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const std::string name, AsText(kind, "kind"));
  if (name == "integer") {
    problem->kind = ANSWER_KIND_INTEGER;
  } else if (name == "string") {
    problem->kind = ANSWER_KIND_STRING;
  } else {
    problem->refusal = absl::StrCat("answers of kind '", name,
                                    "' need more than integer and exact "
                                    "comparison");
  }
  return absl::OkStatus();
}

absl::Status ReadJsonl(const Json& json, BenchmarkProblem* problem) {
  LIMBECK_ASSIGN_OR_RETURN(
      problem->question,
      AsText(FindAny(json, {"problem", "question"}), "problem"));
  LIMBECK_ASSIGN_OR_RETURN(problem->gold,
                           AsText(FindAny(json, {"answer"}), "answer"));
  return ReadKind(json, problem);
}

absl::Status ReadGsm8k(const Json& json, BenchmarkProblem* problem) {
  problem->rule = AnswerRule::kGsm8k;
  LIMBECK_ASSIGN_OR_RETURN(problem->question,
                           AsText(FindAny(json, {"question"}), "question"));
  LIMBECK_ASSIGN_OR_RETURN(const std::string answer,
                           AsText(FindAny(json, {"answer"}), "answer"));
  const size_t mark = answer.rfind("####");
  if (mark == std::string::npos) {
    problem->refusal = "the answer has no line '#### N'";
  } else {
    problem->gold = std::string(
        absl::StripAsciiWhitespace(absl::string_view(answer).substr(mark + 4)));
  }
  return absl::OkStatus();
}

absl::Status ReadAime(const Json& json, BenchmarkProblem* problem) {
  problem->rule = AnswerRule::kBoxed;
  LIMBECK_ASSIGN_OR_RETURN(
      problem->question,
      AsText(FindAny(json, {"problem", "question"}), "problem"));
  LIMBECK_ASSIGN_OR_RETURN(
      problem->gold,
      AsText(FindAny(json, {"answer", "expected_answer"}), "answer"));
  return absl::OkStatus();
}

absl::Status ReadLayout(absl::string_view name, const Json& json,
                        BenchmarkProblem* problem) {
  if (name == "gsm8k") return ReadGsm8k(json, problem);
  if (name == "jsonl") return ReadJsonl(json, problem);
  return ReadAime(json, problem);
}

absl::Status CheckName(absl::string_view name) {
  const auto& names = BenchmarkNames();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown benchmark '", name, "', known: ", absl::StrJoin(names, ", ")));
  }
  for (absl::string_view served : {"jsonl", "gsm8k", "aime24", "aime25"}) {
    if (name == served) return absl::OkStatus();
  }
  return absl::UnimplementedError(absl::StrCat(
      "benchmark '", name,
      "' needs more than the integer and exact comparison of this version; "
      "served are jsonl, gsm8k, aime24 and aime25"));
}

void RefuseUnreadableGold(BenchmarkProblem* problem) {
  if (!problem->refusal.empty()) return;
  if (problem->kind == ANSWER_KIND_INTEGER &&
      !NormalizeIntegerGold(problem->gold)) {
    problem->refusal = "the gold answer is no integer";
  } else if (absl::StripAsciiWhitespace(problem->gold).empty()) {
    problem->refusal = "the gold answer is empty";
  }
}

using ObjectVisitor = std::function<absl::Status(const Json&)>;

absl::Status VisitObject(const Json& json, const ObjectVisitor& body) {
  if (json.is_object()) return body(json);
  return absl::InvalidArgumentError(
      absl::StrCat("expected an object, found ", JsonKindName(json.kind())));
}

// Whether the first line begins a list. What cannot be read twice (standard
// input, pipes) is read as lines.
absl::StatusOr<bool> StartsWithList(const std::string& path) {
  if (path == "-" || !FileSize(path).ok()) return false;
  LIMBECK_ASSIGN_OR_RETURN(const auto reader, JsonlReader::Open(path));
  JsonlLine line;
  LIMBECK_ASSIGN_OR_RETURN(const bool any, reader->Next(&line));
  return any &&
         absl::StartsWith(absl::StripLeadingAsciiWhitespace(line.text), "[");
}

absl::Status ForEachOfList(const std::string& path, const ObjectVisitor& body) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxFileBytes));
  absl::StatusOr<Json> list = ParseJson(text, {.max_bytes = kMaxFileBytes});
  if (!list.ok()) {
    return absl::Status(list.status().code(),
                        absl::StrCat(path, ": ", list.status().message()));
  }
  int64_t entry = 0;
  for (const Json& json : list->array()) {
    ++entry;
    const absl::Status status = VisitObject(json, body);
    if (status.ok()) continue;
    return absl::Status(status.code(), absl::StrCat(path, ": entry ", entry,
                                                    ": ", status.message()));
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& BenchmarkNames() {
  static const auto* names = new std::vector<std::string>{
      "aime24",        "aime25",     "math500", "gpqa_diamond",
      "livecodebench", "codeforces", "gsm8k",   "jsonl"};
  return *names;
}

absl::Status ForEachObject(
    const std::string& path,
    const std::function<absl::Status(const Json&)>& body) {
  LIMBECK_ASSIGN_OR_RETURN(const bool is_list, StartsWithList(path));
  if (is_list) return ForEachOfList(path, body);
  JsonlOptions options;
  options.accept_streams = true;
  LIMBECK_ASSIGN_OR_RETURN(const auto reader, JsonlReader::Open(path, options));
  JsonlLine line;
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&line));
    if (!more) return absl::OkStatus();
    LIMBECK_ASSIGN_OR_RETURN(const Json json, ParseJsonlLine(*reader, line));
    const absl::Status status = VisitObject(json, body);
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat(path, ":", line.number,
                                                      ": ", status.message()));
    }
  }
}

absl::StatusOr<std::string> TextOrInteger(const Json& json,
                                          absl::string_view key) {
  return AsText(json.Find(key), key);
}

absl::StatusOr<std::vector<BenchmarkProblem>> ReadBenchmarkProblems(
    absl::string_view name, const std::string& path) {
  LIMBECK_RETURN_IF_ERROR(CheckName(name));
  std::vector<BenchmarkProblem> problems;
  std::set<std::string> seen;
  const auto read_problem = [&](const Json& json) -> absl::Status {
    BenchmarkProblem problem;
    LIMBECK_ASSIGN_OR_RETURN(
        problem.id, ReadId(json, static_cast<int64_t>(problems.size())));
    LIMBECK_RETURN_IF_ERROR(ReadLayout(name, json, &problem));
    RefuseUnreadableGold(&problem);
    if (!seen.insert(problem.id).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("problem '", problem.id, "' is there twice"));
    }
    problems.push_back(std::move(problem));
    return absl::OkStatus();
  };
  LIMBECK_RETURN_IF_ERROR(ForEachObject(path, read_problem));
  if (problems.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " holds no problem"));
  }
  return problems;
}

}  // namespace limbeck
