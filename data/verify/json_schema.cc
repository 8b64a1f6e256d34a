// Checks a value against a schema, keyword by keyword, with a bound on steps.
#include "data/verify/json_schema.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "data/verify/extract.h"
#include "data/verify/json_schema_reader.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxSteps = 100'000;
constexpr int kMaxDepth = 200;
// uniqueItems compares all pairs.
constexpr size_t kMaxUniqueItems = 300;

// Exact for every 64-bit integer: a long double has 64 bits here.
long double Value(const Json& number) {
  if (number.kind() == Json::Kind::kInt) {
    return static_cast<long double>(number.integer());
  }
  if (number.kind() == Json::Kind::kUint) {
    return static_cast<long double>(number.unsigned_integer());
  }
  return static_cast<long double>(number.number());
}

bool IsWhole(const Json& value) {
  return value.is_integer() ||
         (value.is_number() && std::floor(value.number()) == value.number());
}

bool HasType(const Json& value, absl::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "number") return value.is_number();
  if (type == "integer") return IsWhole(value);
  return value.is_string();
}

bool HasAnyType(const Json& value, const Json& types) {
  if (types.is_string()) return HasType(value, types.string());
  return std::any_of(
      types.array().begin(), types.array().end(),
      [&](const Json& type) { return HasType(value, type.string()); });
}

int64_t CodePoints(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
}

class SchemaCheck {
 public:
  explicit SchemaCheck(const SchemaRules& rules) : rules_(rules) {}

  SchemaVerdict Run(const Json& value) {
    const bool valid = Fits(rules_.root, value);
    if (given_up_) {
      return {SchemaVerdict::Kind::kGivenUp,
              "checking took more work than is allowed"};
    }
    if (valid) return {SchemaVerdict::Kind::kValid, ""};
    return {SchemaVerdict::Kind::kInvalid, reason_};
  }

 private:
  bool Fits(const Json& schema, const Json& value) {
    if (--steps_left_ < 0 || depth_ >= kMaxDepth) given_up_ = true;
    if (given_up_) return false;
    if (schema.is_bool()) {
      return schema.boolean() || Fail("nothing is allowed here");
    }
    ++depth_;
    bool fits = true;
    for (const auto& [keyword, rule] : schema.object()) {
      fits = Holds(schema, keyword, rule, value);
      if (!fits || given_up_) break;
    }
    --depth_;
    return fits;
  }

  bool Fail(absl::string_view reason) {
    reason_ = absl::StrCat(place_.empty() ? "/" : place_, ": ", reason);
    return false;
  }

  // A part of the value; its name is in reasons.
  bool PartFits(const Json& schema, const Json& part, absl::string_view name) {
    const size_t length = place_.size();
    absl::StrAppend(&place_, "/", name);
    const bool fits = Fits(schema, part);
    place_.resize(length);
    return fits;
  }

  bool Holds(const Json& schema, absl::string_view keyword, const Json& rule,
             const Json& value) {
    if (keyword == "type") {
      return HasAnyType(value, rule) ||
             Fail(absl::StrCat("is ", JsonKindName(value.kind()),
                               ", type asks for ", WriteJson(rule)));
    }
    if (keyword == "const") {
      return JsonValuesEqual(rule, value) ||
             Fail(absl::StrCat("is not ", WriteJson(rule)));
    }
    if (keyword == "enum") return IsOneOf(rule, value);
    if (keyword == "$ref") {
      return Fits(*ResolveReference(rules_.root, rule.string()), value);
    }
    if (value.is_number() && !NumberHolds(keyword, rule, value)) return false;
    if (value.is_string() && !StringHolds(keyword, rule, value)) return false;
    if (value.is_array() && !ArrayHolds(schema, keyword, rule, value)) {
      return false;
    }
    if (value.is_object() && !ObjectHolds(schema, keyword, rule, value)) {
      return false;
    }
    return CombinationHolds(schema, keyword, rule, value);
  }

  bool IsOneOf(const Json& allowed, const Json& value) {
    for (const Json& one : allowed.array()) {
      if (JsonValuesEqual(one, value)) return true;
    }
    return Fail("is none of the values of enum");
  }

  bool NumberHolds(absl::string_view keyword, const Json& rule,
                   const Json& value) {
    if (!rule.is_number()) return true;
    const long double number = Value(value);
    const long double limit = Value(rule);
    const bool holds = keyword == "minimum"            ? number >= limit
                       : keyword == "maximum"          ? number <= limit
                       : keyword == "exclusiveMinimum" ? number > limit
                       : keyword == "exclusiveMaximum" ? number < limit
                       : keyword == "multipleOf"       ? IsMultiple(value, rule)
                                                       : true;
    return holds || Fail(absl::StrCat("is ", WriteJson(value), ", ", keyword,
                                      " is ", WriteJson(rule)));
  }

