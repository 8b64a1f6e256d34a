#include "data/record/schema.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

template <typename T>
void AddOnce(const T* item, std::vector<const T*>* list) {
  if (std::find(list->begin(), list->end(), item) == list->end()) {
    list->push_back(item);
  }
}

std::vector<const FieldDescriptor*> FieldsByNumber(const Descriptor& type) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
  std::sort(fields.begin(), fields.end(),
            [](const FieldDescriptor* a, const FieldDescriptor* b) {
              return a->number() < b->number();
            });
  return fields;
}

std::string TypeName(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

std::string FieldLine(const FieldDescriptor& field) {
  // Presence and oneof are not on the wire, but change what zero means.
  absl::string_view label = "";
  if (field.is_repeated()) {
    label = "repeated ";
  } else if (field.real_containing_oneof() != nullptr) {
    label = "oneof ";
  } else if (field.has_presence() && field.message_type() == nullptr) {
    label = "optional ";
  }
  return absl::StrCat(field.number(), " ", field.name(), " ", label,
                      TypeName(field), "\n");
}

// "message limbeck.Trace 7" or "enum limbeck.Role 1" -> the rest of that line.
using Definitions = std::map<std::pair<std::string, int64_t>, std::string>;

absl::StatusOr<Definitions> ParseSchema(absl::string_view text) {
  Definitions definitions;
  std::string owner;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "message ") || absl::StartsWith(line, "enum ")) {
      owner = std::string(line);
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    int64_t number = 0;
    if (owner.empty() || !absl::SimpleAtoi(parts.first, &number)) {
      return absl::DataLossError(
          absl::StrCat("the schema has a malformed line \"", line, "\""));
    }
    definitions[{owner, number}] = std::string(parts.second);
  }
  return definitions;
}

}  // namespace

std::string SchemaText(const Descriptor& type) {
  std::string text;
  std::vector<const Descriptor*> messages = {&type};
  std::vector<const EnumDescriptor*> enums;
  // `messages` grows while it is walked.
  for (size_t i = 0; i < messages.size(); ++i) {
    absl::StrAppend(&text, "message ", messages[i]->full_name(), "\n");
    for (const FieldDescriptor* field : FieldsByNumber(*messages[i])) {
      absl::StrAppend(&text, FieldLine(*field));
      if (field->message_type() != nullptr) {
        AddOnce(field->message_type(), &messages);
      }
      if (field->enum_type() != nullptr) AddOnce(field->enum_type(), &enums);
    }
  }
  for (const EnumDescriptor* type_of_values : enums) {
    absl::StrAppend(&text, "enum ", type_of_values->full_name(), "\n");
    for (int i = 0; i < type_of_values->value_count(); ++i) {
      absl::StrAppend(&text, type_of_values->value(i)->number(), " ",
                      type_of_values->value(i)->name(), "\n");
    }
  }
  return text;
}

absl::Status CheckSchemaCompatible(absl::string_view stored,
                                   absl::string_view current) {
  if (stored == current) return absl::OkStatus();
  LIMBECK_ASSIGN_OR_RETURN(const Definitions old_lines, ParseSchema(stored));
  LIMBECK_ASSIGN_OR_RETURN(const Definitions new_lines, ParseSchema(current));
  for (const auto& [place, old_line] : old_lines) {
    const auto found = new_lines.find(place);
    if (found == new_lines.end() || found->second == old_line) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        place.first, " tag ", place.second, " is \"", old_line,
        "\" in the file, but \"", found->second,
        "\" in this program; use the program version that wrote it"));
  }
  return absl::OkStatus();
}

}  // namespace limbeck
