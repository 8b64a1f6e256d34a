// Compares two vocabularies id by id.
#include "student/vocabulary.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/text/chat_template.h"
#include "data/text/tokenizer_config.h"

namespace limbeck {
namespace {

constexpr char kOtherRoute[] =
    ": logits of one cannot teach the other. Use a route over text: let the "
    "teacher generate, tokenize its texts with the student's tokenizer and "
    "train with KIND_CROSS_ENTROPY";

// Texts that pre-tokenizers and normalisers cut in different ways.
constexpr const char* kProbes[] = {
    "Hello world, it's 3.14159 and 1234567 more.",
    "  two blanks\n\n\tand a tab \r\n end  ",
    "def f(x):\n        return x**2  # comment",
    "na\u00efve cafe\u0301 \u4f60\u597d\uff0c\u4e16\u754c \U0001f600",
    "WE'LL don't \\frac{1}{2} <think> x_{10} </think>"};

absl::Status Mismatch(const VocabularySide& teacher,
                      const VocabularySide& student, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(
      teacher.name, " and ", student.name, " ", what, kOtherRoute));
}

// No value: no token has this id.
std::optional<std::string> PieceAt(const VocabularySide& side, int64_t id) {
  if (id >= side.tokenizer->vocab_size()) return std::nullopt;
  absl::StatusOr<std::string> piece =
      side.tokenizer->PieceOf(static_cast<int32_t>(id));
  if (!piece.ok()) return std::nullopt;
  return *std::move(piece);
}

std::string Quoted(const std::optional<std::string>& piece) {
  if (!piece.has_value()) return "no token";
  return absl::StrCat("\"", absl::Utf8SafeCEscape(*piece), "\"");
}

// What is said of added tokens besides their content, by id.
using AddedFlags = std::map<int64_t, std::string>;

absl::StatusOr<AddedFlags> ReadAddedFlags(const VocabularySide& side) {
  AddedFlags flags;
  LIMBECK_ASSIGN_OR_RETURN(
      const Json json,
      ReadConfigObject(JoinPath(side.directory, "tokenizer.json")));
  const Json* list = json.Find("added_tokens");
  if (list == nullptr || !list->is_array()) return flags;
  for (const Json& token : list->array()) {
    LIMBECK_ASSIGN_OR_RETURN(const int64_t id, token.GetInt("id"));
    std::vector<std::string> set;
    for (const char* flag :
         {"special", "normalized", "single_word", "lstrip", "rstrip"}) {
      LIMBECK_ASSIGN_OR_RETURN(const bool on, token.GetBool(flag, false));
      if (on) set.push_back(flag);
    }
    flags[id] = absl::StrCat("an added token (", absl::StrJoin(set, ", "), ")");
  }
  return flags;
}

std::string FlagsAt(const AddedFlags& flags, int64_t id) {
  const auto found = flags.find(id);
  return found == flags.end() ? "a plain token" : found->second;
}

absl::Status CheckPieces(const VocabularySide& teacher,
                         const VocabularySide& student) {
  LIMBECK_ASSIGN_OR_RETURN(const AddedFlags teacher_flags,
                           ReadAddedFlags(teacher));
  LIMBECK_ASSIGN_OR_RETURN(const AddedFlags student_flags,
                           ReadAddedFlags(student));
  const int64_t width =
      std::min({std::min(teacher.head_rows, student.head_rows),
                std::max<int64_t>(teacher.tokenizer->vocab_size(),
                                  student.tokenizer->vocab_size())});
  for (int64_t id = 0; id < width; ++id) {
    const std::optional<std::string> at_teacher = PieceAt(teacher, id);
    const std::optional<std::string> at_student = PieceAt(student, id);
    if (at_teacher != at_student) {
      const bool control =
          teacher_flags.count(id) > 0 && student_flags.count(id) > 0;
      return Mismatch(
          teacher, student,
          absl::StrCat(
              "disagree at token id ", id, ": ", Quoted(at_teacher),
              " against ", Quoted(at_student),
              control ? " (one control token's id used for another)" : ""));
    }
    const std::string teacher_kind = FlagsAt(teacher_flags, id);
    const std::string student_kind = FlagsAt(student_flags, id);
    if (teacher_kind != student_kind) {
      return Mismatch(
          teacher, student,
          absl::StrCat("disagree at token id ", id, ", ", Quoted(at_teacher),
                       ": ", teacher_kind, " against ", student_kind));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckProbes(const VocabularySide& teacher,
                         const VocabularySide& student) {
  for (const char* probe : kProbes) {
    LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> at_teacher,
                             teacher.tokenizer->EncodeWithSpecial(probe));
    LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> at_student,
                             student.tokenizer->EncodeWithSpecial(probe));
    if (at_teacher == at_student) continue;
    return Mismatch(teacher, student,
                    absl::StrCat("cut \"", absl::Utf8SafeCEscape(probe),
                                 "\" into ids ", absl::StrJoin(at_teacher, " "),
                                 " against ", absl::StrJoin(at_student, " ")));
  }
  return absl::OkStatus();
}

absl::Status CheckEndIds(const VocabularySide& teacher,
                         const VocabularySide& student) {
  const auto sorted = [](const VocabularySide& side) {
    const std::vector<int32_t>& ids = side.tokenizer->end_ids();
    return std::set<int32_t>(ids.begin(), ids.end());
  };
  const std::set<int32_t> at_teacher = sorted(teacher);
  const std::set<int32_t> at_student = sorted(student);
  if (at_teacher == at_student) return absl::OkStatus();
  return Mismatch(
      teacher, student,
      absl::StrCat("end a text with ids ", absl::StrJoin(at_teacher, " "),
                   " against ", absl::StrJoin(at_student, " "),
                   " (tokenizer_config.json, "
                   "generation_config.json)"));
}

// "" where the folder names no such token.
std::string NamedToken(const Json& tokens, absl::string_view name) {
  const Json* token = tokens.Find(name);
  return token == nullptr ? "" : token->string();
}

absl::Status CheckNamedTokens(const VocabularySide& teacher,
                              const VocabularySide& student) {
  LIMBECK_ASSIGN_OR_RETURN(const Json at_teacher,
                           TemplateTokens(teacher.directory));
  LIMBECK_ASSIGN_OR_RETURN(const Json at_student,
                           TemplateTokens(student.directory));
  // pad_token only fills what nobody reads.
  for (const char* name : {"bos_token", "eos_token", "unk_token"}) {
    const std::string first = NamedToken(at_teacher, name);
    const std::string second = NamedToken(at_student, name);
    if (first == second) continue;
    return Mismatch(teacher, student,
                    absl::StrCat("have different ", name, ": ", Quoted(first),
                                 " against ", Quoted(second)));
  }
  return absl::OkStatus();
}

// No value: the folder has no template, which contradicts none.
absl::StatusOr<std::optional<std::string>> TemplateText(
    const VocabularySide& side) {
  const absl::StatusOr<ChatTemplate> found =
      LoadChatTemplate(side.directory, "");
  if (absl::IsNotFound(found.status())) return std::nullopt;
  if (!found.ok()) return found.status();
  return found->text();
}

absl::Status CheckTemplates(const VocabularySide& teacher,
                            const VocabularySide& student) {
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<std::string> at_teacher,
                           TemplateText(teacher));
  LIMBECK_ASSIGN_OR_RETURN(const std::optional<std::string> at_student,
                           TemplateText(student));
  if (!at_teacher || !at_student || *at_teacher == *at_student) {
    return absl::OkStatus();
  }
  const auto [first, second] =
      std::mismatch(at_teacher->begin(), at_teacher->end(), at_student->begin(),
                    at_student->end());
  return Mismatch(
      teacher, student,
      absl::StrCat("have different chat templates from character ",
                   first - at_teacher->begin(), " on (", teacher.directory,
                   " and ", student.directory,
                   "; if the student is to speak the teacher's format, give it "
                   "the teacher's tokenizer files)"));
}

absl::Status CheckRows(const VocabularySide& side, const VocabularySide& head) {
  const int64_t tokens = side.tokenizer->vocab_size();
  for (int64_t id = head.head_rows; id < tokens; ++id) {
    const std::optional<std::string> piece = PieceAt(side, id);
    if (!piece.has_value()) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        head.name, " has ", head.head_rows, " head rows, token id ", id, ", ",
        Quoted(piece), ", of ", side.name, " has none", kOtherRoute));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckVocabularyPair(const VocabularySide& teacher,
                                 const VocabularySide& student) {
  LIMBECK_RETURN_IF_ERROR(CheckRows(teacher, teacher));
  LIMBECK_RETURN_IF_ERROR(CheckRows(student, student));
  if (teacher.tokenizer->fingerprint() != student.tokenizer->fingerprint()) {
    LIMBECK_RETURN_IF_ERROR(CheckPieces(teacher, student));
    LIMBECK_RETURN_IF_ERROR(CheckRows(student, teacher));
    LIMBECK_RETURN_IF_ERROR(CheckProbes(teacher, student));
  }
  LIMBECK_RETURN_IF_ERROR(CheckEndIds(teacher, student));
  LIMBECK_RETURN_IF_ERROR(CheckNamedTokens(teacher, student));
  return CheckTemplates(teacher, student);
}

}  // namespace limbeck
