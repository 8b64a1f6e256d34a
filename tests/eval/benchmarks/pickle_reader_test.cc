// Harmless pickles in, programs refused by opcode and offset.
#include "eval/benchmarks/pickle_reader.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;

std::string Bytes(absl::string_view text) { return std::string(text); }

template <size_t N>
std::string Raw(const char (&text)[N]) {
  return std::string(text, N - 1);
}

std::string Error(const std::string& pickle, const PickleLimits& limits = {}) {
  return std::string(ReadPickle(pickle, limits).status().message());
}

TEST(PickleReader, TextsListsDictsAndNone) {
  // pickle.dumps({"a": ["x", "a"], "b": None}, 4)
  const std::string pickle =
      Raw("\x80\x04\x95\x17\0\0\0\0\0\0\0}\x94(\x8c\x01"
          "a\x94]\x94(\x8c\x01x"
          "\x94h\x01"
          "e\x8c\x01"
          "b\x94Nu.");
  const auto json = ReadPickle(pickle);
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(WriteJson(*json), R"({"a":["x","a"],"b":null})");
}

TEST(PickleReader, BytesAreTexts) {
  EXPECT_EQ(WriteJson(*ReadPickle(Raw("\x80\x03"
                                      "C\x02hi."))),
            R"("hi")");
  EXPECT_THAT(Error(Raw("\x80\x03"
                        "C\x01\xff.")),
              HasSubstr("no UTF-8"));
}

// os.system("id") in the three ways a pickle can say it.
TEST(PickleReader, ProgramsAreRefusedByNameAndOffset) {
  EXPECT_THAT(Error(Raw("cos\nsystem\n(\x8c\x02idtR.")),
              HasSubstr("GLOBAL at byte 0"));
  EXPECT_THAT(
      Error(Raw("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.")),
      HasSubstr("STACK_GLOBAL at byte 14"));
  EXPECT_THAT(Error(Raw("\x80\x02]R.")), HasSubstr("REDUCE at byte 3"));
  EXPECT_THAT(Error(Raw("(S'id'\nios\nsystem\n.")),
              HasSubstr("STRING at byte 1"));
  EXPECT_THAT(Error(Raw("(ios\nsystem\n.")), HasSubstr("INST at byte 1"));
  EXPECT_THAT(Error(Raw("]b.")), HasSubstr("BUILD at byte 1"));
  EXPECT_THAT(Error(Raw("\x82\x01.")), HasSubstr("EXT1 at byte 0"));
  EXPECT_THAT(Error(Raw("Pid\n.")), HasSubstr("PERSID"));
  EXPECT_THAT(Error(Raw("K\x01.")), HasSubstr("BININT1"));
  EXPECT_THAT(Error(Raw(")"
                        ".")),
              HasSubstr("EMPTY_TUPLE"));
  EXPECT_THAT(Error(Raw("\x07")), HasSubstr("opcode 0x07 at byte 0"));
}

// Every byte that is no harmless opcode is refused where it stands.
TEST(PickleReader, AllOtherOpcodesAreRefused) {
  const std::string harmless =
      Bytes("(.NXTUBC]ael}sudhjqr") + "\x8c\x8d\x8e\x94\x80\x95";
  for (int byte = 0; byte < 256; ++byte) {
    if (harmless.find(static_cast<char>(byte)) != std::string::npos) continue;
    const std::string pickle = Bytes("]") + static_cast<char>(byte) + ".";
    EXPECT_THAT(Error(pickle), HasSubstr("not among the harmless ones"))
        << byte;
  }
}

TEST(PickleReader, SharedListsAreRefused) {
  // a = []; a.append(a)
  EXPECT_THAT(Error(Raw("]\x94h\x00"
                        "a.")),
              HasSubstr("slot 0 holds no text"));
  EXPECT_THAT(Error(Raw("h\x05.")), HasSubstr("slot 5 holds no text"));
}

TEST(PickleReader, BombsAreBounded) {
  PickleLimits limits;
  limits.max_values = 100;
  limits.max_depth = 8;
  limits.max_string_bytes = 1000;
  EXPECT_THAT(Error(std::string(200, ']'), limits),
              HasSubstr("more than 100 values"));
  EXPECT_THAT(Error(std::string(20, ']') + std::string(19, 'a') + ".", limits),
              HasSubstr("nested more than 8 deep"));
  EXPECT_THAT(Error(std::string(1000, '('), limits), HasSubstr("marks"));
  std::string copies = Raw("\x8c\x64") + std::string(100, 'x') + "\x94(";
  for (int i = 0; i < 20; ++i) copies += Raw("h\x00");
  EXPECT_THAT(Error(copies, limits), HasSubstr("more than 1000 bytes"));
  EXPECT_THAT(Error(Raw("\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.")),
              HasSubstr("9223372036854775807 bytes, 1 are left"));
  EXPECT_THAT(Error(Raw("X\xff\xff\xff\xff"
                        "abc")),
              HasSubstr("3 are left"));
}

TEST(PickleReader, StackErrors) {
  EXPECT_THAT(Error("a."), HasSubstr("needs 1 values, the stack has 0"));
  EXPECT_THAT(Error("(a."), HasSubstr("needs 1 values"));
  EXPECT_THAT(Error("]e."), HasSubstr("no mark"));
  EXPECT_THAT(Error("N(Ne."), HasSubstr("is not"));
  EXPECT_THAT(Error("}(Nu."), HasSubstr("a key without value"));
  EXPECT_THAT(Error("}NNs."), HasSubstr("a key that is no text"));
  EXPECT_THAT(Error("]]."), HasSubstr("2 values are left"));
  EXPECT_THAT(Error("].N"), HasSubstr("1 bytes follow"));
  EXPECT_THAT(Error("]"), HasSubstr("without STOP"));
  EXPECT_THAT(Error(Raw("\x80\x06].")), HasSubstr("protocol 6"));
  EXPECT_THAT(Error(Raw("\x80")), HasSubstr("ends inside"));
  EXPECT_THAT(Error(Raw("\x94")), HasSubstr("nothing to remember"));
}

TEST(PickleReader, DamageNeverCrashes) {
  const std::string pickle =
      Raw("\x80\x04\x95\x17\0\0\0\0\0\0\0}\x94(\x8c\x01"
          "a\x94]\x94(\x8c\x01x"
          "\x94h\x01"
          "e\x8c\x01"
          "b\x94Nu.");
  const auto read = [](const std::string& bytes) { (void)ReadPickle(bytes); };
  ForEachCut(pickle, [&](const std::string& cut, size_t) {
    EXPECT_FALSE(ReadPickle(cut).ok());
  });
  ForEachBitFlip(pickle, [&](const std::string& flip, size_t) { read(flip); });
  ForEachMutation(pickle, 5000, 3, read);
}

}  // namespace
}  // namespace limbeck
