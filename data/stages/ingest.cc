#include "data/stages/ingest.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/record/jsonl.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/problem_json.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

// Far above any problem; keeps a rejected line below the record limit.
constexpr uint64_t kMaxLineBytes = uint64_t{16} << 20;

class LineParser {
 public:
  explicit LineParser(const IngestOptions& options) : options_(options) {}

  bool wants_more() const {
    return options_.max_problems() == 0 ||
           static_cast<int64_t>(result_.problems.size()) <
               options_.max_problems();
  }

  void Parse(const JsonlLine& line) {
    absl::StatusOr<Problem> problem = ParseLine(line);
    if (!problem.ok()) {
      Reject(line, problem.status().message());
      return;
    }
    Source* source = problem->mutable_source();
    source->set_dataset(options_.dataset());
    source->set_split(options_.split());
    source->set_row(static_cast<int64_t>(line.number) - 1);
    source->set_licence(options_.licence());
    Accept(*std::move(problem), line);
  }

  IngestedProblems Finish() && {
    std::sort(
        result_.problems.begin(), result_.problems.end(),
        [](const Problem& a, const Problem& b) { return a.id() < b.id(); });
    return std::move(result_);
  }

 private:
  absl::StatusOr<Problem> ParseLine(const JsonlLine& line) const {
    if (line.too_long()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the line has ", line.bytes, " bytes, at most ",
                       kMaxLineBytes, " are read"));
    }
    LIMBECK_ASSIGN_OR_RETURN(const Json json, ParseJson(line.text));
    if (options_.format() == INGEST_FORMAT_GSM8K) {
      return ParseGsm8kProblem(json);
    }
    return ParseGenericProblem(json, options_.answer_kind());
  }

  void Accept(Problem problem, const JsonlLine& line) {
    const auto [first, is_new] =
        first_with_id_.emplace(problem.id(), result_.problems.size());
    if (is_new) {
      result_.problems.push_back(std::move(problem));
      return;
    }
    const Problem& kept = result_.problems[first->second];
    if (kept.gold_answer() == problem.gold_answer()) {
      result_.merged.push_back(problem.id());
      return;
    }
    Reject(line, absl::StrCat("same question as line ", kept.source().row() + 1,
                              ", whose answer is \"", kept.gold_answer(),
                              "\", here \"", problem.gold_answer(), "\""));
  }

  void Reject(const JsonlLine& line, absl::string_view reason) {
    Rejection rejection;
    rejection.set_reason(REJECTION_REASON_BAD_RECORD);
    rejection.set_byte_offset(line.byte_offset);
    rejection.set_raw_line(std::string(line.text));
    rejection.set_detail(
        absl::StrCat(options_.dataset(), ", line ", line.number, ": ", reason));
    result_.rejected.push_back(std::move(rejection));
  }

  const IngestOptions& options_;
  IngestedProblems result_;
  std::unordered_map<std::string, size_t> first_with_id_;
};

absl::Status WriteProblems(const IngestedProblems& ingested, int num_partitions,
                           int partition, PartitionWriter& writer) {
  for (const Problem& problem : ingested.problems) {
    if (PartitionOf(problem.id(), num_partitions) != partition) continue;
    writer.CountIn();
    writer.CountOut();
    LIMBECK_RETURN_IF_ERROR(writer.Write(kProblemsFile, problem));
  }
  for (const std::string& id : ingested.merged) {
    if (PartitionOf(id, num_partitions) != partition) continue;
    writer.CountIn();
    writer.CountMerged();
  }
  if (partition != 0) return absl::OkStatus();
  for (const Rejection& rejection : ingested.rejected) {
    writer.CountIn();
    LIMBECK_RETURN_IF_ERROR(writer.Reject(rejection));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<IngestedProblems> ReadProblemLines(
    const IngestOptions& options) {
  JsonlOptions lines;
  lines.max_line_bytes = kMaxLineBytes;
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<JsonlReader> reader,
                           JsonlReader::Open(options.path(), lines));
  LineParser parser(options);
  while (parser.wants_more()) {
    JsonlLine line;
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&line));
    if (!more) break;
    parser.Parse(line);
  }
  return std::move(parser).Finish();
}

absl::Status RunIngestStage(const IngestOptions& options, const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const IngestedProblems ingested,
                           ReadProblemLines(options));
  if (ingested.problems.empty() && ingested.rejected.empty() &&
      run.context.progress != nullptr) {
    run.context.progress->Warn(
        absl::StrCat(options.path(), " holds no problem: it has no line"));
  }
  StageProgress progress(run.context, run.identity.kind,
                         ingested.problems.size(), "problems");
  return MapPartitions(
      run, options.partitions(),
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        LIMBECK_RETURN_IF_ERROR(TouchOutput(ProblemsToProblems(), writer));
        return WriteProblems(ingested, options.partitions(), partition, writer);
      });
}

}  // namespace limbeck
