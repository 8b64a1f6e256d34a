#include "data/stages/tokenize.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/rejections.h"
#include "data/stages/tokenize_trace.h"
#include "data/text/tokenizer.h"

namespace limbeck {
namespace {

void WarnOfOtherPrompts(uint64_t traces, const StageRun& run) {
  if (traces == 0 || run.context.progress == nullptr) return;
  run.context.progress->Warn(absl::StrCat(
      traces,
      " traces keep captured prompts that this tokenizer's chat "
      "template writes in another way: the student will not see such prompts "
      "when it is asked. Give both the same template, or set "
      "use_captured_ids: false"));
}

}  // namespace

absl::Status RunTokenizeStage(const TokenizeOptions& options,
                              const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input,
                           OpenInputWith(run, kTracesFile));
  LIMBECK_ASSIGN_OR_RETURN(const std::string folder,
                           FindTokenizerDirectory(run));
  LIMBECK_ASSIGN_OR_RETURN(std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(folder));
  const bool is_plain_text =
      options.target() == TokenizeOptions::TARGET_PLAIN_TEXT;
  absl::StatusOr<ChatFormat> format = ChatFormat::BuiltIn();
  if (!is_plain_text) {
    LIMBECK_ASSIGN_OR_RETURN(format, ChatFormat::Load(folder, options.chat()));
    LIMBECK_RETURN_IF_ERROR(format->Check(folder));
  }
  const std::string template_fingerprint = format->Fingerprint();
  LIMBECK_ASSIGN_OR_RETURN(
      const TraceTokenizer trace_tokenizer,
      TraceTokenizer::Create(tokenizer, options, *std::move(format)));
  const RecordMap map = {kTracesFile,
                         kSamplesFile,
                         TokenizedSample::descriptor(),
                         "samples",
                         tokenizer->fingerprint(),
                         template_fingerprint};
  std::atomic<uint64_t> other_prompts{0};
  const absl::Status status = MapRecords<Trace>(
      run, input, map,
      [&](Trace& trace, PartitionWriter& writer) -> absl::Status {
        LIMBECK_ASSIGN_OR_RETURN(TokenizedTrace result,
                                 trace_tokenizer.Tokenize(trace));
        if (result.rejection) {
          SetRejected(std::move(trace), *result.rejection);
          return writer.Reject(*std::move(result.rejection));
        }
        if (result.other_prompt) ++other_prompts;
        writer.CountOut();
        return writer.Write(kSamplesFile, result.sample,
                            static_cast<uint64_t>(result.sample.ids_size()));
      });
  if (status.ok()) WarnOfOtherPrompts(other_prompts, run);
  return status;
}

}  // namespace limbeck
