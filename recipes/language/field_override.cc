#include "recipes/language/field_override.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "data/base/status_macros.h"
#include "google/protobuf/descriptor.h"

namespace limbeck {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using ProtoMessage = google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status WrongValue(absl::string_view value, absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", value, "' is no ", expected));
}

// "SCHEDULE_" of the values SCHEDULE_UNSPECIFIED, SCHEDULE_COSINE...
std::string EnumPrefix(const EnumDescriptor& type) {
  constexpr absl::string_view kUnspecified = "UNSPECIFIED";
  const std::string& zero = type.value(0)->name();
  if (!absl::EndsWith(zero, kUnspecified)) return "";
  return zero.substr(0, zero.size() - kUnspecified.size());
}

absl::StatusOr<const EnumValueDescriptor*> ParseEnum(const EnumDescriptor& type,
                                                     absl::string_view value) {
  const std::string prefix = EnumPrefix(type);
  std::vector<std::string> names;
  for (int i = 1; i < type.value_count(); ++i) {
    const std::string& name = type.value(i)->name();
    const std::string short_name =
        absl::AsciiStrToLower(name.substr(prefix.size()));
    if (value == name || absl::AsciiStrToLower(value) == short_name) {
      return type.value(i);
    }
    names.push_back(short_name);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", value, "' is no ", type.name(), SuggestNames(value, names)));
}

template <typename Integer>
absl::StatusOr<Integer> ParseInteger(absl::string_view value,
                                     absl::string_view expected) {
  Integer parsed;
  if (!absl::SimpleAtoi(value, &parsed)) return WrongValue(value, expected);
  return parsed;
}

absl::StatusOr<double> ParseDouble(absl::string_view value) {
  double parsed;
  if (!absl::SimpleAtod(value, &parsed) || !std::isfinite(parsed)) {
    return WrongValue(value, "finite number");
  }
  return parsed;
}

absl::StatusOr<bool> ParseBool(absl::string_view value) {
  if (value == "true") return true;
  if (value == "false") return false;
  return WrongValue(value, "true or false");
}

// Sets the field, or adds to it when it is a list.
template <typename Value, typename Argument>
absl::Status Store(const absl::StatusOr<Value>& parsed,
                   const FieldDescriptor& field, ProtoMessage* message,
                   void (Reflection::*set)(ProtoMessage*,
                                           const FieldDescriptor*, Argument)
                       const,
                   void (Reflection::*add)(ProtoMessage*,
                                           const FieldDescriptor*, Argument)
                       const) {
  if (!parsed.ok()) return parsed.status();
  const Reflection& reflection = *message->GetReflection();
  (reflection.*(field.is_repeated() ? add : set))(message, &field, *parsed);
  return absl::OkStatus();
}

// Where an assignment leads: the field, the message that holds it, and the
// field's path for the source map.
struct Target {
  ProtoMessage* message = nullptr;
  const FieldDescriptor* field = nullptr;
  std::string path;
  std::optional<int> index;  // one entry of a list
};

// Takes "[3]" off the end of a path: how error messages name a list's entry.
absl::StatusOr<std::optional<int>> TakeIndex(absl::string_view* path) {
  if (!absl::EndsWith(*path, "]")) return std::optional<int>();
  const size_t open = path->rfind('[');
  int index = 0;
  if (open == absl::string_view::npos ||
      !absl::SimpleAtoi(path->substr(open + 1, path->size() - open - 2),
                        &index) ||
      index < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", *path, "' does not end in an entry's number, such as [0]"));
  }
  *path = path->substr(0, open);
  return std::optional<int>(index);
}

std::vector<std::string> EntryNames(const Recipe& recipe) {
  std::vector<std::string> names;
  for (const StageEntry& stage : recipe.stages()) names.push_back(stage.name());
  for (const ModelEntry& model : recipe.models()) names.push_back(model.name());
  return names;
}

// Fields that --set may name in an entry: its own and those of its options.
std::vector<std::string> SettableFields(const ProtoMessage& entry,
                                        const ProtoMessage* options) {
  std::vector<std::string> names;
  const auto& type = *entry.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->name() != "name" && field->message_type() == nullptr) {
      names.push_back(field->name());
    }
  }
  if (options != nullptr) {
    for (std::string& name : FieldNames(*options->GetDescriptor())) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

// Follows parts[1..] from `first`, a field of `message`.
absl::StatusOr<Target> Descend(ProtoMessage* message,
                               const FieldDescriptor* field,
                               absl::Span<const std::string> parts,
                               std::string path) {
  for (const std::string& part : parts) {
    if (field->message_type() == nullptr || field->is_repeated()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", path, "' is a value; it has no field '", part, "'"));
    }
    message = message->GetReflection()->MutableMessage(message, field);
    const auto& type = *message->GetDescriptor();
    field = type.FindFieldByName(part);
    if (field == nullptr) {
      return absl::NotFoundError(
          absl::StrCat("no field '", part, "' in '", path, "'",
                       SuggestNames(part, FieldNames(type))));
    }
    absl::StrAppend(&path, ".", part);
  }
  if (field->message_type() != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", path, "' is a message; name one of its fields: ",
                     absl::StrJoin(FieldNames(*field->message_type()), ", ")));
  }
  return Target{message, field, std::move(path), std::nullopt};
}

