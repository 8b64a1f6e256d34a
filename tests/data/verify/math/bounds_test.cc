// No input is slow, none crashes, and every thread gets the same verdict.
#include <time.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "data/base/random.h"
#include "data/verify/math/math_answer.h"
#include "gtest/gtest.h"

namespace limbeck {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMBECK_SANITIZED 1
#endif
#endif

// Of processor time of the thread: other load on the machine does not count.
// Sanitizers slow arithmetic down by up to twenty.
#ifdef LIMBECK_SANITIZED
constexpr double kMaxMilliseconds = 1000;
#else
constexpr double kMaxMilliseconds = 50;
#endif

double ThreadMilliseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 +
         static_cast<double>(now.tv_nsec) / 1e6;
}

// Reads both, compares them both ways and fails if that takes too long.
void JudgeInTime(const std::string& gold, const std::string& answer) {
  const double begin = ThreadMilliseconds();
  const absl::StatusOr<MathAnswer> g = ParseMathAnswer(gold);
  const absl::StatusOr<MathAnswer> a = ParseMathAnswer(answer);
  if (g.ok() && a.ok()) {
    EXPECT_NE(CompareMathAnswers(*g, *a).reason, "");
    EXPECT_EQ(CompareMathAnswers(*a, *a).verdict, VERDICT_CORRECT) << answer;
  }
  const double spent = ThreadMilliseconds() - begin;
  EXPECT_LT(spent, kMaxMilliseconds)
      << gold.substr(0, 200) << " | " << answer.substr(0, 200);
}

