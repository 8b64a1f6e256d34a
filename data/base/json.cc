// Json values: access, checked access, changes.
#include "data/base/json.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

absl::Status WrongKind(absl::string_view key, absl::string_view expected,
                       Json::Kind found) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", key, "\" should be ", expected, ", but is ", JsonKindName(found)));
}

// The member, or an error when it is absent or `json` is no object.
absl::StatusOr<const Json*> FindRequired(const Json& json,
                                         absl::string_view key) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat("expected an object with \"",
                                                   key, "\", found ",
                                                   JsonKindName(json.kind())));
  }
  const Json* member = json.Find(key);
  if (member != nullptr) return member;
  return absl::NotFoundError(absl::StrCat("\"", key, "\" is missing"));
}

// The member, nullptr when absent or null; an error when there is no object.
absl::StatusOr<const Json*> FindOptional(const Json& json,
                                         absl::string_view key) {
  if (!json.is_object()) return FindRequired(json, key);
  const Json* member = json.Find(key);
  return member == nullptr || member->is_null() ? nullptr : member;
}

absl::StatusOr<std::string> ToString(const Json& value, absl::string_view key) {
  if (value.is_string()) return value.string();
  return WrongKind(key, "a string", value.kind());
}

absl::StatusOr<int64_t> ToInt(const Json& value, absl::string_view key) {
  if (value.kind() == Json::Kind::kInt) return value.integer();
  if (value.kind() == Json::Kind::kUint) {
    return absl::OutOfRangeError(absl::StrCat(
        "\"", key, "\" is ", WriteJson(value), ", at most ",
        std::numeric_limits<int64_t>::max(), " fits a signed integer"));
  }
  return WrongKind(key, "an integer", value.kind());
}

absl::StatusOr<double> ToDouble(const Json& value, absl::string_view key) {
  if (value.is_number()) return value.number();
  return WrongKind(key, "a number", value.kind());
}

absl::StatusOr<bool> ToBool(const Json& value, absl::string_view key) {
  if (value.is_bool()) return value.boolean();
  return WrongKind(key, "true or false", value.kind());
}

}  // namespace

Json::Json(uint64_t value) {
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    value_ = static_cast<int64_t>(value);
  } else {
    value_ = value;
  }
}

bool Json::boolean() const {
  LIMBECK_CHECK(is_bool());
  return std::get<bool>(value_);
}

int64_t Json::integer() const {
  LIMBECK_CHECK(kind() == Kind::kInt);
  return std::get<int64_t>(value_);
}

double Json::number() const {
  LIMBECK_CHECK(is_number());
  if (kind() == Kind::kInt) {
    return static_cast<double>(std::get<int64_t>(value_));
  }
  if (kind() == Kind::kUint) {
    return static_cast<double>(std::get<uint64_t>(value_));
  }
  return std::get<double>(value_);
}

uint64_t Json::unsigned_integer() const {
  if (kind() == Kind::kUint) return std::get<uint64_t>(value_);
  LIMBECK_CHECK_GE(integer(), 0);
  return static_cast<uint64_t>(integer());
}

const std::string& Json::string() const {
  LIMBECK_CHECK(is_string());
  return std::get<std::string>(value_);
}

const JsonArray& Json::array() const {
  LIMBECK_CHECK(is_array());
  return std::get<JsonArray>(value_);
}

JsonArray& Json::array() {
  LIMBECK_CHECK(is_array());
  return std::get<JsonArray>(value_);
}

const JsonObject& Json::object() const {
  LIMBECK_CHECK(is_object());
  return std::get<JsonObject>(value_);
}

JsonObject& Json::object() {
  LIMBECK_CHECK(is_object());
  return std::get<JsonObject>(value_);
}

const Json* Json::Find(absl::string_view key) const {
  if (!is_object()) return nullptr;
  for (const JsonMember& member : object()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Json& Json::Set(absl::string_view key, Json value) {
  if (is_null()) value_ = JsonObject();
  for (JsonMember& member : object()) {
    if (member.first == key) {
      member.second = std::move(value);
      return *this;
    }
  }
  object().emplace_back(std::string(key), std::move(value));
  return *this;
}

Json& Json::Push(Json value) {
  if (is_null()) value_ = JsonArray();
  array().push_back(std::move(value));
  return *this;
}

absl::StatusOr<std::string> Json::GetString(absl::string_view key) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindRequired(*this, key));
  return ToString(*member, key);
}

absl::StatusOr<int64_t> Json::GetInt(absl::string_view key) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindRequired(*this, key));
  return ToInt(*member, key);
}

absl::StatusOr<double> Json::GetDouble(absl::string_view key) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindRequired(*this, key));
  return ToDouble(*member, key);
}

absl::StatusOr<bool> Json::GetBool(absl::string_view key) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindRequired(*this, key));
  return ToBool(*member, key);
}

absl::StatusOr<std::string> Json::GetString(absl::string_view key,
                                            std::string fallback) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindOptional(*this, key));
  if (member == nullptr) return fallback;
  return ToString(*member, key);
}

absl::StatusOr<int64_t> Json::GetInt(absl::string_view key,
                                     int64_t fallback) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindOptional(*this, key));
  if (member == nullptr) return fallback;
  return ToInt(*member, key);
}

absl::StatusOr<double> Json::GetDouble(absl::string_view key,
                                       double fallback) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindOptional(*this, key));
  if (member == nullptr) return fallback;
  return ToDouble(*member, key);
}

absl::StatusOr<bool> Json::GetBool(absl::string_view key, bool fallback) const {
  LIMBECK_ASSIGN_OR_RETURN(const Json* member, FindOptional(*this, key));
  if (member == nullptr) return fallback;
  return ToBool(*member, key);
}

absl::string_view JsonKindName(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::kNull:
      return "null";
    case Json::Kind::kBool:
      return "true or false";
    case Json::Kind::kInt:
    case Json::Kind::kUint:
      return "an integer";
    case Json::Kind::kDouble:
      return "a number";
    case Json::Kind::kString:
      return "a string";
    case Json::Kind::kArray:
      return "an array";
    case Json::Kind::kObject:
      return "an object";
  }
  return "unknown";
}

}  // namespace limbeck
