// The stage, not the families: shares, splits, partitions, interruptions, and
// how far training and test problems are apart.
#include "data/stages/arithmetic_problems.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "data/stages/arithmetic_families.h"
#include "data/stages/record_id.h"
#include "data/stages/recount.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

ArithmeticProblemsOptions Options(int num_problems, double begin = 0,
                                  double end = 1) {
  ArithmeticProblemsOptions options;
  options.set_num_problems(num_problems);
  options.set_split_begin(begin);
  options.set_split_end(end);
  return *ResolveOptions(options);
}

std::vector<Problem> Make(const ArithmeticProblemsOptions& options,
                          uint64_t seed) {
  auto problems = MakeArithmeticProblems(options, seed);
  EXPECT_THAT(problems, IsOk());
  return *std::move(problems);
}

// The question with one letter for every capitalised word: what is left of
// "Ana is 7. Ben is 3 years older." when the children are called otherwise.
std::string WithoutNames(absl::string_view question) {
  std::string text;
  bool in_name = false;
  for (const char c : question) {
    const auto byte = static_cast<unsigned char>(c);
    if (in_name && absl::ascii_islower(byte)) continue;
    in_name = absl::ascii_isupper(byte);
    text += in_name ? 'N' : c;
  }
  return text;
}

std::set<std::string> Texts(const std::vector<Problem>& problems,
                            bool with_names) {
  std::set<std::string> texts;
  for (const Problem& problem : problems) {
    const std::string question(QuestionText(problem));
    texts.insert(with_names ? question : WithoutNames(question));
  }
  return texts;
}

int CountIn(const std::set<std::string>& known,
            const std::set<std::string>& of) {
  int count = 0;
  for (const std::string& text : of) count += known.count(text) > 0 ? 1 : 0;
  return count;
}

TEST(ArithmeticProblems, AreDistinctSortedAndWellFormed) {
  const std::vector<Problem> problems = Make(Options(500), 3);
  ASSERT_EQ(problems.size(), 500u);
  for (size_t i = 0; i < problems.size(); ++i) {
    const Problem& problem = problems[i];
    EXPECT_EQ(problem.id(), ProblemId(problem));
    EXPECT_EQ(problem.source().licence(), "MIT");
    EXPECT_FALSE(problem.reference_solution().empty());
    if (i > 0) {
      EXPECT_LT(problems[i - 1].id(), problem.id());
    }
  }
  EXPECT_EQ(Texts(problems, /*with_names=*/true).size(), 500u);
}

TEST(ArithmeticProblems, FamiliesAndDifficultiesHaveNearlyEqualShares) {
  std::map<std::pair<std::string, int>, int> shares;
  for (const Problem& problem : Make(Options(2800), 3)) {
    ++shares[{problem.family(), problem.difficulty()}];
  }
  EXPECT_EQ(shares.size(), ArithmeticFamilies().size() * 4);
  // 100 each, less where the easiest problems run out.
  for (const auto& [kind, count] : shares) {
    EXPECT_GT(count, 50) << kind.first << " " << kind.second;
    EXPECT_LT(count, 150) << kind.first << " " << kind.second;
  }
}

TEST(ArithmeticProblems, SeedsAndOptionsDecide) {
  const auto texts = [](const ArithmeticProblemsOptions& options,
                        uint64_t seed) {
    return Texts(Make(options, seed), /*with_names=*/true);
  };
  EXPECT_EQ(texts(Options(100), 3), texts(Options(100), 3));
  EXPECT_NE(texts(Options(100), 3), texts(Options(100), 4));
  ArithmeticProblemsOptions one = Options(50);
  one.add_families("ages");
  one.set_min_difficulty(2);
  one.set_max_difficulty(2);
  for (const Problem& problem : Make(one, 3)) {
    EXPECT_EQ(problem.family(), "ages");
    EXPECT_EQ(problem.difficulty(), 2);
  }
}

TEST(ArithmeticProblems, TooFewDistinctOnesAreAnError) {
  ArithmeticProblemsOptions options = Options(50, 0, 0.0001);
  options.add_families("term");
  options.set_max_difficulty(1);
  EXPECT_THAT(MakeArithmeticProblems(options, 3),
              IsError(absl::StatusCode::kResourceExhausted,
                      "50 distinct problems wanted"));
}