absl::StatusOr<Target> FindInEntry(ProtoMessage* entry, ProtoMessage* options,
                                   const std::vector<std::string>& parts) {
  const std::vector<std::string> known = SettableFields(*entry, options);
  const std::string& first = parts[1];
  const FieldDescriptor* field = entry->GetDescriptor()->FindFieldByName(first);
  ProtoMessage* holder = entry;
  if ((field == nullptr || field->message_type() != nullptr) &&
      options != nullptr) {
    holder = options;
    field = options->GetDescriptor()->FindFieldByName(first);
  }
  if (field == nullptr || field->message_type() == entry->GetDescriptor() ||
      first == "name") {
    return absl::NotFoundError(absl::StrCat("'", parts[0], "' has no field '",
                                            first, "'",
                                            SuggestNames(first, known)));
  }
  return Descend(holder, field, absl::MakeSpan(parts).subspan(2),
                 absl::StrCat(parts[0], ".", first));
}

absl::StatusOr<Target> FindInRecipe(Recipe* recipe,
                                    absl::Span<const std::string> parts) {
  std::vector<std::string> known;
  for (const std::string& name : FieldNames(*Recipe::descriptor())) {
    if (name != "base" && name != "stages" && name != "models") {
      known.push_back(name);
    }
  }
  if (std::find(known.begin(), known.end(), parts[0]) == known.end()) {
    return absl::NotFoundError(
        absl::StrCat("the recipe has no stage, model or field '", parts[0], "'",
                     SuggestNames(parts[0], known)));
  }
  return Descend(recipe, Recipe::descriptor()->FindFieldByName(parts[0]),
                 parts.subspan(1), absl::StrCat(kRecipePrefix, ".", parts[0]));
}

absl::StatusOr<Target> FindField(absl::string_view path, Recipe* recipe) {
  std::vector<std::string> parts = absl::StrSplit(path, '.');
  if (parts[0] == kRecipePrefix && parts.size() > 1) {
    return FindInRecipe(recipe, absl::MakeSpan(parts).subspan(1));
  }
  if (parts.size() == 1) return FindInRecipe(recipe, absl::MakeSpan(parts));
  for (StageEntry& stage : *recipe->mutable_stages()) {
    if (stage.name() == parts[0]) {
      return FindInEntry(&stage, MutableStageOptions(&stage), parts);
    }
  }
  for (ModelEntry& model : *recipe->mutable_models()) {
    if (model.name() == parts[0]) return FindInEntry(&model, nullptr, parts);
  }
  if (Recipe::descriptor()->FindFieldByName(parts[0]) != nullptr) {
    return FindInRecipe(recipe, absl::MakeSpan(parts));
  }
  return absl::NotFoundError(
      absl::StrCat("the recipe has no stage or model '", parts[0], "'",
                   SuggestNames(parts[0], EntryNames(*recipe))));
}

