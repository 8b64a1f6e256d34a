// The definition of a message type as text, so that shards of older and newer
// programs can be told apart from shards that cannot be read.
#ifndef LIMBECK_DATA_RECORD_SCHEMA_H_
#define LIMBECK_DATA_RECORD_SCHEMA_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace limbeck {

// One line per message, field, enum and enum value that `type` reaches, in an
// order that depends on the definition alone:
//
//   message limbeck.Span
//   1 begin uint64
//   2 end uint64
std::string SchemaText(const google::protobuf::Descriptor& type);

// OK when records written with `stored` can be read as `current`: every tag
// and enum value that both know has the same name and type. Either side may
// know more.
absl::Status CheckSchemaCompatible(absl::string_view stored,
                                   absl::string_view current);

}  // namespace limbeck

#endif  // LIMBECK_DATA_RECORD_SCHEMA_H_
