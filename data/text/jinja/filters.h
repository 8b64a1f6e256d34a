// Filters and tests.
#ifndef LIMBECK_DATA_TEXT_JINJA_FILTERS_H_
#define LIMBECK_DATA_TEXT_JINJA_FILTERS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/jinja/arguments.h"
#include "data/text/jinja/value.h"

namespace limbeck::jinja {

// value | name(arguments). Unknown filters are Unimplemented, by name.
absl::StatusOr<Value> ApplyFilter(absl::string_view name, const Value& value,
                                  const Arguments& arguments);

// value is name(arguments). Unknown tests are Unimplemented, by name.
absl::StatusOr<bool> ApplyTest(absl::string_view name, const Value& value,
                               const Arguments& arguments);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_FILTERS_H_
