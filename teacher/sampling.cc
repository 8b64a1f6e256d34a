// See sampling.h. All sums are in double; results are rounded to float once.
#include "teacher/sampling.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/random.h"

namespace limbeck {
namespace {

constexpr size_t kFirstRanked = 64;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Rising keys are falling logits, equal logits by rising id.
uint64_t RankingKey(float logit, size_t id) {
  const uint32_t bits = std::bit_cast<uint32_t>(logit + 0.0f);  // -0 becomes 0
  const uint32_t rising =
      (bits & 0x80000000u) != 0 ? ~bits : (bits | 0x80000000u);
  return static_cast<uint64_t>(~rising) << 32 | static_cast<uint32_t>(id);
}

uint32_t IdOfKey(uint64_t key) { return static_cast<uint32_t>(key); }

void StartRanking(absl::Span<const float> logits, RowScratch& scratch) {
  scratch.ranking.resize(logits.size());
  for (size_t id = 0; id < logits.size(); ++id) {
    scratch.ranking[id] = RankingKey(logits[id], id);
  }
  scratch.num_ranked = 0;
}

// Puts at least the first `count` keys into final order.
void Rank(size_t count, RowScratch& scratch) {
  const size_t size = scratch.ranking.size();
  if (count <= scratch.num_ranked) return;
  const size_t wanted =
      std::min(size, std::max({count, 2 * scratch.num_ranked, kFirstRanked}));
  const auto begin = scratch.ranking.begin();
  const auto from = begin + static_cast<std::ptrdiff_t>(scratch.num_ranked);
  const auto to = begin + static_cast<std::ptrdiff_t>(wanted);
  if (wanted < size) std::nth_element(from, to, scratch.ranking.end());
  std::sort(from, to);
  scratch.num_ranked = wanted;
}

uint32_t RankedId(size_t place, RowScratch& scratch) {
  Rank(place + 1, scratch);
  return IdOfKey(scratch.ranking[place]);
}

struct Largest {
  uint32_t id = 0;
  float logit = 0.0f;
};

absl::Status FindLargest(absl::Span<const float> logits, Largest& largest) {
  largest = {0, -std::numeric_limits<float>::infinity()};
  for (size_t id = 0; id < logits.size(); ++id) {
    const float logit = logits[id];
    if (!(logit < std::numeric_limits<float>::infinity())) {
      return absl::InternalError(
          absl::StrCat("logit of token ", id, " is ", logit,
                       ": the model's weights or its input are not finite"));
    }
    if (logit > largest.logit) largest = {static_cast<uint32_t>(id), logit};
  }
  if (std::isinf(largest.logit)) {
    return absl::InternalError(absl::StrCat(
        "none of the ", logits.size(), " logits is finite: no token to take"));
  }
  return absl::OkStatus();
}

// Fills weights and returns their sum.
double FillWeights(absl::Span<const float> logits, double largest,
                   double temperature, std::vector<double>& weights) {
  weights.resize(logits.size());
  double sum = 0.0;
  for (size_t id = 0; id < logits.size(); ++id) {
    const double difference = static_cast<double>(logits[id]) - largest;
    weights[id] = std::exp(difference / temperature);
    sum += weights[id];
  }
  return sum;
}

// The tail is the sum of the others, not one minus the sum of the top: that
// difference would lose everything below 1e-16.
void CaptureTopK(absl::Span<const float> logits, double log_normaliser,
                 int capture_top_k, RowScratch& scratch, RowTopK& top) {
  const size_t k =
      std::min(logits.size(), static_cast<size_t>(std::max(capture_top_k, 0)));
  top.ids.resize(k);
  top.logprobs.resize(k);
  if (k == 0) return;
  scratch.saved.resize(k);
  for (size_t place = 0; place < k; ++place) {
    const uint32_t id = RankedId(place, scratch);
    top.ids[place] = id;
    top.logprobs[place] =
        static_cast<float>(static_cast<double>(logits[id]) - log_normaliser);
    scratch.saved[place] = scratch.weights[id];
    scratch.weights[id] = 0.0;
  }
  double tail = 0.0;
  double all = 0.0;
  for (const double weight : scratch.weights) tail += weight;
  for (size_t place = 0; place < k; ++place) {
    scratch.weights[top.ids[place]] = scratch.saved[place];
    all += scratch.saved[place];
  }
  all += tail;
  top.tail_logprob =
      static_cast<float>(tail > 0.0 ? std::log(tail / all) : -kInfinity);
}

// Winner of the exponential race so far.
struct Race {
  explicit Race(TokenPosition at) : position(at) {}