  // Integers exactly; others as doubles: 0.3 is a multiple of 0.1 because
  // the quotient of the two doubles rounds to 3.
  static bool IsMultiple(const Json& value, const Json& unit) {
    if (value.is_integer() && IsWhole(unit)) {
      return std::fmod(Value(value), Value(unit)) == 0;
    }
    const double quotient = value.number() / unit.number();
    const double nearest = std::nearbyint(quotient);
    return std::abs(quotient - nearest) <= 1e-12 * std::abs(nearest);
  }

  bool StringHolds(absl::string_view keyword, const Json& rule,
                   const Json& value) {
    if (keyword == "pattern") {
      return Matches(rule.string(), value.string()) ||
             Fail(absl::StrCat("does not match the pattern ", rule.string()));
    }
    if (keyword == "minLength" || keyword == "maxLength") {
      return CountHolds(keyword, rule, CodePoints(value.string()));
    }
    return true;
  }

  // "minX": at least, "maxX": at most.
  bool CountHolds(absl::string_view keyword, const Json& rule, int64_t count) {
    const bool holds = absl::StartsWith(keyword, "min")
                           ? count >= rule.integer()
                           : count <= rule.integer();
    return holds || Fail(absl::StrCat("has ", count, ", ", keyword, " is ",
                                      rule.integer()));
  }

  bool Matches(const std::string& pattern, absl::string_view text) {
    // Each try may cost as much as hundreds of other steps.
    steps_left_ -= 100;
    const PatternMatch match = rules_.patterns.at(pattern).Match(text);
    given_up_ = given_up_ || match == PatternMatch::kGivenUp;
    return match == PatternMatch::kMatches;
  }

  bool ArrayHolds(const Json& schema, absl::string_view keyword,
                  const Json& rule, const Json& value) {
    const JsonArray& items = value.array();
    const auto count = static_cast<int64_t>(items.size());
    if (keyword == "minItems" || keyword == "maxItems") {
      return CountHolds(keyword, rule, count);
    }
    if (keyword == "uniqueItems") return !rule.boolean() || AreUnique(items);
    if (keyword == "prefixItems") {
      for (size_t i = 0; i < items.size() && i < rule.array().size(); ++i) {
        if (!PartFits(rule.array()[i], items[i], absl::StrCat(i))) return false;
      }
    }
    if (keyword == "items") {
      const Json* prefix = schema.Find("prefixItems");
      for (size_t i = prefix ? prefix->array().size() : 0; i < items.size();
           ++i) {
        if (!PartFits(rule, items[i], absl::StrCat(i))) return false;
      }
    }
    return keyword != "contains" || Contains(schema, rule, items);
  }

