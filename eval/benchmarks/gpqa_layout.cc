// GPQA: one right answer and three wrong ones; their order is drawn per sample.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "eval/benchmarks/layouts.h"

namespace limbeck {

absl::StatusOr<bool> ReadGpqaRow(const Row& row, BenchmarkProblem* problem) {
  LIMBECK_ASSIGN_OR_RETURN(
      const std::string id,
      OptionalTextColumn(row.object, {"record id", "record_id"}));
  if (!id.empty()) problem->id = id;
  LIMBECK_ASSIGN_OR_RETURN(problem->question,
                           TextColumn(row.object, {"question", "problem"}));
  problem->kind = ANSWER_KIND_CHOICE;
  LIMBECK_ASSIGN_OR_RETURN(
      problem->gold,
      TextColumn(row.object, {"correct answer", "correct_answer"}));
  problem->choices.push_back(problem->gold);
  for (int i = 1; i <= 3; ++i) {
    const std::string name = absl::StrCat("incorrect answer ", i);
    const std::string snake = absl::StrCat("incorrect_answer_", i);
    LIMBECK_ASSIGN_OR_RETURN(std::string choice,
                             TextColumn(row.object, {name, snake}));
    problem->choices.push_back(std::move(choice));
  }
  for (std::string& choice : problem->choices) {
    choice = std::string(absl::StripAsciiWhitespace(choice));
    if (choice.empty()) problem->refusal = "an option is empty";
  }
  for (size_t i = 1; i < problem->choices.size(); ++i) {
    if (problem->choices[i] == problem->choices[0]) {
      problem->refusal = "a wrong option equals the right one";
    }
  }
  problem->gold = problem->choices[0];
  LIMBECK_RETURN_IF_ERROR(
      AddLabel(row, "high-level domain", "domain", problem));
  LIMBECK_RETURN_IF_ERROR(AddLabel(row, "subdomain", "subdomain", problem));
  return true;
}

}  // namespace limbeck
