#include "recipes/language/recipe_paths.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "google/protobuf/text_format.h"

namespace limbeck {
namespace {

// A path inside a stage's options: field name for messages, and its value.
struct PathField {
  std::string path;  // below the stage: "path", "paths[1]"
  std::string* value;
};

// The table of all path fields.
std::vector<PathField> StagePaths(StageEntry* stage) {
  std::vector<PathField> fields;
  if (stage->has_ingest() && stage->ingest().has_path()) {
    fields.push_back({"path", stage->mutable_ingest()->mutable_path()});
  }
  if (stage->has_generate() && stage->generate().has_replay_path()) {
    fields.push_back(
        {"replay_path", stage->mutable_generate()->mutable_replay_path()});
  }
  if (stage->has_evaluate() && stage->evaluate().has_benchmark_file()) {
    BenchmarkFileOptions& file =
        *stage->mutable_evaluate()->mutable_benchmark_file();
    const std::pair<const char*, std::string*> kPaths[] = {
        {"path", file.mutable_path()},
        {"tests_path", file.mutable_tests_path()},
        {"standings_path", file.mutable_standings_path()},
        {"population_path", file.mutable_population_path()}};
    for (const auto& [name, path] : kPaths) {
      if (path->empty()) continue;
      fields.push_back({absl::StrCat("benchmark_file.", name), path});
    }
  }
  if (stage->has_train_tokenizer()) {
    auto& paths = *stage->mutable_train_tokenizer()->mutable_paths();
    for (int i = 0; i < paths.size(); ++i) {
      fields.push_back({absl::StrCat("paths[", i, "]"), paths.Mutable(i)});
    }
  }
  return fields;
}

// A list set with --set has one location, for the list.
SourceLocation LocationOf(const SourceMap& sources, const std::string& path) {
  return sources.Nearest(path);
}

std::string FromFileOf(const SourceLocation& location, std::string path) {
  if (path.empty() || path[0] == '/') return path;
  if (absl::StartsWith(location.file, "--set ")) return path;
  const std::string folder = DirName(location.file);
  return folder.empty() || folder == "." ? path : JoinPath(folder, path);
}

void ExpandOne(const Environment& environment, const SourceMap& sources,
               const std::string& path, std::string* value,
               RecipeErrors& errors) {
  const SourceLocation location = LocationOf(sources, path);
  absl::StatusOr<std::string> expanded = ExpandVariables(*value, environment);
  if (!expanded.ok()) {
    errors.Add(location, path,
               absl::StrCat(expanded.status().message(),
                            ", or give the path with --set ", path, "=PATH"));
    return;
  }
  *value = FromFileOf(location, *std::move(expanded));
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

absl::StatusOr<std::string> ExpandVariables(absl::string_view text,
                                            const Environment& environment) {
  std::string out;
  while (true) {
    const size_t open = text.find("${");
    if (open == absl::string_view::npos) break;
    const size_t close = text.find('}', open);
    if (close == absl::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "' has a ${ without }"));
    }
    const std::string name(text.substr(open + 2, close - open - 2));
    const std::optional<std::string> value = environment(name);
    if (!value.has_value() || value->empty()) {
      return absl::NotFoundError(absl::StrCat("the environment variable ", name,
                                              " is not set; set it"));
    }
    absl::StrAppend(&out, text.substr(0, open), *value);
    text.remove_prefix(close + 1);
  }
  absl::StrAppend(&out, text);
  return out;
}

void ExpandPaths(const Environment& environment, RecipeSource& source,
                 RecipeErrors& errors) {
  for (ModelEntry& model : *source.recipe.mutable_models()) {
    if (!model.has_path()) continue;
    ExpandOne(environment, source.sources, absl::StrCat(model.name(), ".path"),
              model.mutable_path(), errors);
  }
  for (StageEntry& stage : *source.recipe.mutable_stages()) {
    for (const PathField& field : StagePaths(&stage)) {
      ExpandOne(environment, source.sources,
                absl::StrCat(stage.name(), ".", field.path), field.value,
                errors);
    }
  }
}

void CheckPaths(const RecipeSource& source, RecipeErrors& errors) {
  for (const ModelEntry& model : source.recipe.models()) {
    const std::string path = absl::StrCat(model.name(), ".path");
    const SourceLocation location = LocationOf(source.sources, path);
    if (model.path().empty()) {
      errors.Add(location, path, "is empty; name the model's folder");
    } else if (!IsDirectory(model.path())) {
      errors.Add(location, path,
                 absl::StrCat("there is no folder '", model.path(), "'"));
    }
  }
  Recipe recipe = source.recipe;
  for (StageEntry& stage : *recipe.mutable_stages()) {
    for (const PathField& field : StagePaths(&stage)) {
      if (field.value->empty() || FileExists(*field.value)) continue;
      const std::string path = absl::StrCat(stage.name(), ".", field.path);
      errors.Add(LocationOf(source.sources, path), path,
                 absl::StrCat("there is no file '", *field.value, "'"));
    }
  }
}

std::vector<std::string> ExternalFiles(const StageEntry& stage) {
  StageEntry copy = stage;
  std::vector<std::string> files;
  for (const PathField& field : StagePaths(&copy)) {
    if (field.value->empty()) continue;
    // A folder stands for the files in it.
    const absl::StatusOr<std::vector<std::string>> names =
        ListDirectory(*field.value);
    if (!names.ok()) {
      files.push_back(*field.value);
      continue;
    }
    for (const std::string& name : *names) {
      const std::string path = JoinPath(*field.value, name);
      if (!IsDirectory(path)) files.push_back(path);
    }
  }
  return files;
}

std::string IdentityOptions(const StageEntry& stage) {
  StageEntry copy = stage;
  for (const PathField& field : StagePaths(&copy)) {
    *field.value = BaseName(*field.value);
  }
  const google::protobuf::Message* options = StageOptions(copy);
  if (options == nullptr) return "";
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*options, &text);
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace limbeck
