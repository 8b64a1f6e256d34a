// Answers that a JSON Schema describes: a stated subset of draft 2020-12.
//
// Checked: type, enum, const; properties, patternProperties,
// additionalProperties, propertyNames, required, dependentRequired,
// minProperties, maxProperties; items, prefixItems, contains, minContains,
// maxContains, minItems, maxItems, uniqueItems; minimum, maximum,
// exclusiveMinimum, exclusiveMaximum, multipleOf; minLength, maxLength,
// pattern; allOf, anyOf, oneOf, not, if, then, else; $ref within the schema
// ("#", "#/$defs/name"), $defs. Taken and not checked, as the draft has it:
// title, description, default, examples, deprecated, readOnly, writeOnly,
// format, $schema, $comment, contentEncoding, contentMediaType. Any other
// keyword is refused by name: a schema that is half checked accepts anything.
#ifndef LIMBECK_DATA_VERIFY_JSON_SCHEMA_H_
#define LIMBECK_DATA_VERIFY_JSON_SCHEMA_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

struct SchemaVerdict {
  enum class Kind {
    kValid,
    kInvalid,
    kGivenUp,  // the work bound was reached: nobody knows
  };
  Kind kind = Kind::kInvalid;
  std::string reason;  // "/items/3/price: 0 is below the minimum 1"
};

// A checked schema. Immutable after Create, usable from many threads at once.
class JsonSchema {
 public:
  // Errors name the place in the schema, the keyword and what it must be.
  static absl::StatusOr<JsonSchema> Create(absl::string_view schema);
  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

  SchemaVerdict Check(const Json& value) const;

 private:
  struct Rules;
  explicit JsonSchema(std::unique_ptr<Rules> rules);

  std::unique_ptr<Rules> rules_;
};

// Equal as JSON values: 1 and 1.0 are, the order of members is nothing.
bool JsonValuesEqual(const Json& a, const Json& b);

// The JSON text of an answer: the last fenced block, else the whole part after
// the thought.
std::string JsonTextOf(absl::string_view output);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_JSON_SCHEMA_H_
