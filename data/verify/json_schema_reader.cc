// One table of keywords and their shapes; one walk over the schema.
#include "data/verify/json_schema_reader.h"

#include <array>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxSchemaBytes = uint64_t{1} << 20;
constexpr int kMaxSchemaDepth = 64;
constexpr size_t kMaxPatterns = 1000;

enum class Shape {
  kAnnotation,  // anything, not checked
  kAnything,
  kSchema,
  kSchemas,       // a list of them, not empty
  kNamedSchemas,  // an object of them
  kSchemaByPattern,
  kNumber,
  kPositive,  // a number above 0
  kCount,     // an integer of at least 0
  kFlag,
  kPattern,
  kNames,       // a list of strings
  kNamesByKey,  // an object of such lists
  kList,
  kType,
  kReference,
};

struct Keyword {
  absl::string_view name;
  Shape shape;
};

constexpr std::array<Keyword, 49> kKeywords = {{
    {"$comment", Shape::kAnnotation},
    {"$defs", Shape::kNamedSchemas},
    {"$ref", Shape::kReference},
    {"$schema", Shape::kAnnotation},
    {"additionalProperties", Shape::kSchema},
    {"allOf", Shape::kSchemas},
    {"anyOf", Shape::kSchemas},
    {"const", Shape::kAnything},
    {"contains", Shape::kSchema},
    {"contentEncoding", Shape::kAnnotation},
    {"contentMediaType", Shape::kAnnotation},
    {"default", Shape::kAnnotation},
    {"definitions", Shape::kNamedSchemas},
    {"dependentRequired", Shape::kNamesByKey},
    {"deprecated", Shape::kAnnotation},
    {"description", Shape::kAnnotation},
    {"else", Shape::kSchema},
    {"enum", Shape::kList},
    {"examples", Shape::kAnnotation},
    {"exclusiveMaximum", Shape::kNumber},
    {"exclusiveMinimum", Shape::kNumber},
    {"format", Shape::kAnnotation},
    {"if", Shape::kSchema},
    {"items", Shape::kSchema},
    {"maxContains", Shape::kCount},
    {"maxItems", Shape::kCount},
    {"maxLength", Shape::kCount},
    {"maxProperties", Shape::kCount},
    {"maximum", Shape::kNumber},
    {"minContains", Shape::kCount},
    {"minItems", Shape::kCount},
    {"minLength", Shape::kCount},
    {"minProperties", Shape::kCount},
    {"minimum", Shape::kNumber},
    {"multipleOf", Shape::kPositive},
    {"not", Shape::kSchema},
    {"oneOf", Shape::kSchemas},
    {"pattern", Shape::kPattern},
    {"patternProperties", Shape::kSchemaByPattern},
    {"prefixItems", Shape::kSchemas},
    {"properties", Shape::kNamedSchemas},
    {"propertyNames", Shape::kSchema},
    {"readOnly", Shape::kAnnotation},
    {"required", Shape::kNames},
    {"then", Shape::kSchema},
    {"title", Shape::kAnnotation},
    {"type", Shape::kType},
    {"uniqueItems", Shape::kFlag},
    {"writeOnly", Shape::kAnnotation},
}};

constexpr std::array<absl::string_view, 7> kTypes = {
    "null", "boolean", "object", "array", "number", "integer", "string"};

const Keyword* FindKeyword(absl::string_view name) {
  for (const Keyword& keyword : kKeywords) {
    if (keyword.name == name) return &keyword;
  }
  return nullptr;
}

class SchemaReader {
 public:
  explicit SchemaReader(SchemaRules* rules) : rules_(rules) {}

  // `place` is a JSON pointer, for messages.
  absl::Status Read(const Json& schema, const std::string& place, int depth) {
    if (schema.is_bool()) return absl::OkStatus();
    if (!schema.is_object()) return Wrong(place, schema, "a schema");
    if (depth > kMaxSchemaDepth) {
      return absl::InvalidArgumentError(absl::StrCat(
          "schema ", place, ": nested deeper than ", kMaxSchemaDepth));
    }
    if (!seen_.insert(&schema).second) return absl::OkStatus();
    for (const auto& [name, value] : schema.object()) {
      const Keyword* keyword = FindKeyword(name);
      const std::string there = absl::StrCat(place, "/", name);
      if (keyword == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(
            "schema ", there, ": keyword '", name,
            "' is not among those checked here (docs/verification.md)"));
      }
      LIMBECK_RETURN_IF_ERROR(ReadKeyword(*keyword, value, there, depth + 1));
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Wrong(const std::string& place, const Json& value,
                            absl::string_view expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("schema ", place.empty() ? "/" : place, ": expected ",
                     expected, ", found ", JsonKindName(value.kind())));
  }

  absl::Status ReadKeyword(const Keyword& keyword, const Json& value,
                           const std::string& place, int depth) {
    switch (keyword.shape) {
      case Shape::kAnnotation:
      case Shape::kAnything:
        return absl::OkStatus();
      case Shape::kSchema:
        return Read(value, place, depth);
      case Shape::kSchemas:
      case Shape::kNamedSchemas:
      case Shape::kSchemaByPattern:
        return ReadSchemas(keyword.shape, value, place, depth);
      case Shape::kPattern:
        if (!value.is_string()) return Wrong(place, value, "a pattern");
        return AddPattern(value.string(), place);
      case Shape::kReference:
        return ReadReference(value, place, depth);
      default:
        return ReadPlain(keyword.shape, value, place);
    }
  }

