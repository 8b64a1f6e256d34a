// Walks from training stages to their teachers, and from both to the folders
// that hold their tokenizers.
#include "recipes/run/check_vocabularies.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/text/tokenizer.h"
#include "recipes/language/recipe_graph.h"
#include "student/config/config.h"
#include "student/vocabulary.h"

namespace limbeck {
namespace {

// Where the tokenizer and the rows of a stage's or entry's model come from.
struct Origin {
  int model = -1;         // index of the entry
  bool own_head = false;  // as many rows as the tokenizer has tokens
};

// One place of the recipe where a teacher is named, and who learns from it.
struct Pair {
  std::string teacher;
  std::string student_stage;
  std::string field;    // "trained.teacher_input"
  bool stored = false;  // as signals, which name their tokenizer
};

// Signals and samples are joined only if one tokenizer made both, even where
// another would give equal ids.
absl::Status CheckFingerprints(const VocabularySide& teacher,
                               const VocabularySide& student) {
  const std::string& first = teacher.tokenizer->fingerprint();
  const std::string& second = student.tokenizer->fingerprint();
  if (first == second) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      teacher.name, " has tokenizer ", first, ", ", student.name, " has ",
      second,
      ": stored signals need one tokenizer; give both its files, or "
      "let the teacher be resident (KIND_DENSE_DISTILLATION)"));
}

class VocabularyCheck {
 public:
  explicit VocabularyCheck(const ResolvedRecipe& resolved)
      : recipe_(resolved.recipe), sources_(resolved.sources) {}

  absl::Status Run() {
    for (const StageEntry& stage : recipe_.stages()) {
      if (!stage.has_train()) continue;
      const TrainOptions& train = stage.train();
      if (train.has_teacher_input()) {
        CheckOnce({train.teacher_input(), stage.name(),
                   absl::StrCat(stage.name(), ".teacher_input")});
      }
      if (train.objective().kind() !=
          ObjectiveOptions::KIND_TOPK_DISTILLATION) {
        continue;
      }
      for (const std::string& input : stage.inputs()) {
        CheckSignals(stage, input);
      }
    }
    return errors_.ToStatus();
  }

 private:
  // The teachers whose signals lie beside these bins.
  void CheckSignals(const StageEntry& student, const std::string& bins) {
    const int pack = FindStage(recipe_, bins);
    if (pack < 0 || !recipe_.stages(pack).has_pack()) return;
    for (const std::string& name : recipe_.stages(pack).inputs()) {
      const int index = FindStage(recipe_, name);
      if (index < 0) continue;
      const StageEntry& stage = recipe_.stages(index);
      if (!stage.has_score() && !stage.has_generate()) continue;
      for (int i = 0; i < stage.inputs_size(); ++i) {
        if (!OriginOf(stage.inputs(i)).has_value()) continue;
        CheckOnce({stage.inputs(i), student.name(),
                   absl::StrCat(name, ".inputs[", i, "]"), /*stored=*/true});
      }
    }
  }

  // Several students may learn from one teacher's signals.
  void CheckOnce(const Pair& pair) {
    const absl::Status status = Check(pair);
    if (status.ok() || !told_.insert(pair.field).second) return;
    errors_.Add(sources_.Nearest(pair.field), pair.field, status.message());
  }

  absl::Status Check(const Pair& pair) {
    const std::optional<Origin> teacher = OriginOf(pair.teacher);
    const std::optional<Origin> student = OriginOf(pair.student_stage);
    if (!teacher.has_value() || !student.has_value()) return absl::OkStatus();
    LIMBECK_ASSIGN_OR_RETURN(
        const VocabularySide first,
        Side(*teacher, absl::StrCat("teacher '", pair.teacher, "'")));
    LIMBECK_ASSIGN_OR_RETURN(
        const VocabularySide second,
        Side(*student,
             absl::StrCat("the student of stage '", pair.student_stage, "'")));
    LIMBECK_RETURN_IF_ERROR(CheckVocabularyPair(first, second));
    return pair.stored ? CheckFingerprints(first, second) : absl::OkStatus();
  }

  // No value: not a model, or its tokenizer is yet to be trained.
  std::optional<Origin> OriginOf(const std::string& name) const {
    const int model = FindModel(recipe_, name);
    if (model >= 0) return Origin{model, false};
    const int index = FindStage(recipe_, name);
    if (index < 0 || !recipe_.stages(index).has_train()) return std::nullopt;
    const TrainOptions& train = recipe_.stages(index).train();
    if (!train.has_architecture()) return OriginOf(train.initial_model_input());
    std::optional<Origin> origin = OriginOf(train.tokenizer_input());
    if (origin.has_value()) origin->own_head = true;
    return origin;
  }

  absl::StatusOr<VocabularySide> Side(const Origin& origin, std::string name) {
    const ModelEntry& model = recipe_.models(origin.model);
    VocabularySide side;
    side.name = std::move(name);
    StageInput folder;
    folder.name = model.name();
    folder.directory = model.path();
    folder.is_model = true;
    LIMBECK_ASSIGN_OR_RETURN(side.directory, TokenizerDirectory(folder));
    std::shared_ptr<const Tokenizer>& tokenizer = tokenizers_[side.directory];
    if (tokenizer == nullptr) {
      LIMBECK_ASSIGN_OR_RETURN(tokenizer, LoadTokenizer(side.directory));
    }
    side.tokenizer = tokenizer.get();
    side.head_rows = tokenizer->vocab_size();
    if (origin.own_head) return side;
    LIMBECK_ASSIGN_OR_RETURN(const ModelConfig config,
                             ReadModelConfig(model.path()));
    side.head_rows = config.vocab_size;
    return side;
  }

  const Recipe& recipe_;
  const SourceMap& sources_;
  std::map<std::string, std::shared_ptr<const Tokenizer>> tokenizers_;
  std::set<std::string> told_;  // fields
  RecipeErrors errors_;
};

}  // namespace

absl::Status CheckVocabularies(const ResolvedRecipe& resolved) {
  return VocabularyCheck(resolved).Run();
}

}  // namespace limbeck
