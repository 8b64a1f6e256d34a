#include "data/stages/train_tokenizer.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/record/jsonl.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/rejections.h"
#include "data/stages/trace_parts.h"
#include "data/text/reasoning_format.h"
#include "data/text/sentencepiece_trainer.h"
#include "data/text/tokenizer.h"
#include "data/text/tokenizer_folder.h"

namespace limbeck {
namespace {

// Keeps a rejected line below the record limit.
constexpr uint64_t kMaxLineBytes = uint64_t{16} << 20;

absl::StatusOr<std::string> RenderPrompt(const Problem& problem) {
  return RenderMessages({problem.messages().begin(), problem.messages().end()},
                        /*add_generation_prompt=*/true);
}

absl::StatusOr<std::string> Render(const Problem& problem) {
  return RenderProblem(problem);
}
absl::StatusOr<std::string> Render(const Trace& trace) {
  return RenderTrace(trace);
}

template <typename Record>
absl::Status AddRecords(const Artefact& artefact, absl::string_view file,
                        TokenizerTexts& texts) {
  for (int part = 0; part < artefact.num_partitions(); ++part) {
    LIMBECK_RETURN_IF_ERROR(ForEachRecord<Record>(
        artefact.Path(part, file), [&](Record& record) -> absl::Status {
          absl::StatusOr<std::string> text = Render(record);
          if (text.ok()) {
            texts.documents.push_back(*std::move(text));
            return absl::OkStatus();
          }
          Rejection rejection;
          rejection.set_reason(REJECTION_REASON_BAD_RECORD);
          rejection.set_detail(std::string(text.status().message()));
          SetRejected(std::move(record), rejection);
          texts.rejected.push_back(std::move(rejection));
          return absl::OkStatus();
        }));
  }
  return absl::OkStatus();
}

void AddStrings(const Json& json, std::string& text) {
  if (json.is_string()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", json.string());
  } else if (json.is_array()) {
    for (const Json& item : json.array()) AddStrings(item, text);
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.object()) AddStrings(value, text);
  }
}

void RejectLine(const std::string& path, const JsonlLine& line,
                absl::string_view reason, TokenizerTexts& texts) {
  Rejection rejection;
  rejection.set_reason(REJECTION_REASON_BAD_RECORD);
  rejection.set_byte_offset(line.byte_offset);
  rejection.set_raw_line(std::string(line.text));
  rejection.set_detail(
      absl::StrCat(BaseName(path), ", line ", line.number, ": ", reason));
  texts.rejected.push_back(std::move(rejection));
}

absl::StatusOr<TokenizerTexts> CollectTexts(
    const TrainTokenizerOptions& options, const StageRun& run) {
  TokenizerTexts texts;
  for (const StageInput& input : run.inputs) {
    LIMBECK_ASSIGN_OR_RETURN(const Artefact artefact, OpenInput(input));
    LIMBECK_ASSIGN_OR_RETURN(const ItemKind kind, ItemKindOf(artefact));
    LIMBECK_RETURN_IF_ERROR(
        kind == ItemKind::kProblems
            ? AddRecords<Problem>(artefact, kProblemsFile, texts)
            : AddRecords<Trace>(artefact, kTracesFile, texts));
  }
  for (const std::string& path : options.paths()) {
    LIMBECK_RETURN_IF_ERROR(ReadTextFile(path, texts));
  }
  if (!texts.documents.empty()) return texts;
  return absl::InvalidArgumentError(absl::StrCat(
      "stage '", run.identity.name,
      "' has no text to train a vocabulary from: ", run.inputs.size(),
      " inputs and ", options.paths_size(), " files hold 0 ",
      "usable documents"));
}

absl::StatusOr<std::string> Train(const TrainTokenizerOptions& options,
                                  const TokenizerTexts& texts) {
  SentencePieceTrainerOptions trainer;
  trainer.vocab_size = options.vocab_size();
  trainer.algorithm =
      options.algorithm() == TrainTokenizerOptions::ALGORITHM_UNIGRAM
          ? SentencePieceAlgorithm::kUnigram
          : SentencePieceAlgorithm::kBpe;
  trainer.split_digits = options.split_digits();
  return TrainSentencePiece(trainer, texts.documents);
}

absl::Status WriteTokenizer(const TrainTokenizerOptions& options,
                            const TokenizerTexts& texts,
                            PartitionWriter& writer) {
  const std::string folder = JoinPath(writer.directory(), kTokenizerFolder);
  LIMBECK_ASSIGN_OR_RETURN(const std::string model, Train(options, texts));
  LIMBECK_RETURN_IF_ERROR(WriteTokenizerFolder(model, folder));
  LIMBECK_ASSIGN_OR_RETURN(std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(folder));
  writer.set_unit("documents");
  writer.set_tokenizer_fingerprint(tokenizer->fingerprint());
  LIMBECK_RETURN_IF_ERROR(writer.AddFolder(std::string(kTokenizerFolder)));
  LIMBECK_RETURN_IF_ERROR(writer.Touch(kRejectsFile, *Rejection::descriptor()));
  writer.CountIn(texts.documents.size() + texts.rejected.size());
  writer.CountOut(texts.documents.size());
  for (const Rejection& rejection : texts.rejected) {
    LIMBECK_RETURN_IF_ERROR(writer.Reject(rejection));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> RenderProblem(const Problem& problem) {
  LIMBECK_ASSIGN_OR_RETURN(std::string text, RenderPrompt(problem));
  if (problem.reference_solution().empty()) return text;
  const std::string answer =
      absl::StrCat("\\boxed{", problem.gold_answer(), "}");
  absl::StrAppend(&text, RenderOutput(problem.reference_solution(), answer),
                  kEndTag);
  return text;
}

absl::StatusOr<std::string> RenderTrace(const Trace& trace) {
  if (!trace.has_problem()) return trace.raw_output();
  LIMBECK_ASSIGN_OR_RETURN(std::string text, RenderPrompt(trace.problem()));
  // The prompt has opened the thought, whatever the teacher's prompt did.
  const bool is_answer = trace.has_turn_prefix() && !PartsOf(trace).has_thought;
  absl::StrAppend(&text, is_answer ? kThinkCloseTag : "", trace.raw_output(),
                  kEndTag);
  return text;
}

absl::Status ReadTextFile(const std::string& path, TokenizerTexts& texts) {
  const bool is_jsonl = absl::EndsWith(path, ".jsonl");
  if (!is_jsonl && !absl::EndsWith(path, ".txt")) {
    return absl::InvalidArgumentError(
        absl::StrCat("TrainTokenizerOptions.paths has '", path,
                     "'; allowed: files that end in .txt or .jsonl"));
  }
  JsonlOptions lines;
  lines.max_line_bytes = kMaxLineBytes;
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<JsonlReader> reader,
                           JsonlReader::Open(path, lines));
  while (true) {
    JsonlLine line;
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&line));
    if (!more) return absl::OkStatus();
    if (line.too_long()) {
      RejectLine(path, line,
                 absl::StrCat("the line has ", line.bytes, " bytes, at most ",
                              kMaxLineBytes, " are read"),
                 texts);
      continue;
    }
    if (!is_jsonl) {
      texts.documents.emplace_back(line.text);
      continue;
    }
    const absl::StatusOr<Json> json = ParseJson(line.text);
    if (!json.ok()) {
      RejectLine(path, line, json.status().message(), texts);
      continue;
    }
    std::string text;
    AddStrings(*json, text);
    texts.documents.push_back(std::move(text));
  }
}

absl::Status RunTrainTokenizerStage(const TrainTokenizerOptions& options,
                                    const StageRun& run) {
  return MapPartitions(
      run, 1, [&](int, PartitionWriter& writer) -> absl::Status {
        LIMBECK_ASSIGN_OR_RETURN(const TokenizerTexts texts,
                                 CollectTexts(options, run));
        StageProgress progress(run.context, run.identity.kind,
                               texts.documents.size(), "documents");
        return WriteTokenizer(options, texts, writer);
      });
}

}  // namespace limbeck
