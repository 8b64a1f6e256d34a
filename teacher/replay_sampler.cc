// See replay_sampler.h.
#include "teacher/replay_sampler.h"

#include <array>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/digest.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/record/jsonl.h"
#include "data/stages/record_id.h"
#include "data/text/reasoning_format.h"
#include "teacher/text_sampler.h"

namespace limbeck {
namespace {

struct Recording {
  std::string output;
  std::string teacher;  // empty: not said
  FinishReason finish_reason = FINISH_REASON_STOP;
  std::optional<bool> is_correct;
};

// By normalised question, in file order.
using Recordings = std::unordered_map<std::string, std::vector<Recording>>;

// The models of the published file, smallest first.
constexpr std::array<absl::string_view, 4> kPublishedModels = {
    "6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"};

std::optional<absl::string_view> FinalAnswer(absl::string_view solution) {
  const size_t line = solution.rfind('\n');
  absl::string_view last =
      line == absl::string_view::npos ? solution : solution.substr(line + 1);
  if (!absl::ConsumePrefix(&last, "A:")) return std::nullopt;
  last = absl::StripAsciiWhitespace(last);
  if (last.empty()) return std::nullopt;
  return last;
}

absl::StatusOr<FinishReason> ParseFinishReason(absl::string_view text) {
  if (text == "stop") return FINISH_REASON_STOP;
  if (text == "length") return FINISH_REASON_LENGTH;
  return absl::InvalidArgumentError(absl::StrCat(
      "finish_reason is '", text, "', known are 'stop' and 'length'"));
}

absl::Status AddGeneric(const Json& line, Recordings& recordings) {
  Recording recording;
  LIMBECK_ASSIGN_OR_RETURN(const std::string question,
                           line.GetString("question"));
  LIMBECK_ASSIGN_OR_RETURN(recording.output, line.GetString("output"));
  LIMBECK_ASSIGN_OR_RETURN(recording.teacher, line.GetString("teacher", ""));
  LIMBECK_ASSIGN_OR_RETURN(const std::string finish,
                           line.GetString("finish_reason", "stop"));
  LIMBECK_ASSIGN_OR_RETURN(recording.finish_reason, ParseFinishReason(finish));
  if (line.Find("is_correct") != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(recording.is_correct, line.GetBool("is_correct"));
  }
  recordings[NormalizeForIdentity(question)].push_back(std::move(recording));
  return absl::OkStatus();
}

absl::Status AddPublished(const Json& line, Recordings& recordings) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string question,
                           line.GetString("question"));
  std::vector<Recording>& found = recordings[NormalizeForIdentity(question)];
  for (const absl::string_view model : kPublishedModels) {
    const Json* published = line.Find(model);
    if (published == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no solution of '", model, "'"));
    }
    LIMBECK_ASSIGN_OR_RETURN(const std::string solution,
                             published->GetString("solution"));
    Recording recording;
    recording.output = RenderPublishedSolution(solution);
    recording.teacher = absl::StrCat("gsm8k/", model);
    recording.finish_reason = FinalAnswer(solution).has_value()
                                  ? FINISH_REASON_STOP
                                  : FINISH_REASON_LENGTH;
    LIMBECK_ASSIGN_OR_RETURN(recording.is_correct,
                             published->GetBool("is_correct"));
    found.push_back(std::move(recording));
  }
  return absl::OkStatus();
}

absl::StatusOr<Recordings> ReadRecordings(
    const std::string& path, GenerateOptions::ReplayFormat format) {
  LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<JsonlReader> reader,
                           JsonlReader::Open(path));
  Recordings recordings;
  JsonlLine line;
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&line));
    if (!more) break;
    LIMBECK_ASSIGN_OR_RETURN(const Json json, ParseJsonlLine(*reader, line));
    const absl::Status status =
        format == GenerateOptions::REPLAY_FORMAT_GSM8K_SOLUTIONS
            ? AddPublished(json, recordings)
            : AddGeneric(json, recordings);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ", line ", line.number, ": ", status.message()));
    }
  }
  if (recordings.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " holds no recorded trace"));
  }
  return recordings;
}

Verification PublishedLabel(bool is_correct) {
  Verification label;
  label.set_method("published_label");
  label.set_version(1);
  label.set_verdict(is_correct ? VERDICT_CORRECT : VERDICT_WRONG);
  return label;
}

SampleResult Replay(const Recordings& recordings, const Teacher& identity,
                    const SampleRequest& request) {
  SampleResult result;
  const auto found =
      recordings.find(NormalizeForIdentity(QuestionText(request.problem)));
  const size_t recorded = found == recordings.end() ? 0 : found->second.size();
  const int index = request.sampling.sample_index();
  if (index < 0 || static_cast<size_t>(index) >= recorded) {
    result.status = absl::NotFoundError(
        absl::StrCat("sample ", index, " asked for, the recordings hold ",
                     recorded, " for this question"));
    return result;
  }
  const Recording& recording = found->second[static_cast<size_t>(index)];
  result.text = recording.output;
  result.finish_reason = recording.finish_reason;
  if (!recording.teacher.empty()) {
    result.teacher = identity;
    result.teacher->set_name(recording.teacher);
  }
  if (recording.is_correct.has_value()) {
    result.verifications.push_back(PublishedLabel(*recording.is_correct));
  }
  return result;
}

}  // namespace

std::string RenderPublishedSolution(absl::string_view solution) {
  const std::optional<absl::string_view> answer = FinalAnswer(solution);
  if (!answer.has_value()) return std::string(solution);
  return RenderOutput(solution, absl::StrCat("\\boxed{", *answer, "}"));
}

absl::StatusOr<std::unique_ptr<Sampler>> CreateReplaySampler(
    const std::string& path, GenerateOptions::ReplayFormat format,
    const std::string& licence) {
  LIMBECK_ASSIGN_OR_RETURN(Recordings read, ReadRecordings(path, format));
  Teacher identity;
  identity.set_name("replay");
  LIMBECK_ASSIGN_OR_RETURN(*identity.mutable_revision(), Sha256HexOfFile(path));
  identity.set_licence(licence);
  const auto recordings = std::make_shared<const Recordings>(std::move(read));
  return MakeTextSampler(identity,
                         [recordings, identity](const SampleRequest& request) {
                           return Replay(*recordings, identity, request);
                         });
}

}  // namespace limbeck
