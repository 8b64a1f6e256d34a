// Evaluated arguments of filters, tests, methods and functions.
#ifndef LIMBECK_DATA_TEXT_JINJA_ARGUMENTS_H_
#define LIMBECK_DATA_TEXT_JINJA_ARGUMENTS_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/jinja/value.h"

namespace limbeck::jinja {

struct Arguments {
  List positional;
  Dict named;
};

// Arguments bound to the parameters of `what`, in order. Too many, unknown and
// repeated ones are errors; those that are not given are undefined values.
absl::StatusOr<List> Bind(absl::string_view what, const Arguments& arguments,
                          std::initializer_list<absl::string_view> parameters);

// Checked access; errors name `what`.
absl::StatusOr<std::string> TextOf(absl::string_view what, const Value& value);
absl::StatusOr<int64_t> IntegerOf(absl::string_view what, const Value& value);

// The items of a list, keys of a dict, characters of a text, none of undefined.
absl::StatusOr<List> ItemsOf(const Value& value);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_ARGUMENTS_H_
