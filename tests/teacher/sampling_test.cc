// Sampling of one row against a slow reference in double, and against what the
// distribution says.
#include "teacher/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "data/base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Sampling MakeSampling(double temperature, double top_p = 1.0, int top_k = 0,
                      double min_p = 0.0) {
  Sampling sampling;
  sampling.set_temperature(temperature);
  sampling.set_top_p(top_p);
  sampling.set_top_k(top_k);
  sampling.set_min_p(min_p);
  sampling.set_max_tokens(1);
  return sampling;
}

// Logits of spread `scale`, the same for the same seed.
std::vector<float> RandomLogits(size_t size, uint64_t seed,
                                double scale = 3.0) {
  const uint64_t key = RandomKey(seed, RandomPurpose::kTest);
  std::vector<float> logits(size);
  for (size_t i = 0; i < size; ++i) {
    const double radius = std::sqrt(-2.0 * std::log(RandomUniform(key, i, 0)));
    const double angle = 6.283185307179586 * RandomUniform(key, i, 1);
    logits[i] = static_cast<float>(scale * radius * std::cos(angle));
  }
  return logits;
}

std::vector<double> Softmax(const std::vector<double>& logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<double> result(logits.size());
  double sum = 0.0;
  for (size_t i = 0; i < logits.size(); ++i) {
    result[i] = std::exp(logits[i] - top);
    sum += result[i];
  }
  for (double& value : result) value /= sum;
  return result;
}

std::vector<size_t> ByFallingValue(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return values[a] > values[b]; });
  return order;
}

void Remove(std::vector<double>& logits, const std::vector<size_t>& ids) {
  for (const size_t id : ids) {
    logits[id] = -std::numeric_limits<double>::infinity();
  }
}

// The processors of Hugging Face one after another, each over all tokens.
std::vector<double> ReferenceDistribution(const std::vector<float>& logits,
                                          const Sampling& sampling) {
  std::vector<double> scores(logits.begin(), logits.end());
  for (double& score : scores) score /= sampling.temperature();
  if (sampling.top_k() > 0) {
    const size_t k =
        std::min(scores.size(), static_cast<size_t>(sampling.top_k()));
    const double kth = scores[ByFallingValue(scores)[k - 1]];
    std::vector<size_t> removed;
    for (size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] < kth) removed.push_back(i);
    }
    Remove(scores, removed);
  }
  if (sampling.top_p() < 1.0) {
    const std::vector<double> p = Softmax(scores);
    std::vector<size_t> removed;
    double before = 0.0;
    for (const size_t id : ByFallingValue(scores)) {
      if (before >= sampling.top_p()) removed.push_back(id);
      before += p[id];
    }
    Remove(scores, removed);
  }
  if (sampling.min_p() > 0.0) {
    const std::vector<double> p = Softmax(scores);
    const double top = *std::max_element(p.begin(), p.end());
    std::vector<size_t> removed;
    for (size_t i = 0; i < p.size(); ++i) {
      if (p[i] < sampling.min_p() * top) removed.push_back(i);
    }
    Remove(scores, removed);
  }
  return Softmax(scores);
}

RowSample Draw(const std::vector<float>& logits, const Sampling& sampling,
               TokenPosition position, int capture = 0) {
  RowScratch scratch;
  RowSample sample;
  const absl::Status status =
      SampleRow(logits, sampling, position, capture, scratch, sample);
  EXPECT_THAT(status, IsOk());
  return sample;
}

TEST(Sampling, GreedyTakesTheLargestLogitAndTheLowerIdOfATie) {
  const Sampling greedy = MakeSampling(0.0);
  EXPECT_EQ(Draw({1.0f, 3.0f, 2.0f}, greedy, {1, 0}).token, 1u);
  EXPECT_EQ(Draw({-5.0f, -2.0f, -2.0f, -2.0f}, greedy, {1, 0}).token, 1u);
  EXPECT_EQ(Draw({0.0f, -0.0f}, greedy, {1, 0}).token, 0u);
  EXPECT_EQ(Draw({-0.0f, 0.0f}, greedy, {1, 0}).token, 0u);
  EXPECT_EQ(Draw({1.0f, 3.0f}, greedy, {1, 0}).sampling_logprob, 0.0f);
}

