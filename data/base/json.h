// JSON that keeps what matters here: key order and 64-bit integers.
// Goals: exact integers, positions in every error, bounded depth and size,
// deterministic output. Non-goals: comments, in-place edits, streaming.
#ifndef LIMBECK_DATA_BASE_JSON_H_
#define LIMBECK_DATA_BASE_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace limbeck {

class Json;
using JsonArray = std::vector<Json>;
using JsonMember = std::pair<std::string, Json>;
using JsonObject = std::vector<JsonMember>;  // in the order of the text

// One JSON value. Integers are int64 or, above its range, uint64; other
// numbers (and integers beyond 64 bits) are double. Strings are bytes; the
// parser accepts only valid UTF-8, the writer replaces invalid bytes by
// U+FFFD. Non-finite doubles are written as null.
class Json {
 public:
  enum class Kind {
    kNull,
    kBool,
    kInt,
    kUint,
    kDouble,
    kString,
    kArray,
    kObject
  };

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<int64_t>(value)) {}
  Json(unsigned value) : value_(static_cast<int64_t>(value)) {}
  Json(int64_t value) : value_(value) {}
  Json(uint64_t value);  // stored as int64 where it fits
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(absl::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(JsonArray value) : value_(std::move(value)) {}
  Json(JsonObject value) : value_(std::move(value)) {}
  static Json Object() { return Json(JsonObject()); }
  static Json Array() { return Json(JsonArray()); }

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_integer() const {
    return kind() == Kind::kInt || kind() == Kind::kUint;
  }
  bool is_number() const { return is_integer() || kind() == Kind::kDouble; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_object() const { return kind() == Kind::kObject; }

  // Unchecked access: the kind must match (checked, aborts).
  bool boolean() const;
  int64_t integer() const;            // kInt only
  uint64_t unsigned_integer() const;  // kUint, or kInt that is not negative
  double number() const;              // any number, converted
  const std::string& string() const;
  const JsonArray& array() const;
  JsonArray& array();
  const JsonObject& object() const;
  JsonObject& object();

  // Member of an object, nullptr when absent or when this is no object.
  const Json* Find(absl::string_view key) const;
  // Sets or replaces a member; turns null into an object.
  Json& Set(absl::string_view key, Json value);
  // Appends to an array; turns null into an array.
  Json& Push(Json value);

  // Checked access for outside data: the error names the key, the expected
  // and the found kind.
  absl::StatusOr<std::string> GetString(absl::string_view key) const;
  absl::StatusOr<int64_t> GetInt(absl::string_view key) const;
  absl::StatusOr<double> GetDouble(absl::string_view key) const;
  absl::StatusOr<bool> GetBool(absl::string_view key) const;
  // As above; `fallback` when the key is absent or null.
  absl::StatusOr<std::string> GetString(absl::string_view key,
                                        std::string fallback) const;
  absl::StatusOr<int64_t> GetInt(absl::string_view key, int64_t fallback) const;
  absl::StatusOr<double> GetDouble(absl::string_view key,
                                   double fallback) const;
  absl::StatusOr<bool> GetBool(absl::string_view key, bool fallback) const;

  bool operator==(const Json& other) const { return value_ == other.value_; }

 private:
  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string,
               JsonArray, JsonObject>
      value_;
};

absl::string_view JsonKindName(Json::Kind kind);

struct JsonLimits {
  int max_depth = 128;
  uint64_t max_bytes = uint64_t{1} << 30;
};

// Parses exactly one value (RFC 8259). Errors give line, column and byte.
// Duplicate keys are refused: they hide one of two answers.
absl::StatusOr<Json> ParseJson(absl::string_view text,
                               const JsonLimits& limits = {});

// Compact, one line. Doubles in the shortest form that reads back equal.
std::string WriteJson(const Json& value);
// With line breaks and two blanks per level.
std::string WriteJsonIndented(const Json& value);

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_JSON_H_
