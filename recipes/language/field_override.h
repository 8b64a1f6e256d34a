// --set PATH=VALUE: changes one field of a recipe from the command line.
#ifndef LIMBECK_RECIPES_LANGUAGE_FIELD_OVERRIDE_H_
#define LIMBECK_RECIPES_LANGUAGE_FIELD_OVERRIDE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "recipes/language/recipe_text.h"

namespace limbeck {

// Applies one "PATH=VALUE". PATH is STAGE.FIELD[.FIELD...], MODEL.FIELD, or a
// field of the recipe itself ("seed", "recipe.report.title"). Lists take
// values separated by commas and are replaced; FIELD[2] is one entry of a
// list, whole, and the number after the last adds one. Enum values may be
// written in short ("cosine" for SCHEDULE_COSINE).
absl::Status ApplyOverride(absl::string_view assignment, RecipeSource* source);

// Sets one field from text, by its type; adds to repeated fields. Errors say
// what was expected.
absl::Status SetFieldFromText(const google::protobuf::FieldDescriptor& field,
                              absl::string_view value,
                              google::protobuf::Message* message);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_LANGUAGE_FIELD_OVERRIDE_H_
