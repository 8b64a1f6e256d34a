#include "recipes/language/recipe_text.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace limbeck {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using ProtoMessage = google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

constexpr int kMaxNesting = 32;

// Protobuf's text names the type and the field in double quotes; the near
// candidates are ours.
std::string WithSuggestions(const std::string& message) {
  const std::vector<std::string> parts = absl::StrSplit(message, '"');
  if (parts.size() != 5 || parts[2] != " has no field named ") return message;
  const Descriptor* type =
      DescriptorPool::generated_pool()->FindMessageTypeByName(parts[1]);
  if (type == nullptr) return message;
  return absl::StrCat("no field '", parts[3], "' in ", type->name(),
                      SuggestNames(parts[3], FieldNames(*type)));
}

class ParseErrors : public google::protobuf::io::ErrorCollector {
 public:
  ParseErrors(const std::string& file, RecipeErrors& errors)
      : file_(file), errors_(errors) {}

  void AddError(int line, int column, const std::string& message) override {
    errors_.Add({file_, line + 1, column + 1}, "", WithSuggestions(message));
  }

 private:
  const std::string& file_;
  RecipeErrors& errors_;
};

// Walks a parsed message and notes every field under its path.
class LocationRecorder {
 public:
  LocationRecorder(const std::string& file, SourceMap& sources)
      : file_(file), sources_(sources) {}

  SourceLocation Location(const TextFormat::ParseInfoTree& tree,
                          const FieldDescriptor* field, int index) const {
    const TextFormat::ParseLocation at = tree.GetLocation(field, index);
    return {file_, at.line + 1, at.column + 1};
  }

  // `prefix` ends in '.', or is empty.
  void RecordMessage(const ProtoMessage& message,
                     const TextFormat::ParseInfoTree& tree,
                     const std::string& prefix) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      RecordField(message, *field, tree, prefix);
    }
  }

 private:
  void RecordField(const ProtoMessage& message, const FieldDescriptor& field,
                   const TextFormat::ParseInfoTree& tree,
                   const std::string& prefix) {
    const Reflection& reflection = *message.GetReflection();
    const std::string path = absl::StrCat(prefix, field.name());
    if (field.is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        sources_.Set(absl::StrCat(path, "[", i, "]"),
                     Location(tree, &field, i));
      }
      return;
    }
    sources_.Set(path, Location(tree, &field, -1));
    if (field.message_type() == nullptr) return;
    const auto* nested = tree.GetTreeForNested(&field, -1);
    if (nested == nullptr) return;
    RecordMessage(reflection.GetMessage(message, &field), *nested,
                  absl::StrCat(path, "."));
  }

  const std::string& file_;
  SourceMap& sources_;
};

// Stages and models are known by name: "train_base.epochs", not
// "stages[3].train.epochs".
template <typename Entries>
void RecordEntries(const Entries& entries, const FieldDescriptor* field,
                   const TextFormat::ParseInfoTree& tree,
                   LocationRecorder& recorder, SourceMap& sources,
                   RecipeErrors& errors) {
  for (int i = 0; i < entries.size(); ++i) {
    const SourceLocation location = recorder.Location(tree, field, i);
    const std::string& name = entries[i].name();
    if (name.empty()) {
      errors.Add(location, absl::StrCat(field->name(), "[", i, "]"),
                 "has no name");
      continue;
    }
    if (sources.Contains(name)) {
      errors.Add(location, name,
                 absl::StrCat("this name is taken already, at ",
                              FormatLocation(sources.Nearest(name))));
      continue;
    }
    sources.Set(name, location);
    const auto* nested = tree.GetTreeForNested(field, i);
    if (nested != nullptr) {
      recorder.RecordMessage(entries[i], *nested, absl::StrCat(name, "."));
    }
  }
}

// Paths leave the kind out: "students.train.epochs" becomes "students.epochs".
void DropKind(const Recipe& recipe, SourceMap& sources) {
  for (const StageEntry& stage : recipe.stages()) {
    const std::string kind = StageKindName(stage);
    if (kind.empty()) continue;
    const std::string old_prefix = absl::StrCat(stage.name(), ".", kind);
    const std::map<std::string, SourceLocation> all = sources.locations();
    for (auto it = all.lower_bound(old_prefix); it != all.end(); ++it) {
      if (it->first.compare(0, old_prefix.size(), old_prefix) != 0) break;
      if (it->first.size() == old_prefix.size()) continue;
      if (it->first[old_prefix.size()] != '.') continue;
      sources.Set(
          absl::StrCat(stage.name(), it->first.substr(old_prefix.size())),
          it->second);
    }
  }
}