  void Enter(uint32_t id, double weight) {
    const double uniform = RandomUniform(position.key, id, position.step);
    // -log(u) >= 1 - u, so most losers are known without a logarithm.
    if (weight / (1.0 - uniform) < best) return;
    const double score = weight / -std::log(uniform);
    if (score > best || (score == best && id < winner)) {
      best = score;
      winner = id;
    }
  }

  TokenPosition position;
  double best = -1.0;
  uint32_t winner = 0;
};

struct Choice {
  uint32_t token = 0;
  double log_probability = 0.0;
};

Choice PickAny(absl::Span<const double> weights, double total,
               TokenPosition position) {
  Race race(position);
  for (size_t id = 0; id < weights.size(); ++id) {
    race.Enter(static_cast<uint32_t>(id), weights[id]);
  }
  return {race.winner, std::log(weights[race.winner] / total)};
}

// The candidates left by the cuts are a prefix of the ranking.
struct Prefix {
  size_t count = 0;
  double total = 0.0;  // weight
};

Prefix CutTopK(size_t top_k, absl::Span<const double> weights,
               RowScratch& scratch) {
  Prefix prefix;
  const auto tied = [&scratch](size_t place) {
    Rank(place + 1, scratch);
    return scratch.ranking[place] >> 32 == scratch.ranking[place - 1] >> 32;
  };
  while (prefix.count < weights.size() &&
         (prefix.count < top_k || tied(prefix.count))) {
    prefix.total += weights[RankedId(prefix.count, scratch)];
    ++prefix.count;
  }
  return prefix;
}

Prefix CutTopP(double top_p, Prefix from, absl::Span<const double> weights,
               RowScratch& scratch) {
  const double wanted = top_p * from.total;
  Prefix prefix;
  while (prefix.count < from.count &&
         (prefix.count == 0 || prefix.total < wanted)) {
    prefix.total += weights[RankedId(prefix.count, scratch)];
    ++prefix.count;
  }
  return prefix;
}

// The largest weight is exactly 1.
Prefix CutMinP(double min_p, Prefix from, absl::Span<const double> weights,
               RowScratch& scratch) {
  Prefix prefix;
  while (prefix.count < from.count) {
    const double weight = weights[RankedId(prefix.count, scratch)];
    if (weight < min_p) break;
    prefix.total += weight;
    ++prefix.count;
  }
  return prefix;
}

Choice PickCut(const Sampling& sampling, absl::Span<const double> weights,
               double total, TokenPosition position, RowScratch& scratch) {
  Prefix prefix = {weights.size(), total};
  const size_t top_k = static_cast<size_t>(sampling.top_k());
  if (top_k > 0 && top_k < weights.size()) {
    prefix = CutTopK(top_k, weights, scratch);
  }
  if (sampling.top_p() < 1.0) {
    prefix = CutTopP(sampling.top_p(), prefix, weights, scratch);
  }
  if (sampling.min_p() > 0.0) {
    prefix = CutMinP(sampling.min_p(), prefix, weights, scratch);
  }
  Race race(position);
  for (size_t place = 0; place < prefix.count; ++place) {
    const uint32_t id = RankedId(place, scratch);
    race.Enter(id, weights[id]);
  }
  return {race.winner, std::log(weights[race.winner] / prefix.total)};
}

bool HasCuts(const Sampling& sampling) {
  return sampling.temperature() > 0.0 &&
         (sampling.top_k() > 0 || sampling.top_p() < 1.0 ||
          sampling.min_p() > 0.0);
}

Choice Pick(absl::Span<const float> logits, const Sampling& sampling,
            const Largest& largest, TokenPosition position,
            RowScratch& scratch) {
  if (sampling.temperature() == 0.0) return {largest.id, 0.0};
  const double total = FillWeights(logits, static_cast<double>(largest.logit),
                                   sampling.temperature(), scratch.tempered);
  if (!HasCuts(sampling)) return PickAny(scratch.tempered, total, position);
  return PickCut(sampling, scratch.tempered, total, position, scratch);
}

uint64_t MixBytes(uint64_t key, absl::string_view bytes) {
  uint64_t chunk = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    chunk |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i]))
             << (8 * (i % 8));
    if (i % 8 == 7 || i + 1 == bytes.size()) {
      key = MixKey(key, chunk);
      chunk = 0;
    }
  }
  return MixKey(key, bytes.size());
}

