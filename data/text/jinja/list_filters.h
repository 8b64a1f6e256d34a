// Filters that work on the items of a list or dict.
#ifndef LIMBECK_DATA_TEXT_JINJA_LIST_FILTERS_H_
#define LIMBECK_DATA_TEXT_JINJA_LIST_FILTERS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/text/jinja/arguments.h"
#include "data/text/jinja/value.h"

namespace limbeck::jinja {

bool IsListFilter(absl::string_view name);

// name: one that IsListFilter knows.
absl::StatusOr<Value> ApplyListFilter(absl::string_view name,
                                      const Value& value,
                                      const Arguments& arguments);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_LIST_FILTERS_H_