TEST(Sampling, LogprobIsOfTheWholeRowAtTemperatureOne) {
  const std::vector<float> logits = RandomLogits(300, 1);
  const std::vector<double> p =
      Softmax(std::vector<double>(logits.begin(), logits.end()));
  for (uint64_t step = 0; step < 50; ++step) {
    const RowSample sample =
        Draw(logits, MakeSampling(1.7, 0.8, 40), {9, step});
    EXPECT_NEAR(sample.logprob, std::log(p[sample.token]), 1e-6);
  }
}

struct CutCase {
  double temperature;
  double top_p;
  int top_k;
  double min_p;
};

class SamplingCuts : public ::testing::TestWithParam<CutCase> {};

// Every sample must come from the reference's support with the reference's
// log-probability, and the whole support must be reachable.
TEST_P(SamplingCuts, AgreeWithTheReference) {
  const CutCase& c = GetParam();
  const Sampling sampling =
      MakeSampling(c.temperature, c.top_p, c.top_k, c.min_p);
  for (uint64_t row = 0; row < 40; ++row) {
    const std::vector<float> logits = RandomLogits(24 + row * 7, row, 1.5);
    const std::vector<double> reference =
        ReferenceDistribution(logits, sampling);
    for (uint64_t step = 0; step < 60; ++step) {
      const RowSample sample = Draw(logits, sampling, {row, step}, 3);
      ASSERT_GT(reference[sample.token], 0.0) << "token " << sample.token;
      ASSERT_NEAR(sample.sampling_logprob, std::log(reference[sample.token]),
                  1e-6);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    AllCuts, SamplingCuts,
    ::testing::Values(CutCase{1.0, 1.0, 0, 0.0}, CutCase{0.6, 0.95, 0, 0.0},
                      CutCase{1.3, 0.5, 0, 0.0}, CutCase{1.0, 1.0, 5, 0.0},
                      CutCase{0.8, 0.9, 10, 0.0}, CutCase{1.0, 1.0, 0, 0.1},
                      CutCase{2.0, 0.99, 100, 0.05}, CutCase{0.7, 1e-9, 0, 0.0},
                      CutCase{1.0, 1.0, 1, 0.0}, CutCase{1.0, 1.0, 0, 1.0}));

TEST(Sampling, TopKKeepsAllTiesOfTheKthLogit) {
  const std::vector<float> logits = {1.0f, 2.0f, 1.0f, 0.0f, 1.0f};
  std::set<uint32_t> seen;
  for (uint64_t step = 0; step < 500; ++step) {
    seen.insert(Draw(logits, MakeSampling(1.0, 1.0, 2), {3, step}).token);
  }
  EXPECT_THAT(seen, ::testing::ElementsAre(0u, 1u, 2u, 4u));
}

TEST(Sampling, TopPTakesTheLowerIdsOfATieFirst) {
  const std::vector<float> logits(10, 0.5f);
  std::set<uint32_t> seen;
  for (uint64_t step = 0; step < 500; ++step) {
    seen.insert(Draw(logits, MakeSampling(1.0, 0.25), {3, step}).token);
  }
  EXPECT_THAT(seen, ::testing::ElementsAre(0u, 1u, 2u));
}

// Pearson's statistic against its 99.99 % point for 11 degrees of freedom,
// 37.4 (chi-square table). The draws are fixed, so this never flickers.
TEST(Sampling, FrequenciesFollowTheDistribution) {
  const std::vector<float> logits = RandomLogits(12, 4, 1.0);
  for (const Sampling& sampling :
       {MakeSampling(1.0), MakeSampling(0.7), MakeSampling(1.0, 1.0, 12),
        MakeSampling(1.4, 0.999999)}) {
    const std::vector<double> p = ReferenceDistribution(logits, sampling);
    constexpr int kDraws = 40000;
    std::vector<double> counts(logits.size(), 0.0);
    for (uint64_t draw = 0; draw < kDraws; ++draw) {
      // Keys and steps both vary, as in a run.
      ++counts[Draw(logits, sampling, {draw / 200, draw % 200}).token];
    }
    double statistic = 0.0;
    for (size_t i = 0; i < p.size(); ++i) {
      const double expected = p[i] * kDraws;
      statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    EXPECT_LT(statistic, 37.4);
  }
}

TEST(Sampling, NoiseOfATokenDoesNotDependOnTheOthers) {
  // Removing losers from the candidates leaves the winner as it is.
  const std::vector<float> logits = RandomLogits(200, 5, 2.0);
  for (uint64_t step = 0; step < 100; ++step) {
    const RowSample all = Draw(logits, MakeSampling(1.0), {7, step});
    std::vector<float> fewer = logits;
    for (size_t id = 0; id < fewer.size(); id += 3) {
      if (id != all.token) fewer[id] = -kInfinity;
    }
    EXPECT_EQ(Draw(fewer, MakeSampling(1.0), {7, step}).token, all.token);
  }
}

TEST(Sampling, ScratchOfEarlierRowsDoesNotMatter) {
  RowScratch scratch;
  RowSample reused;
  for (uint64_t row = 0; row < 30; ++row) {
    const std::vector<float> logits = RandomLogits(500 - row * 16, row);
    const Sampling sampling =
        MakeSampling(0.9, row % 2 == 0 ? 0.9 : 1.0, row % 3 == 0 ? 70 : 0);
    const int capture = static_cast<int>(row % 4) * 8;
    LIMBECK_ASSERT_OK(
        SampleRow(logits, sampling, {row, 2}, capture, scratch, reused));
    const RowSample fresh = Draw(logits, sampling, {row, 2}, capture);
    EXPECT_EQ(reused.token, fresh.token);
    EXPECT_EQ(reused.logprob, fresh.logprob);
    EXPECT_EQ(reused.sampling_logprob, fresh.sampling_logprob);
    EXPECT_EQ(reused.top.ids, fresh.top.ids);
    EXPECT_EQ(reused.top.logprobs, fresh.top.logprobs);
    if (capture > 0) {
      EXPECT_EQ(reused.top.tail_logprob, fresh.top.tail_logprob);
    }
  }
}

TEST(Capture, TopKIsSortedWithTiesByLowerId) {
  const std::vector<float> logits = {0.0f, 2.0f, 1.0f, 2.0f, 1.0f, 1.0f};
  const RowSample sample = Draw(logits, MakeSampling(0.0), {0, 0}, 4);
  EXPECT_THAT(sample.top.ids, ::testing::ElementsAre(1u, 3u, 2u, 4u));
  EXPECT_EQ(sample.top.logprobs[0], sample.top.logprobs[1]);
}

TEST(Capture, MassesSumToOne) {
  for (const int k : {1, 5, 16, 63, 64, 65, 300}) {
    const std::vector<float> logits =
        RandomLogits(400, static_cast<uint64_t>(k));
    const RowSample sample = Draw(logits, MakeSampling(1.0, 0.9), {1, 1}, k);
    ASSERT_EQ(sample.top.ids.size(), static_cast<size_t>(k));
    double mass = std::exp(static_cast<double>(sample.top.tail_logprob));
    for (const float logprob : sample.top.logprobs) {
      mass += std::exp(static_cast<double>(logprob));
    }
    EXPECT_NEAR(mass, 1.0, 1e-5) << "k " << k;
  }
}

// One minus the sum of the top would be 0 here.
TEST(Capture, TailFarBelowDoublePrecisionIsExact) {
  const std::vector<float> logits = {100.0f, 0.0f, 0.0f};
  const RowSample sample = Draw(logits, MakeSampling(0.0), {0, 0}, 1);
  EXPECT_NEAR(sample.top.tail_logprob, std::log(2.0) - 100.0, 1e-5);
}

TEST(Capture, WholeVocabularyHasNoTail) {
  const RowSample sample =
      Draw({1.0f, 2.0f, 3.0f}, MakeSampling(1.0), {0, 0}, 99);
  EXPECT_EQ(sample.top.ids.size(), 3u);
  EXPECT_EQ(sample.top.tail_logprob, -kInfinity);
}

TEST(Capture, ScoreRowGivesTheNumbersOfSampleRow) {
  const std::vector<float> logits = RandomLogits(333, 8);
  const RowSample sampled = Draw(logits, MakeSampling(0.8, 0.9), {5, 6}, 16);
  RowScratch scratch;
  RowSample scored;
  LIMBECK_ASSERT_OK(ScoreRow(logits, sampled.token, 16, scratch, scored));
  EXPECT_EQ(scored.logprob, sampled.logprob);
  EXPECT_EQ(scored.top.ids, sampled.top.ids);
  EXPECT_EQ(scored.top.logprobs, sampled.top.logprobs);
  EXPECT_EQ(scored.top.tail_logprob, sampled.top.tail_logprob);
}

TEST(Sampling, LogitsThatAreNotFiniteAreNamed) {
  RowScratch scratch;
  RowSample sample;
  const Sampling sampling = MakeSampling(1.0);
  EXPECT_THAT(SampleRow({{1.0f, std::nanf(""), 0.0f}}, sampling, {0, 0}, 0,
                        scratch, sample),
              IsError(absl::StatusCode::kInternal, "logit of token 1 is nan"));
  EXPECT_THAT(SampleRow({{1.0f, 0.0f, kInfinity}}, sampling, {0, 0}, 0, scratch,
                        sample),
              IsError(absl::StatusCode::kInternal, "logit of token 2 is inf"));
  EXPECT_THAT(SampleRow({{-kInfinity, -kInfinity}}, sampling, {0, 0}, 0,
                        scratch, sample),
              IsError(absl::StatusCode::kInternal, "none of the 2 logits"));
}

TEST(Sampling, MaskedTokensAreNeverTaken) {
  const std::vector<float> logits = {-kInfinity, 0.0f, -kInfinity, 0.0f};
  for (uint64_t step = 0; step < 200; ++step) {
    EXPECT_EQ(Draw(logits, MakeSampling(1.0), {1, step}).token % 2, 1u);
  }
}

TEST(ValidateSampling, NamesFieldValueAndRange) {
  LIMBECK_EXPECT_OK(ValidateSampling(MakeSampling(0.0)));
  const auto refused = [](const Sampling& sampling, const char* text) {
    EXPECT_THAT(ValidateSampling(sampling),
                IsError(absl::StatusCode::kInvalidArgument, text));
  };
  refused(MakeSampling(-0.1),
          "sampling.temperature is -0.1, must be 0 or more");
  refused(MakeSampling(std::nan("")), "sampling.temperature is nan");
  refused(MakeSampling(1.0, 0.0), "sampling.top_p is 0, must be above 0");
  refused(MakeSampling(1.0, 1.5), "sampling.top_p is 1.5");
  refused(MakeSampling(1.0, 1.0, -1), "sampling.top_k is -1");
  refused(MakeSampling(1.0, 1.0, 0, 1.5), "sampling.min_p is 1.5");
  Sampling no_tokens = MakeSampling(1.0);
  no_tokens.set_max_tokens(0);
  refused(no_tokens, "sampling.max_tokens is 0");
}

TEST(SamplingKey, DiffersBySeedProblemAndSample) {
  Sampling sampling = MakeSampling(1.0);
  std::set<uint64_t> keys;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    for (int index = 0; index < 3; ++index) {
      sampling.set_seed(seed);
      sampling.set_sample_index(index);
      keys.insert(SamplingKey(sampling, "0123456789abcdef", {}));
      keys.insert(SamplingKey(sampling, "0123456789abcdeF", {}));
      keys.insert(SamplingKey(sampling, "1123456789abcdef", {}));
      keys.insert(SamplingKey(sampling, "", {1u, 2u}));
      keys.insert(SamplingKey(sampling, "", {2u, 1u}));
    }
  }
  EXPECT_EQ(keys.size(), 45u);
  EXPECT_EQ(SamplingKey(sampling, "p", {1u}), SamplingKey(sampling, "p", {2u}))
      << "a known problem is known by its id alone";
}

// Golden values, computed by an independent program from the definitions in
// random.h and sampling.h: samples of released runs must stay what they are.
TEST(SamplingKey, IsStable) {
  Sampling sampling = MakeSampling(1.0);
  sampling.set_seed(7);
  sampling.set_sample_index(2);
  const uint64_t key = SamplingKey(sampling, "0123456789abcdef", {});
  std::vector<uint32_t> tokens;
  for (uint64_t step = 0; step < 8; ++step) {
    tokens.push_back(
        Draw(std::vector<float>(1000, 0.0f), sampling, {key, step}).token);
  }
  EXPECT_EQ(key, 17145656119791157450u);
  EXPECT_THAT(tokens,
              ::testing::ElementsAre(166, 760, 533, 762, 172, 458, 66, 564));
}

}  // namespace
}  // namespace limbeck