const OneofDescriptor* OptionsOneof() {
  return StageEntry::descriptor()->FindOneofByName("options");
}

// Moves the value of one field; `from` loses it.
void TakeField(ProtoMessage* from, const FieldDescriptor* field,
               ProtoMessage* to) {
  to->GetReflection()->SwapFields(from, to, {field});
}

void MergeMessage(const ProtoMessage& from, ProtoMessage* to) {
  std::unique_ptr<ProtoMessage> copy(from.New());
  copy->CopyFrom(from);
  const Reflection& reflection = *copy->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*copy, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated() || field->message_type() == nullptr) {
      TakeField(copy.get(), field, to);
    } else {
      MergeMessage(reflection.GetMessage(*copy, field),
                   to->GetReflection()->MutableMessage(to, field));
    }
  }
}

template <typename Entries>
void MergeByName(const Entries& from, Entries* to) {
  for (const auto& entry : from) {
    typename Entries::value_type* target = nullptr;
    for (auto& candidate : *to) {
      if (candidate.name() == entry.name()) target = &candidate;
    }
    MergeMessage(entry, target != nullptr ? target : to->Add());
  }
}

}  // namespace

const ProtoMessage* StageOptions(const StageEntry& stage) {
  const FieldDescriptor* field =
      stage.GetReflection()->GetOneofFieldDescriptor(stage, OptionsOneof());
  if (field == nullptr) return nullptr;
  return &stage.GetReflection()->GetMessage(stage, field);
}

ProtoMessage* MutableStageOptions(StageEntry* stage) {
  const FieldDescriptor* field =
      stage->GetReflection()->GetOneofFieldDescriptor(*stage, OptionsOneof());
  if (field == nullptr) return nullptr;
  return stage->GetReflection()->MutableMessage(stage, field);
}

std::string StageKindName(const StageEntry& stage) {
  const FieldDescriptor* field =
      stage.GetReflection()->GetOneofFieldDescriptor(stage, OptionsOneof());
  return field == nullptr ? "" : field->name();
}

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) {
    names.push_back(type.field(i)->name());
  }
  return names;
}

absl::StatusOr<RecipeSource> ParseRecipe(absl::string_view text,
                                         const std::string& file) {
  RecipeSource source;
  RecipeErrors errors;
  ParseErrors collector(file, errors);
  TextFormat::ParseInfoTree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&tree);
  parser.SetRecursionLimit(kMaxNesting);
  if (!parser.ParseFromString(std::string(text), &source.recipe)) {
    if (errors.empty()) errors.Add({file, 0, 0}, "", "is no recipe");
    return errors.ToStatus();
  }
  const Recipe& recipe = source.recipe;
  const Descriptor& type = *Recipe::descriptor();
  source.sources.Set("", {file, 0, 0});
  LocationRecorder recorder(file, source.sources);
  RecordEntries(recipe.models(), type.FindFieldByName("models"), tree, recorder,
                source.sources, errors);
  RecordEntries(recipe.stages(), type.FindFieldByName("stages"), tree, recorder,
                source.sources, errors);
  LIMBECK_RETURN_IF_ERROR(errors.ToStatus());
  recorder.RecordMessage(recipe, tree, absl::StrCat(kRecipePrefix, "."));
  DropKind(recipe, source.sources);
  return source;
}

RecipeSource MergeRecipes(const RecipeSource& base,
                          const RecipeSource& derived) {
  RecipeSource merged = base;
  for (const StageEntry& stage : derived.recipe.stages()) {
    for (const StageEntry& old : base.recipe.stages()) {
      if (old.name() != stage.name()) continue;
      const std::string kind = StageKindName(stage);
      if (kind.empty() || kind == StageKindName(old)) continue;
      merged.sources.EraseBelow(stage.name());
    }
  }
  Recipe scalars = derived.recipe;
  scalars.clear_stages();
  scalars.clear_models();
  MergeMessage(scalars, &merged.recipe);
  MergeByName(derived.recipe.models(), merged.recipe.mutable_models());
  MergeByName(derived.recipe.stages(), merged.recipe.mutable_stages());
  merged.sources.Overlay(derived.sources);
  return merged;
}

}  // namespace limbeck
