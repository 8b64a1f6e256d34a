// See text_sampler.h.
#include "teacher/text_sampler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace limbeck {
namespace {

class TextSampler : public Sampler {
 public:
  TextSampler(Teacher identity, AnswerFunction answer)
      : identity_(std::move(identity)), answer_(std::move(answer)) {}

  SamplerCapabilities Capabilities() const override {
    SamplerCapabilities capabilities;
    capabilities.exact = true;
    return capabilities;
  }
  Teacher Identity() const override { return identity_; }

  absl::Status Submit(SampleRequest request) override {
    SampleResult result;
    if (request.capture_top_k != 0) {
      result.status = absl::UnimplementedError(absl::StrCat(
          "capture_top_k is ", request.capture_top_k, ", but teacher '",
          identity_.name(), "' has text only: score its traces with a model"));
    } else {
      result = answer_(request);
    }
    if (!result.status.ok()) result.finish_reason = FINISH_REASON_ERROR;
    result.ticket = request.ticket;
    finished_.push_back(std::move(result));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<SampleResult>> Poll() override {
    return std::exchange(finished_, {});
  }

  void Cancel(uint64_t ticket) override {
    finished_.erase(std::remove_if(finished_.begin(), finished_.end(),
                                   [ticket](const SampleResult& result) {
                                     return result.ticket == ticket;
                                   }),
                    finished_.end());
  }

  absl::Status PublishWeights(uint64_t version) override {
    return absl::UnimplementedError(
        absl::StrCat("weights of version ", version, " sent to teacher '",
                     identity_.name(), "', which has none"));
  }

 private:
  const Teacher identity_;
  const AnswerFunction answer_;
  std::vector<SampleResult> finished_;
};

}  // namespace

std::unique_ptr<Sampler> MakeTextSampler(Teacher identity,
                                         AnswerFunction answer) {
  return std::make_unique<TextSampler>(std::move(identity), std::move(answer));
}

}  // namespace limbeck
