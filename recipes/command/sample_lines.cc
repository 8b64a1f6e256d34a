#include "recipes/command/sample_lines.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"
#include "recipes/console/jsonl_filter.h"
#include "teacher/signal_records.h"

namespace limbeck {
namespace {

std::vector<uint32_t> Unsigned(const std::vector<int32_t>& ids) {
  return std::vector<uint32_t>(ids.begin(), ids.end());
}

// A sample is a function of seed, prompt and index: the id of the problem is
// the hash of the prompt's ids.
std::string PromptId(const std::vector<uint32_t>& ids) {
  FieldHasher hasher("limbeck.prompt.v1");
  for (const uint32_t id : ids) hasher.Int(id);
  return hasher.Id();
}

const char* FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FINISH_REASON_STOP:
      return "stop";
    case FINISH_REASON_LENGTH:
      return "length";
    case FINISH_REASON_CANCELLED:
      return "cancelled";
    default:
      return "error";
  }
}

// "top_ids" and "top_logprobs", one list per output token.
absl::Status AddTopLogprobs(const SampleResult& result, Json& out) {
  Json all_ids = Json::Array();
  Json all_logprobs = Json::Array();
  for (const TeacherSignal& signal : result.signals) {
    LIMBECK_ASSIGN_OR_RETURN(const TopKColumns columns, ReadTopKSignal(signal));
    size_t at = 0;
    for (const uint32_t count : columns.counts) {
      Json ids = Json::Array();
      Json logprobs = Json::Array();
      for (uint32_t i = 0; i < count; ++i, ++at) {
        ids.Push(static_cast<int64_t>(columns.ids[at]));
        logprobs.Push(static_cast<double>(columns.logprobs[at]));
      }
      all_ids.Push(std::move(ids));
      all_logprobs.Push(std::move(logprobs));
    }
  }
  out.Set("top_ids", std::move(all_ids));
  out.Set("top_logprobs", std::move(all_logprobs));
  return absl::OkStatus();
}

absl::StatusOr<Json> SampleToJson(const SampleResult& result, int top_k) {
  LIMBECK_RETURN_IF_ERROR(result.status);
  Json ids = Json::Array();
  for (const uint32_t id : result.output_ids) {
    ids.Push(static_cast<int64_t>(id));
  }
  Json logprobs = Json::Array();
  for (const float logprob : result.output_logprobs) {
    logprobs.Push(static_cast<double>(logprob));
  }
  Json out = Json::Object();
  out.Set("ids", std::move(ids));
  out.Set("text", result.text);
  out.Set("finish_reason", FinishReasonName(result.finish_reason));
  out.Set("logprobs", std::move(logprobs));
  if (top_k > 0) LIMBECK_RETURN_IF_ERROR(AddTopLogprobs(result, out));
  return out;
}

// Ticket of sample `index` of line `line`.
uint64_t Ticket(size_t line, int num_samples, int index) {
  return line * static_cast<uint64_t>(num_samples) +
         static_cast<uint64_t>(index);
}

absl::Status SubmitLine(Sampler& sampler, const SampleSettings& settings,
                        size_t line, const std::vector<uint32_t>& prompt) {
  for (int index = 0; index < settings.num_samples; ++index) {
    SampleRequest request;
    request.ticket = Ticket(line, settings.num_samples, index);
    request.problem.set_id(PromptId(prompt));
    request.prompt_ids = prompt;
    request.sampling = settings.sampling;
    request.sampling.set_sample_index(index);
    request.capture_top_k = settings.top_k_logprobs;
    LIMBECK_RETURN_IF_ERROR(sampler.Submit(std::move(request)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<uint64_t, SampleResult>> PollAll(Sampler& sampler) {
  std::map<uint64_t, SampleResult> results;
  while (true) {
    LIMBECK_ASSIGN_OR_RETURN(std::vector<SampleResult> finished,
                             sampler.Poll());
    if (finished.empty()) return results;
    for (SampleResult& result : finished) {
      const uint64_t ticket = result.ticket;
      results.emplace(ticket, std::move(result));
    }
  }
}

absl::StatusOr<Json> LineToJson(const std::map<uint64_t, SampleResult>& results,
                                const SampleSettings& settings, size_t line) {
  Json samples = Json::Array();
  for (int index = 0; index < settings.num_samples; ++index) {
    const auto found = results.find(Ticket(line, settings.num_samples, index));
    if (found == results.end()) {
      return absl::InternalError(absl::StrCat("sample ", index, " is missing"));
    }
    LIMBECK_ASSIGN_OR_RETURN(
        Json sample, SampleToJson(found->second, settings.top_k_logprobs));
    samples.Push(std::move(sample));
  }
  Json out = Json::Object();
  out.Set("samples", std::move(samples));
  return out;
}

}  // namespace

absl::StatusOr<std::vector<uint32_t>> PromptOf(const Json& line,
                                               const Tokenizer& tokenizer,
                                               const SampleSettings& settings) {
  int given = 0;
  for (const char* key : {"ids", "prompt", "messages"}) {
    given += line.Find(key) != nullptr ? 1 : 0;
  }
  if (given != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        given, " of \"ids\", \"prompt\" and \"messages\" given, expected one"));
  }
  std::vector<int32_t> ids;
  if (line.Find("ids") != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(ids, GetIds(line, "ids"));
  } else if (line.Find("prompt") != nullptr) {
    LIMBECK_ASSIGN_OR_RETURN(const std::string text, line.GetString("prompt"));
    LIMBECK_ASSIGN_OR_RETURN(ids, tokenizer.EncodeWithSpecial(text));
  } else {
    LIMBECK_CHECK(settings.chat != nullptr);
    LIMBECK_ASSIGN_OR_RETURN(
        const std::string text,
        settings.chat->Render(line, /*add_generation_prompt=*/true));
    LIMBECK_ASSIGN_OR_RETURN(ids, tokenizer.Encode(text));
  }
  if (ids.empty()) return absl::InvalidArgumentError("the prompt is empty");
  return Unsigned(ids);
}

std::vector<absl::StatusOr<Json>> SampleBatch(Sampler& sampler,
                                              const Tokenizer& tokenizer,
                                              const SampleSettings& settings,
                                              const std::vector<Json>& lines) {
  std::vector<absl::Status> submitted;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto prompt = PromptOf(lines[i], tokenizer, settings);
    submitted.push_back(prompt.ok() ? SubmitLine(sampler, settings, i, *prompt)
                                    : prompt.status());
  }
  const auto results = PollAll(sampler);
  std::vector<absl::StatusOr<Json>> answers;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!submitted[i].ok()) {
      answers.emplace_back(submitted[i]);
    } else if (!results.ok()) {
      answers.emplace_back(results.status());
    } else {
      answers.push_back(LineToJson(*results, settings, i));
    }
  }
  return answers;
}

}  // namespace limbeck
