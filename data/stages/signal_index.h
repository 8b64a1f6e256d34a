// Finds the teacher signals of a sample and checks that they belong to it.
#ifndef LIMBECK_DATA_STAGES_SIGNAL_INDEX_H_
#define LIMBECK_DATA_STAGES_SIGNAL_INDEX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/record/shard.h"
#include "data/records.pb.h"
#include "data/stages/artefact.h"

namespace limbeck {

class SignalIndex {
 public:
  // Reads the headers of all signals. Refuses signals of another tokenizer
  // than the samples', and signals that disagree on the vocabulary's size.
  static absl::StatusOr<std::unique_ptr<SignalIndex>> Build(
      const Artefact& artefact, const std::string& sample_tokenizer);

  // Tokens of the sample that carry loss and have no signal. Signals of other
  // token ids, or two for one token, are refused.
  absl::StatusOr<uint64_t> CountMissing(const TokenizedSample& sample) const;

  // The sample's signals by first token. Not thread-safe.
  absl::StatusOr<std::vector<TeacherSignal>> Read(
      const TokenizedSample& sample);

 private:
  struct Place {
    uint32_t first_token;
    uint32_t num_tokens;
    int partition;
    uint64_t record;
    std::string token_ids_hash;
  };

  explicit SignalIndex(const Artefact& artefact) : artefact_(artefact) {}

  absl::Status AddPartition(int partition, const std::string& tokenizer);
  absl::Status CheckSignal(const TeacherSignal& signal,
                           const std::string& tokenizer);

  const Artefact artefact_;
  uint32_t vocab_size_ = 0;  // 0: no signal read yet
  std::unordered_map<std::string, std::vector<Place>> places_;  // by trace id
  std::vector<std::unique_ptr<ShardReader>> readers_;  // by partition, lazy
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_SIGNAL_INDEX_H_
