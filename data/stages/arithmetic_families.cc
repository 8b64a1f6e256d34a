#include "data/stages/arithmetic_families.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/check.h"
#include "data/stages/arithmetic_steps.h"

namespace limbeck {
namespace {

const std::vector<std::string>& Names() {
  static const auto* names = new std::vector<std::string>{
      "Ana", "Ben", "Carl", "Dora", "Emil", "Finn", "Gina", "Hugo"};
  return *names;
}

const std::vector<std::string>& Things() {
  static const auto* things = new std::vector<std::string>{
      "pens", "books", "cups", "keys", "maps", "balls", "lamps", "hats"};
  return *things;
}

// A number that is carried through additions, subtractions and products.
ArithmeticItem MakeChain(int difficulty, Dice& dice) {
  constexpr int64_t kLargest = 150;
  Steps steps;
  int64_t value = dice.Between(2, 40);
  std::string question = absl::StrCat("Start with ", value, ".");
  for (int i = 0; i <= difficulty; ++i) {
    const int64_t kind = dice.Between(0, 2);
    if (kind == 0 && value <= 12) {
      const int64_t factor = dice.Between(2, 9);
      absl::StrAppend(&question, " Multiply by ", factor, ".");
      value = steps.Multiply(value, factor);
    } else if (value > kLargest - 40 || (kind == 1 && value >= 10)) {
      const int64_t amount = dice.Between(2, std::min<int64_t>(value, 60));
      absl::StrAppend(&question, " Subtract ", amount, ".");
      value = steps.Subtract(value, amount);
    } else {
      const int64_t amount = dice.Between(2, 40);
      absl::StrAppend(&question, " Add ", amount, ".");
      value = steps.Add(value, amount);
    }
  }
  return {question + " What is the result?", steps.text(), value};
}

// A term in symbols.
ArithmeticItem MakeTerm(int difficulty, Dice& dice) {
  Steps steps;
  const int64_t c = dice.Between(2, 9);
  const int64_t d = dice.Between(2, 9);
  std::string term;
  int64_t value = 0;
  if (difficulty == 1) {
    const int64_t a = dice.Between(3, 60);
    const int64_t b = dice.Between(3, 40);
    term = absl::StrCat(a, " + ", b, " - ", c);
    value = steps.Subtract(steps.Add(a, b), c);
  } else if (difficulty == 2) {
    const int64_t a = dice.Between(2, 12);
    const int64_t b = dice.Between(3, 60);
    term = absl::StrCat(a, " * ", c, " + ", b);
    value = steps.Add(steps.Multiply(a, c), b);
  } else {
    const int64_t a = dice.Between(2, 6);
    const int64_t b = dice.Between(2, 6);
    const int64_t e = dice.Between(2, std::max<int64_t>(2, (a + b) * c / d));
    term = absl::StrCat("(", a, " + ", b, ") * ", c, " - ", d);
    value = steps.Multiply(steps.Add(a, b), c);
    if (difficulty == 4 && d * e <= value && e <= 12) {
      absl::StrAppend(&term, " * ", e);
      value = steps.Subtract(value, steps.Multiply(d, e));
    } else {
      value = steps.Subtract(value, d);
    }
  }
  return {absl::StrCat("Compute ", term, "."), steps.text(), value};
}

// Buying things; from the third level on the question is about the change.
ArithmeticItem MakeShopping(int difficulty, Dice& dice) {
  Steps steps;
  const std::string& name = dice.Pick(Names());
  const int num_kinds = difficulty == 4 ? 3 : (difficulty == 1 ? 1 : 2);
  std::vector<std::string> parts;
  std::vector<int64_t> costs;
  for (int i = 0; i < num_kinds; ++i) {
    const int64_t count = dice.Between(2, 9);
    const int64_t price = dice.Between(2, 12);
    const std::string& thing = dice.Pick(Things());
    parts.push_back(
        absl::StrCat(count, " ", thing, " for ", price, " coins each"));
    costs.push_back(steps.Multiply(count, price));
  }
  int64_t total = costs[0];
  for (size_t i = 1; i < costs.size(); ++i) total = steps.Add(total, costs[i]);
  std::string question =
      absl::StrCat(name, " buys ", absl::StrJoin(parts, " and "), ".");
  if (difficulty < 3) {
    return {question + " How many coins is that?", steps.text(), total};
  }
  const int64_t paid = (total / 100 + dice.Between(1, 2)) * 100;
  absl::StrAppend(&question, " ", name, " pays with ", paid,
                  " coins. How many coins come back?");
  const int64_t change = steps.Subtract(paid, total);
  return {question, steps.text(), change};
}

// Linear equations with one unknown.
ArithmeticItem MakeEquation(int difficulty, Dice& dice) {
  Steps steps;
  const int64_t x = dice.Between(2, 12);
  const int64_t a = dice.Between(2, 9);
  const int64_t b = dice.Between(2, 60);
  std::string equation;
  if (difficulty == 1) {
    equation = absl::StrCat("x + ", b, " = ", x + b);
    steps.Note(absl::StrCat("x=", x + b, "-", b));
    steps.Subtract(x + b, b);
  } else if (difficulty == 2) {
    equation = absl::StrCat(a, "x + ", b, " = ", a * x + b);
    steps.Divide(steps.Subtract(a * x + b, b), a);
  } else if (difficulty == 3) {
    const int64_t c = dice.Between(1, a - 1);
    equation = absl::StrCat(a, "x + ", b, " = ", c, "x + ", (a - c) * x + b);
    const int64_t slope = steps.Subtract(a, c);
    steps.Divide(steps.Subtract((a - c) * x + b, b), slope);
  } else {
    const int64_t c = dice.Between(1, 13 - std::min<int64_t>(x, 12));
    const int64_t d = dice.Between(2, 40);
    equation = absl::StrCat(a, "(x + ", c, ") + ", d, " = ", a * (x + c) + d);
    const int64_t inner = steps.Divide(steps.Subtract(a * (x + c) + d, d), a);
    steps.Subtract(inner, c);
  }
  return {absl::StrCat("Solve ", equation, "."), steps.text(), x};
}

// The sum of a list.
ArithmeticItem MakeSum(int difficulty, Dice& dice) {
  Steps steps;
  std::vector<int64_t> numbers;
  for (int i = 0; i < difficulty + 2; ++i) {
    numbers.push_back(dice.Between(3, 39));
  }
  int64_t total = numbers[0];
  for (size_t i = 1; i < numbers.size(); ++i) {
    total = steps.Add(total, numbers[i]);
  }
  return {absl::StrCat("Find the sum of ", absl::StrJoin(numbers, ", "), "."),
          steps.text(), total};
}

// What is left over when things are packed into bags.
ArithmeticItem MakeLeftOver(int difficulty, Dice& dice) {
  Steps steps;
  const std::string& thing = dice.Pick(Things());
  const int64_t bag = dice.Between(3, 9);
  const int64_t boxes = dice.Between(2, 9);
  const int64_t per_box = dice.Between(3, 9);
  int64_t total = 0;
  std::string story;
  if (difficulty == 1) {
    total = dice.Between(10, 10 * bag);
    story = absl::StrCat("There are ", total, " ", thing, ".");
  } else {
    story = absl::StrCat("There are ", boxes, " boxes of ", per_box, " ", thing,
                         ".");
    total = steps.Multiply(boxes, per_box);
  }
  if (difficulty >= 3) {
    const int64_t more = dice.Between(3, 30);
    absl::StrAppend(&story, " ", more, " more arrive.");
    total = steps.Add(total, more);
  }
  if (difficulty >= 4) {
    const int64_t lost = dice.Between(2, total - 1);
    absl::StrAppend(&story, " ", lost, " get lost.");
    total = steps.Subtract(total, lost);
  }
  absl::StrAppend(&story, " They are packed in bags of ", bag,
                  ". How many are left over?");
  const int64_t rest = steps.Remainder(total, bag);
  return {story, steps.text(), rest};
}

// Ages that depend on each other.
ArithmeticItem MakeAges(int difficulty, Dice& dice) {
  Steps steps;
  // An odd stride visits all eight names before one comes again.
  size_t person = static_cast<size_t>(dice.Between(0, 7));
  const size_t stride = static_cast<size_t>(2 * dice.Between(0, 3) + 1);
  int64_t age = dice.Between(3, 20);
  std::string question = absl::StrCat(Names()[person], " is ", age, ".");
  for (int i = 0; i <= difficulty; ++i) {
    const std::string& known = Names()[person];
    person = (person + stride) % Names().size();
    const std::string& next = Names()[person];
    const int64_t kind = dice.Between(0, 2);
    if (kind == 0 && age <= 30) {
      absl::StrAppend(&question, " ", next, " is twice as old as ", known, ".");
      age = steps.Add(age, age);
    } else if (kind == 1 && age >= 12) {
      const int64_t years = dice.Between(2, 9);
      absl::StrAppend(&question, " ", next, " is ", years,
                      " years younger than ", known, ".");
      age = steps.Subtract(age, years);
    } else {
      const int64_t years = dice.Between(2, 19);
      absl::StrAppend(&question, " ", next, " is ", years, " years older than ",
                      known, ".");
      age = steps.Add(age, years);
    }
  }
  absl::StrAppend(&question, " How old is ", Names()[person], "?");
  return {question, steps.text(), age};
}

std::string MakeFact(Dice& dice) {
  Steps steps;
  const int64_t a = dice.Between(2, 160);
  const int64_t b = dice.Between(2, 60);
  switch (dice.Between(0, 7)) {
    case 0:
    case 1:
      steps.Add(a, b);
      break;
    case 2:
    case 3:
      steps.Subtract(a + b, b);
      break;
    case 4:
    case 5:
      steps.Multiply(dice.Between(2, 12), dice.Between(2, 12));
      break;
    case 6: {
      const int64_t divisor = dice.Between(2, 9);
      steps.Divide(divisor * dice.Between(2, 12), divisor);
      break;
    }
    default: {
      const int64_t divisor = dice.Between(3, 9);
      steps.Remainder(dice.Between(10, 10 * divisor), divisor);
      break;
    }
  }
  return steps.text();
}

std::string MakeStatement(Dice& dice) {
  const int64_t a = dice.Between(2, 120);
  const int64_t b = a + dice.Between(1, 40);
  switch (dice.Between(0, 3)) {
    case 0:
      return absl::StrCat(a, ", ", a + 1, ", ", a + 2, ", ", a + 3);
    case 1:
      return absl::StrCat(b, " is more than ", a, ".");
    case 2:
      return absl::StrCat(a, " is less than ", b, ".");
    default:
      return absl::StrCat(dice.Pick(Names()), " has ", a, " ",
                          dice.Pick(Things()), ".");
  }
}

// A fact in words and in symbols: one step, never two.
std::string MakeWordFact(Dice& dice) {
  Steps steps;
  const std::string& name = dice.Pick(Names());
  const std::string& thing = dice.Pick(Things());
  const int64_t a = dice.Between(2, 120);
  const int64_t b = dice.Between(2, 40);
  const int64_t c = dice.Between(2, 12);
  const int64_t d = dice.Between(2, 9);
  std::string words;
  switch (dice.Between(0, 5)) {
    case 0:
      words =
          absl::StrCat(name, " has ", a, " ", thing, ". ", b, " more arrive.");
      steps.Add(a, b);
      break;
    case 1:
      words = absl::StrCat("Start with ", a, ". Add ", b, ".");
      steps.Add(a, b);
      break;
    case 2:
      words = absl::StrCat("Start with ", a + b, ". Subtract ", b, ".");
      steps.Subtract(a + b, b);
      break;
    case 3:
      words = absl::StrCat(d, " ", thing, " for ", c, " coins each.");
      steps.Multiply(d, c);
      break;
    case 4:
      words = absl::StrCat("There are ", a, " ", thing, " in bags of ", d, ".");
      steps.Remainder(a, d);
      break;
    default:
      words = absl::StrCat(name, " is ", b, ". ", dice.Pick(Names()), " is ", d,
                           " years older.");
      steps.Add(b, d);
      break;
  }
  return absl::StrCat(words, " ", steps.text());
}

}  // namespace

const std::vector<std::string>& ArithmeticFamilies() {
  static const auto* families = new std::vector<std::string>{
      "chain", "term", "shopping", "equation", "sum", "left_over", "ages"};
  return *families;
}

ArithmeticItem MakeArithmeticItem(absl::string_view family, int difficulty,
                                  uint64_t key) {
  LIMBECK_CHECK_GE(difficulty, kMinArithmeticDifficulty);
  LIMBECK_CHECK_LE(difficulty, kMaxArithmeticDifficulty);
  Dice dice(key);
  if (family == "chain") return MakeChain(difficulty, dice);
  if (family == "term") return MakeTerm(difficulty, dice);
  if (family == "shopping") return MakeShopping(difficulty, dice);
  if (family == "equation") return MakeEquation(difficulty, dice);
  if (family == "sum") return MakeSum(difficulty, dice);
  if (family == "left_over") return MakeLeftOver(difficulty, dice);
  LIMBECK_CHECK_EQ(family, "ages");
  return MakeAges(difficulty, dice);
}

std::string MakeArithmeticDocument(uint64_t key) {
  constexpr int kLines = 12;
  Dice dice(key);
  std::vector<std::string> lines;
  for (int i = 0; i < kLines; ++i) {
    const int64_t kind = dice.Between(0, 7);
    lines.push_back(kind == 0  ? MakeStatement(dice)
                    : kind < 4 ? MakeWordFact(dice)
                               : MakeFact(dice));
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace limbeck
