#include "data/stages/tokenize.h"

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

absl::Status RunTokenizeStage(const TokenizeOptions& options,
                              const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact input,
                           OpenInputWith(run, kTracesFile));
  LIMBECK_ASSIGN_OR_RETURN(const std::string folder,
                           FindTokenizerDirectory(run));
  LIMBECK_ASSIGN_OR_RETURN(std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(folder));
  LIMBECK_ASSIGN_OR_RETURN(const TraceTokenizer trace_tokenizer,
                           TraceTokenizer::Create(tokenizer, options));
  const RecordMap map = {kTracesFile, kSamplesFile,
                         TokenizedSample::descriptor(), "samples",
                         tokenizer->fingerprint()};
  return MapRecords<Trace>(
      run, input, map,
      [&](Trace& trace, PartitionWriter& writer) -> absl::Status {
        LIMBECK_ASSIGN_OR_RETURN(TokenizedTrace result,
                                 trace_tokenizer.Tokenize(trace));
        if (result.rejection) {
          SetRejected(std::move(trace), *result.rejection);
          return writer.Reject(*std::move(result.rejection));
        }
        writer.CountOut();
        return writer.Write(kSamplesFile, result.sample,
                            static_cast<uint64_t>(result.sample.ids_size()));
      });
}

}  // namespace limbeck