  absl::Status ReadSchemas(Shape shape, const Json& value,
                           const std::string& place, int depth) {
    if (shape == Shape::kSchemas) {
      if (!value.is_array() || value.array().empty()) {
        return Wrong(place, value, "a list of schemas");
      }
      for (size_t i = 0; i < value.array().size(); ++i) {
        LIMBECK_RETURN_IF_ERROR(
            Read(value.array()[i], absl::StrCat(place, "/", i), depth));
      }
      return absl::OkStatus();
    }
    if (!value.is_object()) return Wrong(place, value, "an object of schemas");
    for (const auto& [name, schema] : value.object()) {
      const std::string there = absl::StrCat(place, "/", name);
      if (shape == Shape::kSchemaByPattern) {
        LIMBECK_RETURN_IF_ERROR(AddPattern(name, there));
      }
      LIMBECK_RETURN_IF_ERROR(Read(schema, there, depth));
    }
    return absl::OkStatus();
  }

  static absl::Status ReadPlain(Shape shape, const Json& value,
                                const std::string& place) {
    switch (shape) {
      case Shape::kNumber:
        return value.is_number() ? absl::OkStatus()
                                 : Wrong(place, value, "a number");
      case Shape::kPositive:
        return value.is_number() && value.number() > 0
                   ? absl::OkStatus()
                   : Wrong(place, value, "a number above 0");
      case Shape::kCount:
        return value.kind() == Json::Kind::kInt && value.integer() >= 0
                   ? absl::OkStatus()
                   : Wrong(place, value, "an integer of at least 0");
      case Shape::kFlag:
        return value.is_bool() ? absl::OkStatus()
                               : Wrong(place, value, "true or false");
      case Shape::kList:
        return value.is_array() ? absl::OkStatus()
                                : Wrong(place, value, "a list");
      case Shape::kNames:
        return ReadNames(value, place);
      case Shape::kNamesByKey:
        return ReadNamesByKey(value, place);
      default:
        return ReadType(value, place);
    }
  }

  static absl::Status ReadNames(const Json& value, const std::string& place) {
    if (!value.is_array()) return Wrong(place, value, "a list of names");
    for (const Json& name : value.array()) {
      if (!name.is_string()) return Wrong(place, name, "a name");
    }
    return absl::OkStatus();
  }

  static absl::Status ReadNamesByKey(const Json& value,
                                     const std::string& place) {
    if (!value.is_object()) return Wrong(place, value, "lists by key");
    for (const auto& [name, names] : value.object()) {
      LIMBECK_RETURN_IF_ERROR(ReadNames(names, absl::StrCat(place, "/", name)));
    }
    return absl::OkStatus();
  }

  static absl::Status ReadType(const Json& value, const std::string& place) {
    if (value.is_array()) {
      for (const Json& type : value.array()) {
        if (type.is_array()) return Wrong(place, type, "a type");
        LIMBECK_RETURN_IF_ERROR(ReadType(type, place));
      }
      return absl::OkStatus();
    }
    if (!value.is_string()) return Wrong(place, value, "a type");
    for (absl::string_view type : kTypes) {
      if (type == value.string()) return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("schema ", place, ": type is '", value.string(),
                     "', known are null, boolean, object, array, number, "
                     "integer and string"));
  }

  absl::Status ReadReference(const Json& value, const std::string& place,
                             int depth) {
    if (!value.is_string()) return Wrong(place, value, "a reference");
    const Json* target = ResolveReference(rules_->root, value.string());
    if (target == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("schema ", place, ": '", value.string(),
                       "' names no place in this schema; references are \"#\" "
                       "or \"#/...\""));
    }
    return Read(*target, absl::StrCat(place, "->", value.string()), depth);
  }

  absl::Status AddPattern(const std::string& text, const std::string& place) {
    if (rules_->patterns.count(text) > 0) return absl::OkStatus();
    PatternOptions options;
    options.anywhere = true;
    absl::StatusOr<Pattern> pattern = Pattern::Create(text, options);
    if (!pattern.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("schema ", place, ": ", pattern.status().message()));
    }
    if (rules_->patterns.size() >= kMaxPatterns) {
      return absl::InvalidArgumentError(absl::StrCat(
          "schema ", place, ": more than ", kMaxPatterns, " patterns"));
    }
    rules_->patterns.emplace(text, *std::move(pattern));
    return absl::OkStatus();
  }

  SchemaRules* rules_;
  std::set<const Json*> seen_;
};

}  // namespace

absl::StatusOr<SchemaRules> ReadSchema(absl::string_view text) {
  JsonLimits limits;
  limits.max_bytes = kMaxSchemaBytes;
  absl::StatusOr<Json> json = ParseJson(text, limits);
  if (!json.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the schema is no JSON: ", json.status().message()));
  }
  SchemaRules rules;
  rules.root = *std::move(json);
  LIMBECK_RETURN_IF_ERROR(SchemaReader(&rules).Read(rules.root, "", 0));
  return rules;
}

const Json* ResolveReference(const Json& root, absl::string_view reference) {
  if (!absl::ConsumePrefix(&reference, "#")) return nullptr;
  if (reference.empty()) return &root;
  if (!absl::ConsumePrefix(&reference, "/")) return nullptr;
  const Json* at = &root;
  for (absl::string_view step : absl::StrSplit(reference, '/')) {
    // RFC 6901: ~1 is "/", ~0 is "~".
    const std::string key = absl::StrReplaceAll(
        absl::StrReplaceAll(step, {{"~1", "/"}}), {{"~0", "~"}});
    if (at->is_array()) {
      uint64_t index = 0;
      if (!absl::SimpleAtoi(key, &index) || index >= at->array().size()) {
        return nullptr;
      }
      at = &at->array()[index];
    } else {
      at = at->Find(key);
    }
    if (at == nullptr) return nullptr;
  }
  return at->is_object() || at->is_bool() ? at : nullptr;
}

}  // namespace limbeck