absl::Status OutOfRange(absl::string_view field, double value,
                        absl::string_view range) {
  return absl::InvalidArgumentError(
      absl::StrCat("sampling.", field, " is ", value, ", must be ", range));
}

}  // namespace

absl::Status ValidateSampling(const Sampling& sampling) {
  if (!(sampling.temperature() >= 0.0) || std::isinf(sampling.temperature())) {
    return OutOfRange("temperature", sampling.temperature(), "0 or more");
  }
  if (!(sampling.top_p() > 0.0 && sampling.top_p() <= 1.0)) {
    return OutOfRange("top_p", sampling.top_p(), "above 0 and at most 1");
  }
  if (sampling.top_k() < 0) {
    return OutOfRange("top_k", sampling.top_k(), "0 (off) or more");
  }
  if (!(sampling.min_p() >= 0.0 && sampling.min_p() <= 1.0)) {
    return OutOfRange("min_p", sampling.min_p(), "between 0 (off) and 1");
  }
  if (sampling.max_tokens() < 1) {
    return OutOfRange("max_tokens", sampling.max_tokens(), "1 or more");
  }
  return absl::OkStatus();
}

bool SamplesModelItself(const Sampling& sampling) {
  return sampling.temperature() == 1.0 && !HasCuts(sampling);
}

uint64_t SamplingKey(const Sampling& sampling, absl::string_view problem_id,
                     absl::Span<const uint32_t> prompt_ids) {
  uint64_t identity = 0;
  if (problem_id.empty()) {
    for (const uint32_t id : prompt_ids) identity = MixKey(identity, id);
  } else {
    identity = MixBytes(identity, problem_id);
  }
  return MixKey(RandomKey(sampling.seed(), RandomPurpose::kSampling, identity),
                static_cast<uint64_t>(sampling.sample_index()));
}

absl::Status SampleRow(absl::Span<const float> logits, const Sampling& sampling,
                       TokenPosition position, int capture_top_k,
                       RowScratch& scratch, RowSample& sample) {
  Largest largest;
  absl::Status finite = FindLargest(logits, largest);
  if (!finite.ok()) return finite;
  const double top = static_cast<double>(largest.logit);
  const double log_normaliser =
      top + std::log(FillWeights(logits, top, 1.0, scratch.weights));
  if (capture_top_k > 0 || HasCuts(sampling)) StartRanking(logits, scratch);
  CaptureTopK(logits, log_normaliser, capture_top_k, scratch, sample.top);
  const Choice choice = Pick(logits, sampling, largest, position, scratch);
  sample.token = choice.token;
  sample.logprob = static_cast<float>(
      static_cast<double>(logits[choice.token]) - log_normaliser);
  sample.sampling_logprob = static_cast<float>(choice.log_probability);
  return absl::OkStatus();
}

absl::Status ScoreRow(absl::Span<const float> logits, uint32_t target,
                      int capture_top_k, RowScratch& scratch,
                      RowSample& sample) {
  LIMBECK_CHECK_LT(target, logits.size());
  Largest largest;
  absl::Status finite = FindLargest(logits, largest);
  if (!finite.ok()) return finite;
  const double top = static_cast<double>(largest.logit);
  const double log_normaliser =
      top + std::log(FillWeights(logits, top, 1.0, scratch.weights));
  if (capture_top_k > 0) StartRanking(logits, scratch);
  CaptureTopK(logits, log_normaliser, capture_top_k, scratch, sample.top);
  sample.token = target;
  sample.logprob =
      static_cast<float>(static_cast<double>(logits[target]) - log_normaliser);
  return absl::OkStatus();
}

}  // namespace limbeck
