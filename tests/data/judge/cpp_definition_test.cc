#include "data/judge/cpp_definition.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/support/mutation.h"

namespace limbeck {
namespace {

TEST(WithoutCppComments, HidesCommentsAndLiterals) {
  EXPECT_EQ(WithoutCppComments("a // b\nc /* d\n */ e"),
            "a     \nc     \n    e");
  EXPECT_EQ(WithoutCppComments("a \"f(\\\"\" b 'c' 1'000"),
            "a        b     1'000");
  EXPECT_EQ(WithoutCppComments("a R\"x(\")\" // )x\" b"), "a R              b");
  EXPECT_EQ(WithoutCppComments("a /* b"), "a     ");
}

TEST(DefinesCppFunction, Definitions) {
  for (const char* code :
       {"int f(int a) { return a; }", "int* f() {}", "auto f(int a) -> int {}",
        "vector<int> f(vector<int>& a)\n{", "static int\nf (int (*g)(int)) {",
        "int f(int a) noexcept {", "int f(); int f() { return 1; }",
        "int g() { return 1'000; } int f() {}"}) {
    EXPECT_TRUE(DefinesCppFunction(code, "f")) << code;
  }
}

TEST(DefinesCppFunction, WhatIsNone) {
  for (const char* code :
       {"", "f", "f(", "int f(int a);", "// int f() {}", "/* int f() {} */",
        "const char* s = \"int f() {}\";", "int g() { return f(1); }",
        "int g() { if (f(1)) { return 2; } }", "int ff() {} int gf() {}",
        "int f = 1;", "int f(int a", "int g() { x = f(1); { } }"}) {
    EXPECT_FALSE(DefinesCppFunction(code, "f")) << code;
  }
}

TEST(DefinesCppFunction, DamageIsNoCrash) {
  const std::string seed =
      "R\"(x)\" 'a' /* b */ int f(int (*a)(int)) -> int { return \"\\\\\"; }";
  ForEachCut(seed, [](const std::string& code, size_t) {
    DefinesCppFunction(code, "f");
  });
  ForEachBitFlip(seed, [](const std::string& code, size_t) {
    DefinesCppFunction(code, "f");
  });
}

}  // namespace
}  // namespace limbeck
