// The local sampler over other models than plain Llama, other types than
// float32, and a cache that grows.
#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "teacher/local_sampler.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_models.h"
#include "tests/teacher/tiny_teacher.h"

namespace limbeck {
namespace {

ModelConfig WindowedConfig() {
  ModelConfig config = TinyTeacherConfig();
  config.model_type = "mistral";
  config.sliding_window = 7;
  return config;
}

ModelConfig HeadNormConfig() {
  ModelConfig config = TinyTeacherConfig();
  config.model_type = "qwen3";
  config.qk_norm = true;
  config.head_dim = 12;
  return config;
}

ModelConfig LatentConfig() {
  ModelConfig config = TinyTeacherConfig();
  config.model_type = "deepseek_v3";
  config.latent = LatentAttention{.q_rank = 10,
                                  .kv_rank = 14,
                                  .nope_dim = 6,
                                  .rope_dim = 4,
                                  .value_dim = 5};
  config.head_dim = 10;
  config.num_kv_heads = config.num_heads;
  config.rope_interleaved = true;
  config.experts = ExpertMixture{.num_experts = 6,
                                 .num_chosen = 2,
                                 .num_groups = 3,
                                 .num_chosen_groups = 2,
                                 .intermediate_size = 9,
                                 .num_shared = 1,
                                 .first_layer = 1,
                                 .scaling = 2.5};
  return config;
}

std::shared_ptr<const Model> MakeTeacher(const ModelConfig& config) {
  return std::make_shared<const Model>(FreshModel(config, 1));
}

std::unique_ptr<Sampler> SamplerOf(std::shared_ptr<const Model> model,
                                   const LocalSamplerOptions& options = {}) {
  auto sampler = CreateLocalSampler(std::move(model),
                                    MakeTinyTeacher().tokenizer, options);
  EXPECT_THAT(sampler, IsOk());
  return *std::move(sampler);
}

// The results of all requests, submitted together.
std::vector<std::string> RunTogether(
    Sampler& sampler, const std::vector<SampleRequest>& requests) {
  std::vector<std::string> described(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    SampleRequest request = requests[i];
    request.ticket = i;
    LIMBECK_EXPECT_OK(sampler.Submit(std::move(request)));
  }
  while (true) {
    absl::StatusOr<std::vector<SampleResult>> polled = sampler.Poll();
    EXPECT_THAT(polled, IsOk());
    if (polled->empty()) return described;
    for (const SampleResult& result : *polled) {
      described[result.ticket] = Describe(result);
    }
  }
}

std::vector<SampleRequest> SomeRequests(int count, int max_tokens) {
  std::vector<SampleRequest> requests;
  for (const Problem& problem : MakeProblems(count)) {
    requests.push_back(MakeRequest(
        problem, 0, max_tokens - static_cast<int>(requests.size())));
  }
  return requests;
}

TEST(LocalSamplerModels, SameBytesAloneAndTogetherForEveryFamily) {
  for (const ModelConfig& config :
       {WindowedConfig(), HeadNormConfig(), LatentConfig()}) {
    const std::shared_ptr<const Model> model = MakeTeacher(config);
    const std::vector<SampleRequest> requests = SomeRequests(9, 30);
    const std::vector<std::string> together =
        RunTogether(*SamplerOf(model), requests);
    for (size_t i = 0; i < requests.size(); ++i) {
      EXPECT_EQ(RunTogether(*SamplerOf(model), {requests[i]})[0], together[i])
          << config.model_type << ", request " << i;
    }
  }
}

TEST(LocalSamplerModels, OtherTypesDecodeAsTheirFloat32Copy) {
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    const absl::StatusOr<Model> rounded =
        CastModel(*MakeTeacher(LatentConfig()), dtype);
    LIMBECK_ASSERT_OK(rounded);
    const absl::StatusOr<Model> wide = CastModel(*rounded, at::kFloat);
    LIMBECK_ASSERT_OK(wide);
    const std::vector<SampleRequest> requests = SomeRequests(4, 20);
    EXPECT_EQ(RunTogether(*SamplerOf(std::make_shared<const Model>(*rounded)),
                          requests),
              RunTogether(*SamplerOf(std::make_shared<const Model>(*wide)),
                          requests));
  }
}

TEST(LocalSamplerModels, PublishedWeightsOfOtherTypesAreCastAgain) {
  absl::StatusOr<Model> first =
      CastModel(*MakeTinyTeacher(1).model, at::kBFloat16);
  LIMBECK_ASSERT_OK(first);
  absl::StatusOr<Model> second =
      CastModel(*MakeTinyTeacher(2).model, at::kBFloat16);
  LIMBECK_ASSERT_OK(second);
  const auto trained = std::make_shared<Model>(*std::move(first));
  const std::unique_ptr<Sampler> sampler = SamplerOf(trained);
  const std::vector<SampleRequest> requests = SomeRequests(3, 20);
  const std::vector<std::string> before = RunTogether(*sampler, requests);
  for (size_t i = 0; i < trained->groups.size(); ++i) {
    trained->groups[i].flat.copy_(second->groups[i].flat);
  }
  LIMBECK_ASSERT_OK(sampler->PublishWeights(0));
  const std::vector<std::string> after = RunTogether(*sampler, requests);
  EXPECT_NE(after, before);
  EXPECT_EQ(
      after,
      RunTogether(*SamplerOf(std::make_shared<const Model>(*std::move(second))),
                  requests));
}

// Long requests that arrive while short ones run: the cache grows under them.
TEST(LocalSamplerModels, GrowingCacheChangesNoByte) {
  ModelConfig config = TinyTeacherConfig();
  config.max_positions = 2000;
  const std::shared_ptr<const Model> model = MakeTeacher(config);
  LocalSamplerOptions options;
  options.rows = 3;
  options.ignore_end_ids = true;
  std::vector<SampleRequest> requests = SomeRequests(5, 60);
  requests[3].sampling.set_max_tokens(700);
  requests[4].sampling.set_max_tokens(300);
  const std::vector<std::string> together =
      RunTogether(*SamplerOf(model, options), requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(RunTogether(*SamplerOf(model, options), {requests[i]})[0],
              together[i])
        << i;
  }
}

TEST(LocalSamplerModels, CacheBeyondItsMemoryFailsThatRequestAlone) {
  ModelConfig config = TinyTeacherConfig();
  config.max_positions = 1 << 20;
  LocalSamplerOptions options;
  options.rows = 4;
  options.max_cache_bytes = 1e6;
  const std::unique_ptr<Sampler> sampler =
      SamplerOf(MakeTeacher(config), options);
  std::vector<SampleRequest> requests = SomeRequests(2, 20);
  requests[0].prompt_ids.assign(1000, 65);
  requests[0].sampling.set_max_tokens(100000);
  const std::vector<std::string> results = RunTogether(*sampler, requests);
  // 101,008 tokens of 2 layers, 2 heads, 8 numbers of key and value each.
  EXPECT_THAT(results[0],
              testing::HasSubstr(
                  "keys and values of 4 rows of 101000 tokens take 103.4 MB, "
                  "the memory for them is 1.0 MB"));
  EXPECT_THAT(results[1], testing::StartsWith("OK"));
}

}  // namespace
}  // namespace limbeck
