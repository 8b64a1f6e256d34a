// How the parts of a tokenizer.json's pipeline are written: null, one object
// with a "type", or a Sequence of such objects.
#ifndef LIMBECK_DATA_TEXT_PIPELINE_PARTS_H_
#define LIMBECK_DATA_TEXT_PIPELINE_PARTS_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"

namespace limbeck {

// Puts the place in the file ("decoder.decoders[1]") before an error.
absl::Status AtPlace(absl::string_view place, const absl::Status& status);

// Calls body for the member `key` of the file or, where it is a Sequence, for
// each element of its list, which has the name `list_key`; errors begin with
// the part's place. Null and absent parts are skipped. Sequences nest at most
// as deep as the JSON reader lets them.
absl::Status ForEachPart(
    const Json& json, absl::string_view key, absl::string_view list_key,
    absl::FunctionRef<absl::Status(const std::string& type, const Json& part)>
        body);

// A text of the file as errors show it: at most 100 bytes.
std::string Shown(absl::string_view text);

// "unknown WHAT 'TYPE'".
absl::Status UnknownPart(absl::string_view what, absl::string_view type);

// The text of {"pattern": {"String": TEXT}}; a regular expression is an error.
absl::StatusOr<std::string> LiteralPattern(const Json& part);

}  // namespace limbeck

#endif  // LIMBECK_DATA_TEXT_PIPELINE_PARTS_H_
