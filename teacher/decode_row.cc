// See decode_row.h.
#include "teacher/decode_row.h"

#include <algorithm>
#include <utility>

#include "data/base/check.h"
#include "data/stages/record_id.h"

namespace limbeck {

void DecodeRow::Start(SampleRequest request, uint64_t weights_version) {
  LIMBECK_CHECK(!live_ && !request.prompt_ids.empty());
  live_ = true;
  request_ = std::move(request);
  key_ = SamplingKey(request_.sampling, request_.problem.id(),
                     request_.prompt_ids);
  next_id_ = request_.prompt_ids.back();
  length_ = static_cast<int64_t>(request_.prompt_ids.size()) - 1;
  result_ = SampleResult();
  result_.ticket = request_.ticket;
  result_.weights_version = weights_version;
  columns_ = TopKColumns();
}

void DecodeRow::Sample(absl::Span<const float> logits) {
  result_.status =
      SampleRow(logits, request_.sampling,
                {key_, static_cast<uint64_t>(result_.output_ids.size())},
                request_.capture_top_k, scratch_, sampled_);
}

bool DecodeRow::Advance(const StopRules& rules,
                        const std::vector<std::string>& pieces) {
  if (!result_.status.ok()) {
    result_.finish_reason = FINISH_REASON_ERROR;
    return true;
  }
  const uint32_t token = sampled_.token;
  result_.output_ids.push_back(token);
  result_.output_logprobs.push_back(sampled_.logprob);
  result_.sampling_logprobs.push_back(sampled_.sampling_logprob);
  if (request_.capture_top_k > 0) {
    columns_.Append(sampled_.top.ids, sampled_.top.logprobs,
                    sampled_.top.tail_logprob);
  }
  ++length_;
  next_id_ = token;
  if (rules.is_end[token]) {
    result_.finish_reason = FINISH_REASON_STOP;
    return true;
  }
  result_.text += pieces[token];
  if (EndsInStopString(rules, pieces[token].size())) {
    result_.finish_reason = FINISH_REASON_STOP;
    return true;
  }
  const int64_t outputs = static_cast<int64_t>(result_.output_ids.size());
  if (outputs >= request_.sampling.max_tokens() ||
      length_ + 1 >= rules.max_context) {
    result_.finish_reason = FINISH_REASON_LENGTH;
    return true;
  }
  return false;
}

bool DecodeRow::EndsInStopString(const StopRules& rules, size_t new_bytes) {
  size_t cut = std::string::npos;
  for (const std::string& stop : rules.stop_strings) {
    const size_t reach = new_bytes + stop.size() - 1;
    const size_t from =
        result_.text.size() > reach ? result_.text.size() - reach : 0;
    cut = std::min(cut, result_.text.find(stop, from));
  }
  if (cut == std::string::npos) return false;
  result_.text.resize(cut);
  return true;
}

SampleResult DecodeRow::Finish(const TeacherSignal& identity,
                               LogprobCodec codec) {
  live_ = false;
  SampleResult result = std::move(result_);
  result.prompt_ids = std::move(request_.prompt_ids);
  result.turn_prefix = std::move(request_.turn_prefix);
  if (!columns_.counts.empty()) {
    TeacherSignal described = identity;
    described.set_token_ids_hash(
        TokenIdsHash(result.prompt_ids, result.output_ids));
    result.signals = MakeTopKSignals(columns_, described, codec);
  }
  return result;
}

}  // namespace limbeck
