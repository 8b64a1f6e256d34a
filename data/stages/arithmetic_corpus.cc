#include "data/stages/arithmetic_corpus.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"
#include "data/stages/arithmetic_families.h"
#include "data/stages/arithmetic_problems.h"
#include "data/stages/artefact.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

constexpr int64_t kStatementEvery = 4;
constexpr int64_t kStatementsPerDocument = 4;

absl::StatusOr<std::vector<Problem>> MakeStatements(
    const ArithmeticCorpusOptions& options, uint64_t seed) {
  ArithmeticProblemsOptions problems;
  problems.set_num_problems(
      static_cast<int32_t>((options.num_documents() + kStatementEvery - 1) /
                           kStatementEvery * kStatementsPerDocument));
  problems.set_min_difficulty(kMinArithmeticDifficulty);
  problems.set_max_difficulty(kMaxArithmeticDifficulty);
  problems.set_split_begin(options.split_begin());
  problems.set_split_end(options.split_end());
  return MakeArithmeticProblems(problems, seed);
}

std::string MakeText(int64_t index, uint64_t seed,
                     const std::vector<Problem>& statements) {
  if (index % kStatementEvery != 0) {
    return MakeArithmeticDocument(RandomKey(
        seed, RandomPurpose::kProblemGenerator, static_cast<uint64_t>(index)));
  }
  std::string text;
  for (int64_t i = 0; i < kStatementsPerDocument; ++i) {
    const size_t statement = static_cast<size_t>(
        index / kStatementEvery * kStatementsPerDocument + i);
    if (!text.empty()) text += '\n';
    absl::StrAppend(&text, QuestionText(statements[statement]));
  }
  return text;
}

Trace MakeDocument(int64_t index, uint64_t seed, std::string text) {
  Trace trace;
  trace.set_id(FieldHasher("limbeck.corpus.v1")
                   .Int(static_cast<int64_t>(seed))
                   .Int(index)
                   .Id());
  trace.mutable_teacher()->set_name("limbeck/arithmetic-corpus");
  trace.mutable_teacher()->set_licence("MIT");
  trace.set_finish_reason(FINISH_REASON_STOP);
  trace.set_raw_output(std::move(text));
  return trace;
}

}  // namespace

absl::Status RunArithmeticCorpusStage(const ArithmeticCorpusOptions& options,
                                      const StageRun& run) {
  const uint64_t seed = run.identity.seed;
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<Problem> statements,
                           MakeStatements(options, seed));
  const int64_t partitions = options.partitions();
  const int64_t share = (options.num_documents() + partitions - 1) / partitions;
  return MapPartitions(
      run, options.partitions(),
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        writer.set_unit("documents");
        LIMBECK_RETURN_IF_ERROR(
            writer.Touch(kTracesFile, *Trace::descriptor()));
        const int64_t end =
            std::min(options.num_documents(), (partition + 1) * share);
        for (int64_t index = partition * share; index < end; ++index) {
          writer.CountIn();
          writer.CountOut();
          LIMBECK_RETURN_IF_ERROR(writer.Write(
              kTracesFile,
              MakeDocument(index, seed, MakeText(index, seed, statements))));
        }
        return absl::OkStatus();
      });
}

}  // namespace limbeck
