// Json values: construction, access, checked access, changes.
#include "data/base/json.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using absl::StatusCode;

Json Sample() {
  return *ParseJson(
      R"({"name": "a", "count": 3, "big": 18446744073709551615,
          "rate": 0.5, "on": true, "none": null, "list": [1], "map": {}})");
}

TEST(Json, KindsFollowTheConstructor) {
  EXPECT_EQ(Json().kind(), Json::Kind::kNull);
  EXPECT_EQ(Json(nullptr).kind(), Json::Kind::kNull);
  EXPECT_EQ(Json(true).kind(), Json::Kind::kBool);
  EXPECT_EQ(Json(1).kind(), Json::Kind::kInt);
  EXPECT_EQ(Json(1u).kind(), Json::Kind::kInt);
  EXPECT_EQ(Json(uint64_t{1}).kind(), Json::Kind::kInt);
  EXPECT_EQ(Json(UINT64_MAX).kind(), Json::Kind::kUint);
  EXPECT_EQ(Json(1.0).kind(), Json::Kind::kDouble);
  EXPECT_EQ(Json("a").kind(), Json::Kind::kString);
  EXPECT_EQ(Json(absl::string_view("a")).kind(), Json::Kind::kString);
  EXPECT_EQ(Json::Array().kind(), Json::Kind::kArray);
  EXPECT_EQ(Json::Object().kind(), Json::Kind::kObject);
}

TEST(Json, UnsignedLimitsAreKept) {
  const uint64_t largest_signed =
      static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Json(largest_signed).kind(), Json::Kind::kInt);
  EXPECT_EQ(Json(largest_signed + 1).kind(), Json::Kind::kUint);
  EXPECT_EQ(Json(largest_signed + 1).unsigned_integer(), largest_signed + 1);
  EXPECT_EQ(Json(7).unsigned_integer(), 7);
  EXPECT_EQ(Json(UINT64_MAX).number(), 18446744073709551616.0);
}

TEST(Json, SetReplacesAndKeepsTheOrder) {
  Json json;
  json.Set("b", 1).Set("a", 2).Set("b", 3);
  EXPECT_EQ(WriteJson(json), R"({"b":3,"a":2})");
}

TEST(Json, PushMakesAnArray) {
  Json json;
  json.Push(1).Push("two").Push(Json().Push(3));
  EXPECT_EQ(WriteJson(json), R"([1,"two",[3]])");
}

TEST(Json, FindNeedsAnObject) {
  EXPECT_EQ(Sample().Find("absent"), nullptr);
  EXPECT_EQ(Json(1).Find("a"), nullptr);
  const Json sample = Sample();
  ASSERT_NE(sample.Find("count"), nullptr);
  EXPECT_EQ(sample.Find("count")->integer(), 3);
}

TEST(Json, CheckedAccessGivesValues) {
  const Json json = Sample();
  EXPECT_EQ(*json.GetString("name"), "a");
  EXPECT_EQ(*json.GetInt("count"), 3);
  EXPECT_EQ(*json.GetDouble("rate"), 0.5);
  EXPECT_EQ(*json.GetDouble("count"), 3.0);
  EXPECT_EQ(*json.GetBool("on"), true);
}

TEST(Json, CheckedAccessNamesKeyAndKinds) {
  const Json json = Sample();
  EXPECT_THAT(json.GetString("count"),
              IsError(StatusCode::kInvalidArgument,
                      "\"count\" should be a string, but is an integer"));
  EXPECT_THAT(json.GetInt("rate"),
              IsError(StatusCode::kInvalidArgument,
                      "\"rate\" should be an integer, but is a number"));
  EXPECT_THAT(json.GetDouble("name"),
              IsError(StatusCode::kInvalidArgument, "should be a number"));
  EXPECT_THAT(json.GetBool("none"),
              IsError(StatusCode::kInvalidArgument,
                      "should be true or false, but is null"));
  EXPECT_THAT(json.GetInt("big"),
              IsError(StatusCode::kOutOfRange, "18446744073709551615"));
  EXPECT_THAT(json.GetInt("absent"),
              IsError(StatusCode::kNotFound, "\"absent\" is missing"));
  EXPECT_THAT(Json(1).GetInt("a"),
              IsError(StatusCode::kInvalidArgument,
                      "expected an object with \"a\", found an integer"));
}

TEST(Json, FallbacksServeAbsentAndNullOnly) {
  const Json json = Sample();
  EXPECT_EQ(*json.GetString("absent", "x"), "x");
  EXPECT_EQ(*json.GetInt("none", 9), 9);
  EXPECT_EQ(*json.GetInt("count", 9), 3);
  EXPECT_EQ(*json.GetDouble("absent", 1.5), 1.5);
  EXPECT_EQ(*json.GetBool("absent", true), true);
  EXPECT_THAT(json.GetInt("name", 9),
              IsError(StatusCode::kInvalidArgument, "should be an integer"));
  EXPECT_THAT(Json().GetInt("a", 9),
              IsError(StatusCode::kInvalidArgument, "found null"));
}

TEST(JsonDeathTest, UncheckedAccessAborts) {
  EXPECT_DEATH(Json(1).string(), "is_string");
  EXPECT_DEATH(Json("a").number(), "is_number");
  EXPECT_DEATH(Json(-1).unsigned_integer(), ">= 0");
  EXPECT_DEATH(Json(1).Set("a", 1), "is_object");
}

TEST(Json, EqualityComparesKindsAndOrder) {
  EXPECT_EQ(Sample(), Sample());
  EXPECT_FALSE(Json(1) == Json(1.0));
  EXPECT_FALSE(*ParseJson(R"({"a":1,"b":2})") ==
               *ParseJson(R"({"b":2,"a":1})"));
}

}  // namespace
}  // namespace limbeck
