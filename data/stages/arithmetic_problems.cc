#include "data/stages/arithmetic_problems.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"
#include "data/stages/arithmetic_families.h"
#include "data/stages/artefact.h"
#include "data/stages/record_id.h"

namespace limbeck {
namespace {

std::vector<std::string> FamiliesOf(const ArithmeticProblemsOptions& options) {
  if (options.families().empty()) return ArithmeticFamilies();
  return {options.families().begin(), options.families().end()};
}

Problem MakeProblem(const std::string& family, int difficulty, uint64_t key,
                    int64_t row) {
  ArithmeticItem item = MakeArithmeticItem(family, difficulty, key);
  Problem problem;
  problem.set_domain(DOMAIN_MATH);
  problem.mutable_source()->set_dataset("limbeck/arithmetic");
  problem.mutable_source()->set_row(row);
  problem.mutable_source()->set_licence("MIT");
  Message* question = problem.add_messages();
  question->set_role(ROLE_USER);
  question->set_content(std::move(item.question));
  problem.set_gold_answer(absl::StrCat(item.answer));
  problem.set_answer_kind(ANSWER_KIND_INTEGER);
  problem.set_family(family);
  problem.set_difficulty(difficulty);
  problem.set_reference_solution(std::move(item.solution));
  problem.set_language("en");
  problem.set_id(ProblemId(problem));
  return problem;
}

}  // namespace

absl::StatusOr<std::vector<Problem>> MakeArithmeticProblems(
    const ArithmeticProblemsOptions& options, uint64_t seed) {
  // Far more tries than a healthy set of families needs.
  constexpr int64_t kTriesPerProblem = 1000;
  const std::vector<std::string> families = FamiliesOf(options);
  const int64_t num_families = static_cast<int64_t>(families.size());
  const int64_t num_levels =
      options.max_difficulty() - options.min_difficulty() + 1;
  std::vector<Problem> problems;
  std::unordered_set<std::string> seen;
  const int64_t wanted = options.num_problems();
  for (int64_t row = 0; row < wanted * kTriesPerProblem; ++row) {
    if (static_cast<int64_t>(problems.size()) == wanted) break;
    const std::string& family =
        families[static_cast<size_t>(row % num_families)];
    const int level = static_cast<int>(row / num_families % num_levels);
    const uint64_t key = RandomKey(seed, RandomPurpose::kProblemGenerator,
                                   static_cast<uint64_t>(row));
    Problem problem =
        MakeProblem(family, options.min_difficulty() + level, key, row);
    const double position = SplitPosition(problem.id());
    if (position < options.split_begin() || position >= options.split_end()) {
      continue;
    }
    if (seen.insert(problem.id()).second) {
      problems.push_back(std::move(problem));
    }
  }
  if (static_cast<int64_t>(problems.size()) < wanted) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "num_problems: ", wanted, " distinct problems wanted, found ",
        problems.size(), " in this split after ", wanted * kTriesPerProblem,
        " tries; ask for fewer, or widen the split or the families"));
  }
  std::sort(problems.begin(), problems.end(),
            [](const Problem& a, const Problem& b) { return a.id() < b.id(); });
  return problems;
}

absl::Status RunArithmeticProblemsStage(
    const ArithmeticProblemsOptions& options, const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<Problem> problems,
                           MakeArithmeticProblems(options, run.identity.seed));
  return MapPartitions(
      run, options.partitions(),
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        writer.set_unit("problems");
        LIMBECK_RETURN_IF_ERROR(
            writer.Touch(kProblemsFile, *Problem::descriptor()));
        for (const Problem& problem : problems) {
          if (PartitionOf(problem.id(), options.partitions()) != partition) {
            continue;
          }
          writer.CountIn();
          writer.CountOut();
          LIMBECK_RETURN_IF_ERROR(writer.Write(kProblemsFile, problem));
        }
        return absl::OkStatus();
      });
}

}  // namespace limbeck