std::string Repeat(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

const std::vector<std::string>& Seeds() {
  static const auto& seeds = *new std::vector<std::string>{
      "\\frac{11+9a}{20}",
      "(-\\infty, 2) \\cup (3, \\infty)",
      "10,\\!080",
      "\\left( 3, \\frac{\\pi}{2} \\right)",
      "x \\in [-2,7]",
      "\\begin{pmatrix} 1/5 \\\\ -18/5 \\end{pmatrix}",
      "\\{1\\pm\\sqrt{5},-2\\}",
      "\\$32,\\!348",
      "15\\mbox{ cm}^2",
      "4210_{5}",
      "5x - 7y + 11z + 4 = 0",
      "\\sqrt[3]{\\sin^2 x}+\\log_2 8",
      "\\sum_{k=1}^{10} k^2",
      "1\\frac{4}{5}",
      "\\int_0^1 x dx",
      "0.1\\overline{6}",
      "|x-1|+\\lfloor y \\rfloor",
      "\\text{(B)}",
      "-2 \\le x < 7 \\text{ or } x = 9",
      "e^{i\\pi}+1",
      "\\{x | x > 1\\}",
      "a=1;b=2",
      "7:32",
      "2^{-99}",
      "√3·x² ≤ ½"};
  return seeds;
}

const std::vector<std::string>& HardExpressions() {
  const std::string many_sums = Repeat("\\sum_{k=1}^{1000}", 4) + " k";
  const std::string tower = Repeat("2^{", 30) + "2" + Repeat("}", 30);
  static const auto& hard = *new std::vector<std::string>{
      "9^{9^{9^9}}",
      "9^9^9^9",
      "10^{10^{10}}",
      "10^10^10",
      "1000000!",
      "((100!)!)!",
      "(10^{1000})!",
      "2^{10^{1000}}",
      "2^{-10^{1000}}",
      tower,
      many_sums,
      "\\binom{1000000000}{500000000}",
      "\\binom{20000}{10000}^{20}",
      "8000!^8000",
      "8000!/7999!",
      "\\sum_{k=1}^{1000} k!",
      "\\sum_{k=1}^{1000} \\sqrt{k}",
      "\\sum_{k=1}^{1000} \\sin k",
      "\\prod_{k=1}^{1000} (2^k+1)",
      "\\sum_{k=1}^{1000} \\frac{1}{k}",
      "\\sum_{k=1}^{1000} \\frac{1}{k!}",
      "(x+y+z+1)^{1000}",
      "(x+1)^{10^9}",
      "\\sin(10^{10^{10}})",
      "\\sin(10^{1000})",
      "e^{e^{e^{e}}}",
      "e^{e^{e^{e^{e}}}}",
      "\\sqrt[1000]{2}",
      "\\sqrt[1000000]{2}",
      "\\lfloor 10^{1500}\\pi \\rfloor",
      "\\gcd(2^{60000}-1, 3^{40000}-1)",
      "3^{80000} \\bmod 7^{40000}",
      "\\frac{3^{80000}}{7^{40000}}+\\frac{5^{50000}}{11^{30000}}",
      "0.5!",
      "(-0.5)!",
      "100000.5!",
      "1/0",
      "0^0",
      "\\ln 0",
      "\\tan 90^\\circ",
      "\\frac{1}{\\sqrt{2}\\sqrt{3}-\\sqrt{6}}",
      "\\sqrt{2}-\\sqrt{2}",
      "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{1000000}",
      Repeat("\\frac{1}{1+", 20) + "x" + Repeat("}", 20),
      Repeat("\\sqrt{2+", 20) + "2" + Repeat("}", 20),
      Repeat("x+", 400) + "x",
      Repeat("xy", 400),
      Repeat("(x+1)", 100),
      Repeat("1/", 400) + "1",
      Repeat("{", 10000),
      Repeat("(", 10000),
      Repeat("((", 10) + "x" + Repeat("))", 10),
      Repeat("\\frac", 500),
      Repeat("|", 1000),
      Repeat("[", 1000),
      Repeat("^", 1000),
      Repeat("-", 1000) + "1",
      Repeat("\\sqrt", 1000),
      Repeat("\\pm 1", 200),
      Repeat("1,", 60) + "1",
      Repeat("(1,2),", 60) + "(1,2)",
      Repeat("[1,2]\\cup", 100) + "[3,4]",
      std::string(2000, '9'),
      std::string(4096, 'a'),
      std::string(100000, 'x'),
      "\\text{" + std::string(4000, 'b') + "}"};
  return hard;
}

TEST(Bounds, HardExpressions) {
  for (const std::string& text : HardExpressions()) {
    JudgeInTime(text, text + "+1");
    JudgeInTime("1", text);
    JudgeInTime(text, "\\sqrt{2}");
  }
}

TEST(Bounds, LongListsInAnotherOrder) {
  std::string forth, back;
  for (int i = 1; i <= 60; ++i) {
    const std::string root = "\\sqrt{" + std::to_string(i) + "}";
    forth += (i > 1 ? "," : "") + root;
    back = root + (i > 1 ? "," : "") + back;
  }
  JudgeInTime(forth, back);
  JudgeInTime("\\{" + forth + "\\}", back);
  std::string nested;
  for (int i = 0; i < 12; ++i) nested += "\\{" + forth.substr(0, 150) + "\\},";
  JudgeInTime(nested + "1", nested + "2");
}

TEST(Bounds, EveryCutOfASeed) {
  for (const std::string& seed : Seeds()) {
    for (size_t length = 0; length < seed.size(); ++length) {
      JudgeInTime(seed, seed.substr(0, length));
      JudgeInTime(seed.substr(length), seed);
    }
  }
}

TEST(Bounds, EveryByteOfASeedChanged) {
  for (const std::string& seed : Seeds()) {
    for (size_t i = 0; i < seed.size(); ++i) {
      for (const int mask : {0x01, 0x04, 0x10, 0x80}) {
        std::string changed = seed;
        changed[i] = static_cast<char>(changed[i] ^ mask);
        JudgeInTime(seed, changed);
      }
      JudgeInTime(seed, seed.substr(0, i) + seed.substr(i / 2));
    }
  }
}

// Separated by blanks; "~" stands for one.
constexpr absl::string_view kVocabulary =
    "1 2 x y n e i + - * / ^ _ ! ' ( ) [ ] { } \\{ \\} | , ; : = < \\frac "
    "\\sqrt \\sin \\log \\pi \\infty \\cup \\cap \\setminus \\in \\le \\pm "
    "\\sum_{k=1}^{9} \\int ~dx \\text{~and~} \\text{cm} % ^\\circ \\$ \\binom "
    "\\mod \\begin{pmatrix} \\end{pmatrix} & \\\\ 0.5 99 \\left( \\right) "
    "\\lfloor \\rfloor \\gcd \\lim_{x\\to~0} ... \\overline{3} f(x) "
    "\\mathbb{R} ~ \\approx 10^{9}";

TEST(Bounds, RandomTokens) {
  std::vector<std::string> tokens = absl::StrSplit(kVocabulary, ' ');
  for (std::string& token : tokens) {
    std::replace(token.begin(), token.end(), '~', ' ');
  }
  std::string previous = "1";
  for (uint64_t soup = 0; soup < 6000; ++soup) {
    const uint64_t key = RandomKey(7, RandomPurpose::kTest, soup);
    const uint64_t length = 1 + RandomBelow(soup % 2 == 0 ? 8 : 40, key, 0);
    std::string text;
    for (uint64_t i = 0; i < length; ++i) {
      text += tokens[RandomBelow(tokens.size(), key, i + 1)];
    }
    JudgeInTime(previous, text);
    previous = text;
  }
}

TEST(Threads, GetTheSameVerdicts) {
  const auto judge_all = [] {
    std::string verdicts;
    for (const std::string& gold : Seeds()) {
      for (const std::string& answer : Seeds()) {
        const absl::StatusOr<MathAnswer> g = ParseMathAnswer(gold);
        const absl::StatusOr<MathAnswer> a = ParseMathAnswer(answer);
        verdicts.push_back(
            g.ok() && a.ok()
                ? static_cast<char>('0' + CompareMathAnswers(*g, *a).verdict)
                : 'x');
      }
    }
    return verdicts;
  };
  const std::string expected = judge_all();
  std::vector<std::string> found(4);
  std::vector<std::thread> threads;
  for (std::string& result : found) {
    threads.emplace_back([&result, &judge_all] { result = judge_all(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : found) EXPECT_EQ(result, expected);
}

// Answers parsed by one thread are compared by another.
TEST(Threads, ShareParsedAnswers) {
  const absl::StatusOr<MathAnswer> gold = ParseMathAnswer("2^{500}\\sqrt{2}");
  absl::StatusOr<MathAnswer> answer = absl::UnknownError("not yet");
  std::thread parser([&answer] { answer = ParseMathAnswer("2^{500.5}"); });
  parser.join();
  ASSERT_TRUE(gold.ok() && answer.ok());
  EXPECT_EQ(CompareMathAnswers(*gold, *answer).verdict, VERDICT_CORRECT);
}

}  // namespace
}  // namespace limbeck