  bool AreUnique(const JsonArray& items) {
    if (items.size() > kMaxUniqueItems) {
      given_up_ = true;
      return false;
    }
    for (size_t i = 0; i < items.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (JsonValuesEqual(items[i], items[j])) {
          return Fail(absl::StrCat("items ", j, " and ", i, " are equal"));
        }
      }
    }
    return true;
  }

  bool Contains(const Json& schema, const Json& rule, const JsonArray& items) {
    int64_t found = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      found += PartFits(rule, items[i], absl::StrCat(i)) ? 1 : 0;
    }
    const Json* least = schema.Find("minContains");
    const Json* most = schema.Find("maxContains");
    if (found < (least ? least->integer() : 1) ||
        (most && found > most->integer())) {
      return Fail(absl::StrCat("has ", found, " items as contains asks for"));
    }
    return true;
  }

  bool ObjectHolds(const Json& schema, absl::string_view keyword,
                   const Json& rule, const Json& value) {
    if (keyword == "properties") {
      for (const auto& [name, part] : value.object()) {
        const Json* member = rule.Find(name);
        if (member && !PartFits(*member, part, name)) return false;
      }
    } else if (keyword == "required") {
      return HasAll(rule, value);
    } else if (keyword == "dependentRequired") {
      for (const auto& [name, names] : rule.object()) {
        if (value.Find(name) && !HasAll(names, value)) return false;
      }
    } else if (keyword == "propertyNames") {
      for (const auto& [name, part] : value.object()) {
        if (!PartFits(rule, Json(name), name)) return false;
      }
    } else if (keyword == "minProperties" || keyword == "maxProperties") {
      return CountHolds(keyword, rule,
                        static_cast<int64_t>(value.object().size()));
    } else {
      return OtherPropertiesHold(schema, keyword, rule, value);
    }
    return true;
  }

  bool HasAll(const Json& names, const Json& value) {
    for (const Json& name : names.array()) {
      if (value.Find(name.string()) == nullptr) {
        return Fail(absl::StrCat("'", name.string(), "' is missing"));
      }
    }
    return true;
  }

  bool OtherPropertiesHold(const Json& schema, absl::string_view keyword,
                           const Json& rule, const Json& value) {
    if (keyword == "patternProperties") {
      for (const auto& [name, part] : value.object()) {
        for (const auto& [pattern, member] : rule.object()) {
          if (Matches(pattern, name) && !PartFits(member, part, name)) {
            return false;
          }
        }
      }
    }
    if (keyword == "additionalProperties") {
      for (const auto& [name, part] : value.object()) {
        if (!IsNamed(schema, name) && !PartFits(rule, part, name)) return false;
      }
    }
    return !given_up_;
  }

  // Whether properties or patternProperties speak of this name.
  bool IsNamed(const Json& schema, const std::string& name) {
    const Json* properties = schema.Find("properties");
    if (properties && properties->Find(name)) return true;
    const Json* patterns = schema.Find("patternProperties");
    if (patterns == nullptr) return false;
    for (const auto& [pattern, member] : patterns->object()) {
      if (Matches(pattern, name)) return true;
    }
    return false;
  }

  bool CombinationHolds(const Json& schema, absl::string_view keyword,
                        const Json& rule, const Json& value) {
    if (keyword == "not") {
      return !Fits(rule, value) || Fail("fits the schema of not");
    }
    if (keyword == "allOf") {
      return std::all_of(rule.array().begin(), rule.array().end(),
                         [&](const Json& one) { return Fits(one, value); });
    }
    if (keyword == "anyOf" || keyword == "oneOf") {
      const auto fitting =
          std::count_if(rule.array().begin(), rule.array().end(),
                        [&](const Json& one) { return Fits(one, value); });
      const bool holds = keyword == "anyOf" ? fitting > 0 : fitting == 1;
      return holds ||
             Fail(absl::StrCat("fits ", fitting, " of the ",
                               rule.array().size(), " schemas of ", keyword));
    }
    if (keyword == "if") {
      const Json* branch = schema.Find(Fits(rule, value) ? "then" : "else");
      return branch == nullptr || Fits(*branch, value);
    }
    return true;
  }

  const SchemaRules& rules_;
  int64_t steps_left_ = kMaxSteps;
  int depth_ = 0;
  bool given_up_ = false;
  std::string place_;
  std::string reason_;
};

}  // namespace

bool JsonValuesEqual(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return Value(a) == Value(b);
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    return std::equal(a.array().begin(), a.array().end(), b.array().begin(),
                      b.array().end(), JsonValuesEqual);
  }
  if (!a.is_object()) return a == b;
  if (a.object().size() != b.object().size()) return false;
  return std::all_of(
      a.object().begin(), a.object().end(), [&](const JsonMember& member) {
        const Json* other = b.Find(member.first);
        return other != nullptr && JsonValuesEqual(member.second, *other);
      });
}

struct JsonSchema::Rules {
  SchemaRules rules;
};

JsonSchema::JsonSchema(std::unique_ptr<Rules> rules)
    : rules_(std::move(rules)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

absl::StatusOr<JsonSchema> JsonSchema::Create(absl::string_view schema) {
  LIMBECK_ASSIGN_OR_RETURN(SchemaRules rules, ReadSchema(schema));
  return JsonSchema(std::make_unique<Rules>(Rules{std::move(rules)}));
}

SchemaVerdict JsonSchema::Check(const Json& value) const {
  return SchemaCheck(rules_->rules).Run(value);
}

std::string JsonTextOf(absl::string_view output) {
  const auto part = AnswerPart(output);
  if (!part) return "";
  constexpr absl::string_view kFence = "```";
  const size_t close = part->rfind(kFence);
  if (close == absl::string_view::npos || close == 0) return std::string(*part);
  const size_t open = part->rfind(kFence, close - 1);
  if (open == absl::string_view::npos) return std::string(*part);
  absl::string_view block =
      part->substr(open + kFence.size(), close - open - kFence.size());
  const size_t line_end = block.find('\n');
  if (line_end != block.npos) block.remove_prefix(line_end + 1);
  return std::string(block);
}

}  // namespace limbeck
