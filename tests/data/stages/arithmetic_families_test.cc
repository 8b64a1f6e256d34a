// Every worked solution is checked line by line with an independent evaluator.
#include "data/stages/arithmetic_families.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "data/base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

// Left-to-right evaluator of "30*6+4*6" with the usual precedence.
class Evaluator {
 public:
  explicit Evaluator(absl::string_view text) : text_(text) {}

  int64_t Sum() {
    int64_t value = Product();
    while (position_ < text_.size()) {
      const char operation = text_[position_];
      if (operation != '+' && operation != '-') break;
      ++position_;
      const int64_t next = Product();
      value = operation == '+' ? value + next : value - next;
    }
    return value;
  }

 private:
  int64_t Product() {
    int64_t value = Number();
    while (position_ < text_.size()) {
      const char operation = text_[position_];
      if (operation != '*' && operation != '/') break;
      ++position_;
      const int64_t next = Number();
      if (operation == '/') {
        EXPECT_EQ(value % next, 0) << text_;
      }
      value = operation == '*' ? value * next : value / next;
    }
    return value;
  }

  int64_t Number() {
    int64_t value = 0;
    const size_t begin = position_;
    while (position_ < text_.size() && text_[position_] >= '0' &&
           text_[position_] <= '9') {
      value = value * 10 + (text_[position_++] - '0');
    }
    EXPECT_GT(position_, begin) << "no number in " << text_;
    return value;
  }

  const absl::string_view text_;
  size_t position_ = 0;
};

void ExpectTrueEquation(absl::string_view line) {
  if (line.substr(0, 2) == "x=") return;
  const std::vector<absl::string_view> sides = absl::StrSplit(line, '=');
  ASSERT_GE(sides.size(), 2u) << line;
  const int64_t first = Evaluator(sides[0]).Sum();
  for (absl::string_view side : sides) {
    EXPECT_EQ(Evaluator(side).Sum(), first) << line;
  }
}

TEST(ArithmeticFamilies, EveryStepIsTrueAndTheLastOneHoldsTheAnswer) {
  for (const std::string& family : ArithmeticFamilies()) {
    for (int difficulty = 1; difficulty <= 4; ++difficulty) {
      for (uint64_t key = 0; key < 300; ++key) {
        const ArithmeticItem item = MakeArithmeticItem(family, difficulty, key);
        const std::vector<absl::string_view> lines =
            absl::StrSplit(item.solution, '\n');
        for (absl::string_view line : lines) ExpectTrueEquation(line);
        const size_t last = item.solution.find_last_of("=+");
        int64_t value = 0;
        ASSERT_TRUE(absl::SimpleAtoi(item.solution.substr(last + 1), &value));
        EXPECT_EQ(value, item.answer) << item.question << "\n" << item.solution;
        EXPECT_GE(item.answer, 0);
      }
    }
  }
}

TEST(ArithmeticFamilies, TermMatchesAnIndependentReading) {
  for (uint64_t key = 0; key < 300; ++key) {
    const ArithmeticItem item = MakeArithmeticItem("term", 2, key);
    std::string term = item.question.substr(8);
    term.pop_back();
    std::string compact;
    for (char c : term) {
      if (c != ' ') compact += c;
    }
    EXPECT_EQ(Evaluator(compact).Sum(), item.answer) << item.question;
  }
}

TEST(ArithmeticFamilies, ItemDependsOnNothingButItsArguments) {
  const ArithmeticItem a = MakeArithmeticItem("shopping", 3, 7);
  const ArithmeticItem b = MakeArithmeticItem("shopping", 3, 7);
  EXPECT_EQ(a.question, b.question);
  EXPECT_EQ(a.solution, b.solution);
  EXPECT_NE(a.question, MakeArithmeticItem("shopping", 3, 8).question);
}

TEST(ArithmeticFamilies, AgesNameEveryPersonOnce) {
  for (uint64_t key = 0; key < 300; ++key) {
    const ArithmeticItem item = MakeArithmeticItem("ages", 4, key);
    std::set<std::string> subjects;
    const std::vector<std::string> sentences =
        absl::StrSplit(item.question, ". ");
    for (size_t i = 0; i + 1 < sentences.size(); ++i) {
      const std::string name = sentences[i].substr(0, sentences[i].find(' '));
      EXPECT_TRUE(subjects.insert(name).second) << item.question;
    }
  }
}

TEST(ArithmeticDocument, FactsAreTrue) {
  for (uint64_t key = 0; key < 200; ++key) {
    const std::string document = MakeArithmeticDocument(key);
    for (absl::string_view line : absl::StrSplit(document, '\n')) {
      // Words may stand before the equation.
      const size_t words = line.rfind(' ');
      if (words != absl::string_view::npos) line.remove_prefix(words + 1);
      if (line.find('=') != absl::string_view::npos) ExpectTrueEquation(line);
    }
  }
}

}  // namespace
}  // namespace limbeck
