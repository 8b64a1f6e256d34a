// Private tests as Python packs them, and bombs.
#include "eval/benchmarks/packed_tests.h"

#include <zlib.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eval/benchmarks/inflate.h"
#include "eval/benchmarks/rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Deflate(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

absl::StatusOr<std::vector<CodeTest>> Unpack(const std::string& packed) {
  BenchmarkProblem problem;
  problem.id = "p";
  problem.place = "lcb.jsonl:4";
  problem.code.emplace();
  problem.code->packed_tests = packed;
  return UnpackTests(problem);
}

std::string PackPickle(const std::string& pickle) {
  return absl::Base64Escape(Deflate(pickle));
}

TEST(PackedTests, WhatPythonPacks) {
  int cases = 0;
  const absl::Status status =
      ForEachRow("tests/testdata/benchmarks/packed_tests.jsonl",
                 [&](Row& row) -> absl::Status {
                   const std::string unit = *row.object.GetString("unit");
                   std::string input;
                   for (int64_t i = *row.object.GetInt("count"); i > 0; --i)
                     input += unit;
                   const auto tests = Unpack(*row.object.GetString("packed"));
                   EXPECT_THAT(tests, IsOk()) << *row.object.GetString("name");
                   if (!tests.ok()) return absl::OkStatus();
                   EXPECT_EQ(tests->size(), 1u);
                   EXPECT_EQ((*tests)[0].input, input);
                   EXPECT_EQ((*tests)[0].output, "7\n");
                   ++cases;
                   return absl::OkStatus();
                 });
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(cases, 15);
}

TEST(PackedTests, PlainJsonText) {
  const auto tests =
      Unpack(R"([{"input": "1", "output": [2], "testtype": "functional"}])");
  ASSERT_THAT(tests, IsOk());
  EXPECT_EQ((*tests)[0].output, "[2]");
}

TEST(PackedTests, EachLayerIsChecked) {
  const auto error = [](const std::string& packed) {
    return std::string(Unpack(packed).status().message());
  };
  EXPECT_THAT(error("%%%"),
              StartsWith("lcb.jsonl:4: problem 'p': private "
                         "tests: neither a JSON list nor base64"));
  EXPECT_THAT(error(absl::Base64Escape("no zlib")), HasSubstr("zlib stream"));
  const std::string good = Deflate("\x80\x03].");
  EXPECT_THAT(error(absl::Base64Escape(good.substr(0, good.size() - 2))),
              HasSubstr("ends too early"));
  EXPECT_THAT(error(absl::Base64Escape(good + "xx")),
              HasSubstr("2 bytes follow"));
  EXPECT_THAT(error(PackPickle("cos\nsystem\n(U\x02idtR.")),
              HasSubstr("pickle opcode GLOBAL at byte 0"));
  EXPECT_THAT(error(PackPickle("N.")), HasSubstr("tests are"));
  EXPECT_THAT(error(PackPickle(std::string("U\x02[1."))), HasSubstr("byte"));
  EXPECT_THAT(error("[{\"input\":\"1\"}]"), HasSubstr("test 1: no 'output'"));
  EXPECT_THAT(error("{\"inputs\":[\"1\"],\"outputs\":[]}"),
              HasSubstr("1 inputs and 0 outputs"));
}

TEST(PackedTests, JsonBombsAreRefused) {
  EXPECT_FALSE(Unpack(std::string(1 << 20, '[')).ok());
  std::string nested = "\"[]\"";
  for (int i = 0; i < 3; ++i) nested = WriteJson(Json(nested));
  EXPECT_FALSE(ReadTestList(*ParseJson(nested)).ok());
}

TEST(Inflate, ZipBombStopsAtItsCap) {
  const std::string bomb = Deflate(std::string(64 << 20, 'x'));
  ASSERT_LT(bomb.size(), 100u << 10);
  EXPECT_THAT(InflateZlib(bomb, 1 << 20),
              IsError(absl::StatusCode::kInvalidArgument,
                      "inflates to more than 1048576 bytes"));
  EXPECT_EQ(InflateZlib(bomb, 64 << 20)->size(), size_t{64 << 20});
  EXPECT_FALSE(InflateZlib(bomb, (64 << 20) - 1).ok());
  EXPECT_FALSE(InflateZlib("", 10).ok());
  EXPECT_EQ(*InflateZlib(Deflate(""), 0), "");
}

TEST(PackedTests, DamageNeverCrashes) {
  const std::string pickle =
      "\x80\x03]}(U\x05inputU\x01"
      "1U\x06outputU\x01"
      "2u"
      "a.";
  ASSERT_THAT(Unpack(PackPickle(pickle)), IsOk());
  const std::string stream = Deflate(pickle);
  ForEachBitFlip(stream, [](const std::string& flip, size_t) {
    (void)Unpack(absl::Base64Escape(flip));
  });
  ForEachMutation(pickle, 2000, 11, [](const std::string& bytes) {
    (void)Unpack(PackPickle(bytes));
  });
  const std::string packed = PackPickle(pickle);
  ForEachCut(packed, [](const std::string& cut, size_t) { (void)Unpack(cut); });
}

}  // namespace
}  // namespace limbeck
