// Reads a JSON Schema: every keyword known and of the right shape, every
// pattern compiled, every reference found; so that checking cannot fail.
#ifndef LIMBECK_DATA_VERIFY_JSON_SCHEMA_READER_H_
#define LIMBECK_DATA_VERIFY_JSON_SCHEMA_READER_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/verify/pattern.h"

namespace limbeck {

struct SchemaRules {
  Json root;                                // an object or a boolean
  std::map<std::string, Pattern> patterns;  // by their text
};

absl::StatusOr<SchemaRules> ReadSchema(absl::string_view text);

// The schema that "#" or "#/a/b" names; nullptr: there is none.
const Json* ResolveReference(const Json& root, absl::string_view reference);

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_JSON_SCHEMA_READER_H_