// The parts of the quickstart and their sizes.
TEST(ArithmeticProblems, PartsAreDisjointByTextForAnySeeds) {
  const std::vector<Problem> train = Make(Options(4000, 0, 0.75), 21);
  const std::vector<Problem> validation = Make(Options(500, 0.75, 0.8), 21);
  const std::vector<Problem> test = Make(Options(2000, 0.8, 1), 21);
  const std::vector<Problem> other_test = Make(Options(2000, 0.8, 1), 1);
  const std::set<std::string> train_texts = Texts(train, true);
  const std::set<std::string> validation_texts = Texts(validation, true);
  EXPECT_EQ(CountIn(train_texts, validation_texts), 0);
  for (const auto& part : {test, other_test}) {
    EXPECT_EQ(CountIn(train_texts, Texts(part, true)), 0);
    EXPECT_EQ(CountIn(validation_texts, Texts(part, true)), 0);
  }
}

// The hash sees names, a solver need not: some test problems have the numbers
// of a training problem about other people. What the header says of it.
TEST(ArithmeticProblems, SomeTestProblemsDifferFromTrainingByNamesAlone) {
  const std::vector<Problem> test = Make(Options(2000, 0.8, 1), 21);
  const auto known_to = [&](const std::vector<Problem>& training) {
    const std::set<std::string> texts = Texts(training, /*with_names=*/false);
    std::map<std::string, int> known;
    for (const Problem& problem : test) {
      const std::string text = WithoutNames(QuestionText(problem));
      if (texts.count(text) > 0) ++known[problem.family()];
    }
    return known;
  };
  using testing::Pair;
  using testing::UnorderedElementsAre;
  EXPECT_THAT(known_to(Make(Options(4000, 0, 0.75), 21)),
              UnorderedElementsAre(Pair("ages", 7), Pair("shopping", 20)));
  EXPECT_THAT(known_to(Make(Options(60000, 0, 0.8), 1)),
              UnorderedElementsAre(Pair("ages", 39), Pair("shopping", 70)));
}

void RunStage(Workbench& bench, const std::string& name, int partitions) {
  ArithmeticProblemsOptions options = Options(300, 0.2, 0.9);
  options.set_partitions(partitions);
  LIMBECK_ASSERT_OK(bench.Run(name, RunArithmeticProblemsStage, options, {}));
}

TEST(ArithmeticProblems, PartitionsDoNotChangeTheRecords) {
  Workbench bench(2);
  std::vector<std::string> first;
  for (const int partitions : {1, 2, 7}) {
    const std::string name = absl::StrCat("problems", partitions);
    ASSERT_NO_FATAL_FAILURE(RunStage(bench, name, partitions));
    const Artefact artefact = bench.Open(name);
    EXPECT_EQ(artefact.num_partitions(), partitions);
    EXPECT_EQ(artefact.manifest().counts().out(), 300u);
    LIMBECK_EXPECT_OK(CheckCounts(bench.Directory(name)));
    LIMBECK_EXPECT_OK(VerifyFiles(bench.Directory(name), artefact.manifest()));
    const auto records = Contents<Problem>(artefact, kProblemsFile);
    if (first.empty()) first = records;
    EXPECT_EQ(records.size(), 300u);
    EXPECT_EQ(records, first) << partitions;
  }
}

TEST(ArithmeticProblems, InterruptedItEndsInTheSameBytes) {
  Workbench bench(2);
  ASSERT_NO_FATAL_FAILURE(RunStage(bench, "problems", 3));
  const auto whole = bench.Files("problems");
  const std::string directory = bench.Directory("problems");
  for (int partition = 0; partition < 3; ++partition) {
    const std::string part = PartitionPath(directory, partition);
    LIMBECK_ASSERT_OK(RemoveTree(JoinPath(directory, kManifestName)));
    LIMBECK_ASSERT_OK(RemoveTree(JoinPath(part, kManifestName)));
    LIMBECK_ASSERT_OK(
        WriteFileAtomically(JoinPath(part, kProblemsFile), "half a block"));
    ASSERT_NO_FATAL_FAILURE(RunStage(bench, "problems", 3));
    EXPECT_EQ(bench.Files("problems"), whole) << partition;
  }
}

TEST(ArithmeticProblems, CancelledItWritesNoManifest) {
  Workbench bench;
  bench.cancel.Cancel();
  ArithmeticProblemsOptions options = Options(50);
  EXPECT_THAT(bench.Run("problems", RunArithmeticProblemsStage, options, {}),
              IsError(absl::StatusCode::kCancelled, ""));
  EXPECT_FALSE(
      FileExists(JoinPath(bench.Directory("problems"), kManifestName)));
}

}  // namespace
}  // namespace limbeck