absl::StatusOr<Target> FindTarget(absl::string_view path, Recipe* recipe) {
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<int> index, TakeIndex(&path));
  LIMBECK_ASSIGN_OR_RETURN(Target target, FindField(path, recipe));
  if (!index.has_value()) return target;
  if (!target.field->is_repeated()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", target.path, "' is one value, no list"));
  }
  const int size =
      target.message->GetReflection()->FieldSize(*target.message, target.field);
  if (*index > size) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", target.path, "' has ", size, " entries; [", size,
                     "] adds one, [", *index, "] would leave a gap"));
  }
  target.index = index;
  absl::StrAppend(&target.path, "[", *index, "]");
  return target;
}

// Changes or adds one entry of a list.
absl::Status AssignEntry(const Target& target, absl::string_view value) {
  const Reflection& reflection = *target.message->GetReflection();
  const int size = reflection.FieldSize(*target.message, target.field);
  LIMBECK_RETURN_IF_ERROR(
      SetFieldFromText(*target.field, value, target.message));
  if (*target.index == size) return absl::OkStatus();
  reflection.SwapElements(target.message, target.field, *target.index, size);
  reflection.RemoveLast(target.message, target.field);
  return absl::OkStatus();
}

absl::Status Assign(const Target& target, absl::string_view value) {
  if (target.index.has_value()) return AssignEntry(target, value);
  const Reflection& reflection = *target.message->GetReflection();
  reflection.ClearField(target.message, target.field);
  if (!target.field->is_repeated()) {
    return SetFieldFromText(*target.field, value, target.message);
  }
  for (absl::string_view item : absl::StrSplit(value, ',')) {
    LIMBECK_RETURN_IF_ERROR(SetFieldFromText(
        *target.field, absl::StripAsciiWhitespace(item), target.message));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetFieldFromText(const FieldDescriptor& field,
                              absl::string_view value, ProtoMessage* message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Store(ParseInteger<int32_t>(value, "32-bit integer"), field,
                   message, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return Store(ParseInteger<int64_t>(value, "64-bit integer"), field,
                   message, &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return Store(ParseInteger<uint32_t>(value, "non-negative 32-bit integer"),
                   field, message, &Reflection::SetUInt32,
                   &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return Store(ParseInteger<uint64_t>(value, "non-negative 64-bit integer"),
                   field, message, &Reflection::SetUInt64,
                   &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Store(ParseDouble(value), field, message, &Reflection::SetDouble,
                   &Reflection::AddDouble);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Store(ParseBool(value), field, message, &Reflection::SetBool,
                   &Reflection::AddBool);
    case FieldDescriptor::CPPTYPE_ENUM:
      return Store(ParseEnum(*field.enum_type(), value), field, message,
                   &Reflection::SetEnum, &Reflection::AddEnum);
    case FieldDescriptor::CPPTYPE_STRING:
      return Store(absl::StatusOr<std::string>(value), field, message,
                   &Reflection::SetString, &Reflection::AddString);
    default:
      return absl::UnimplementedError(
          absl::StrCat("fields like ", field.name(), " cannot be set"));
  }
}

absl::Status ApplyOverride(absl::string_view assignment, RecipeSource* source) {
  const std::string origin = absl::StrCat("--set ", assignment);
  const auto fail = [&](const absl::Status& status) {
    return absl::Status(status.code(),
                        absl::StrCat(origin, ": ", status.message()));
  };
  const size_t equals = assignment.find('=');
  if (equals == absl::string_view::npos || equals == 0) {
    return fail(absl::InvalidArgumentError(
        "expected PATH=VALUE, such as students.learning_rate.peak=3e-4"));
  }
  absl::StatusOr<Target> target =
      FindTarget(assignment.substr(0, equals), &source->recipe);
  if (!target.ok()) return fail(target.status());
  const absl::Status assigned = Assign(*target, assignment.substr(equals + 1));
  if (!assigned.ok()) {
    return fail(absl::InvalidArgumentError(
        absl::StrCat(target->path, ": ", assigned.message())));
  }
  source->sources.EraseBelow(target->path);
  source->sources.Set(target->path, {origin, 0, 0});
  return absl::OkStatus();
}

}  // namespace limbeck
