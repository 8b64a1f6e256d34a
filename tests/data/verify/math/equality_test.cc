// Verdicts on published tables and on MATH-500.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "data/base/json.h"
#include "data/verify/math/math_answer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

TEST(Scratch, Equal) {
  std::ifstream in(std::string(std::getenv("LIMBECK_TESTDATA")) + "/math_cases.jsonl");
  std::string line;
  while (std::getline(in, line)) {
    auto row = ParseJson(line).value();
    auto f = [&](const char* k) { auto v = row.GetString(k, ""); return v.ok() ? *v : std::string(); };
    const std::string kind = f("kind");
    if (kind != "equal" && kind != "verify" && kind != "normalize") continue;
    std::string gold = f("gold"), pred = f("pred");
    if (pred.size() > 150 || gold.size() > 150) continue;
    auto g = ParseMathAnswer(gold), a = ParseMathAnswer(pred);
    const int expected = static_cast<int>(row.GetInt("expected", -1).value());
    const std::string id = f("id");
    if (!g.ok() || !a.ok()) {
      printf("PARSE %s | %s | %s | %d | %s %s\n", id.c_str(), gold.c_str(), pred.c_str(), expected,
             std::string(g.ok() ? "ok" : g.status().message()).c_str(), std::string(a.ok() ? "ok" : a.status().message()).c_str());
      continue;
    }
    auto c = CompareMathAnswers(*g, *a);
    const bool yes = c.verdict == VERDICT_CORRECT;
    if (yes != (expected == 1)) {
      printf("%s %s | %s | %s | %d | %s | %s | %s\n", c.verdict == VERDICT_UNKNOWN ? "unknown" : yes ? "FALSEYES" : "wrong", id.c_str(), gold.c_str(), pred.c_str(), expected, c.reason.c_str(), g->canonical().c_str(), a->canonical().c_str());
    }
  }
}

TEST(Scratch, Pairs) {
  std::ifstream in(std::string(std::getenv("LIMBECK_TESTDATA")) + "/math500/math500.jsonl");
  std::string line;
  std::set<std::string> distinct;
  while (std::getline(in, line)) distinct.insert(ParseJson(line).value().GetString("answer").value());
  std::vector<MathAnswer> answers;
  for (auto& s : distinct) {
    auto a = ParseMathAnswer(s);
    if (!a.ok()) { printf("PARSE %s: %s\n", s.c_str(), std::string(a.status().message()).c_str()); continue; }
    if (a->type() == MathType::kText) printf("text %s\n", s.c_str());
    answers.push_back(*a);
  }
  auto t0 = std::chrono::steady_clock::now();
  double worst = 0;
  std::string worst_name;
  for (auto& g : answers) for (auto& a : answers) {
    if (&g == &a) continue;
    auto t = std::chrono::steady_clock::now();
    auto c = CompareMathAnswers(g, a);
    double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - t).count();
    if (us > worst) { worst = us; worst_name = g.source() + " | " + a.source(); }
    if (c.verdict != VERDICT_WRONG) printf("%s %s | %s | %s\n", c.verdict == VERDICT_CORRECT ? "EQUAL" : "unknown", g.source().c_str(), a.source().c_str(), c.reason.c_str());
  }
  double total = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - t0).count();
  printf("mean %.2f us worst %.1f us %s\n", total / 90300, worst, worst_name.c_str());
}

}  // namespace
}  // namespace limbeck
