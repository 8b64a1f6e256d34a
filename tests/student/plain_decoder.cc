// Plain loops, one token and one head at a time.
#include "tests/student/plain_decoder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/student/plain_rotary.h"

namespace limbeck {
namespace {

using Row = std::vector<double>;

// One decoder run over one sequence.
class PlainRun {
 public:
  PlainRun(const ModelConfig& config, const PlainWeights& weights)
      : config_(config), weights_(weights), rotary_(config) {}

  Matrix LogProbs(const std::vector<int64_t>& ids) {
    Matrix hidden;
    for (const int64_t id : ids) {
      hidden.push_back(
          RowOf("model.embed_tokens.weight", id, config_.hidden_size));
    }
    for (layer_ = 0; layer_ < config_.num_layers; ++layer_) {
      prefix_ = "model.layers." + std::to_string(layer_) + ".";
      Attend(hidden);
      Mlp(hidden);
    }
    Matrix result;
    for (const Row& row : hidden) result.push_back(HeadLogProbs(row));
    return result;
  }

 private:
  const Row& Weight(const std::string& name) const { return weights_.at(name); }

  Row RowOf(const std::string& name, int64_t row, int64_t width) const {
    const auto begin = Weight(name).begin() + row * width;
    return Row(begin, begin + width);
  }

  Row Normalise(const Row& x, const std::string& name, double epsilon) const {
    double squares = 0.0;
    for (const double value : x) squares += value * value;
    const double rms =
        std::sqrt(squares / static_cast<double>(x.size()) + epsilon);
    Row y;
    for (size_t i = 0; i < x.size(); ++i) {
      y.push_back(x[i] / rms * Weight(name)[i]);
    }
    return y;
  }

  Row Multiply(const std::string& name, const Row& x) const {
    const Row& weight = Weight(name + ".weight");
    const size_t outputs = weight.size() / x.size();
    const auto bias = weights_.find(name + ".bias");
    Row y;
    for (size_t o = 0; o < outputs; ++o) {
      double sum = bias == weights_.end() ? 0.0 : bias->second[o];
      for (size_t i = 0; i < x.size(); ++i)
        sum += weight[o * x.size() + i] * x[i];
      y.push_back(sum);
    }
    return y;
  }

  void TurnHeads(Row& x, size_t position) const {
    const int64_t dim = config_.head_dim;
    const int64_t width = static_cast<int64_t>(x.size());
    for (int64_t begin = 0; begin < width; begin += dim) {
      rotary_.Turn(begin, dim, static_cast<int64_t>(position), x);
    }
  }

  // RMSNorm of each head alone.
  Row NormaliseHeads(const Row& x, const std::string& name) const {
    if (weights_.count(name) == 0) return x;
    Row y;
    for (size_t begin = 0; begin < x.size(); begin += HeadDim()) {
      const Row head(
          x.begin() + static_cast<std::ptrdiff_t>(begin),
          x.begin() + static_cast<std::ptrdiff_t>(begin + HeadDim()));
      Append(Normalise(head, name, config_.rms_norm_eps), y);
    }
    return y;
  }

  // Query, key and value [heads of them, channels] of one token.
  struct Projected {
    Row q;
    Row k;
    Row v;
  };

  Projected Project(const Row& x, size_t position) const {
    const std::string name = prefix_ + "self_attn.";
    Projected p = {
        NormaliseHeads(Multiply(name + "q_proj", x), name + "q_norm.weight"),
        NormaliseHeads(Multiply(name + "k_proj", x), name + "k_norm.weight"),
        Multiply(name + "v_proj", x)};
    TurnHeads(p.q, position);
    TurnHeads(p.k, position);
    return p;
  }

  // Keys and values of all heads from the latent vector, the turned part of
  // the key copied to every head (DeepSeek-V2, equations 9 to 19).
  Projected ProjectLatent(const Row& x, size_t position) const {
    const std::string name = prefix_ + "self_attn.";
    const LatentAttention& latent = *config_.latent;
    Projected p;
    p.q = latent.q_rank == 0
              ? Multiply(name + "q_proj", x)
              : Multiply(name + "q_b_proj",
                         Normalise(Multiply(name + "q_a_proj", x),
                                   name + "q_a_layernorm.weight", 1e-6));
    TurnHeads(p.q, position);
    const Row low = Multiply(name + "kv_a_proj_with_mqa", x);
    const auto split = low.begin() + latent.kv_rank;
    Row turned(split, low.end());
    rotary_.Turn(0, latent.rope_dim, static_cast<int64_t>(position), turned);
    const Row both = Multiply(name + "kv_b_proj",
                              Normalise(Row(low.begin(), split),
                                        name + "kv_a_layernorm.weight", 1e-6));
    auto from = both.begin();
    for (int64_t head = 0; head < config_.num_heads; ++head) {
      p.k.insert(p.k.end(), from, from + latent.nope_dim);
      Append(turned, p.k);
      from += latent.nope_dim;
      p.v.insert(p.v.end(), from, from + latent.value_dim);
      from += latent.value_dim;
    }
    return p;
  }

  // The scores are multiplied by 1 / sqrt(head_dim), in DeepSeek's attention
  // twice by YaRN's mscale too, whatever the type of scaling.
  double ScoreScale() const {
    const RopeScaling& scaling = config_.rope_scaling;
    double scale = 1.0 / std::sqrt(static_cast<double>(config_.head_dim));
    if (!config_.latent || scaling.type == RopeType::kDefault) return scale;
    const double mscale =
        0.1 * scaling.mscale_all_dim.value_or(0.0) * std::log(scaling.factor) +
        1.0;
    return scale * mscale * mscale;
  }

  // The mix of values that query token t of one head sees.
  void MixHead(const std::vector<Projected>& tokens, size_t t, size_t head,
               Row& out) const {
    const size_t heads = static_cast<size_t>(config_.num_heads);
    const size_t kv_heads = tokens[t].k.size() / HeadDim();
    const size_t kv = head / (heads / kv_heads);
    const size_t value_dim = tokens[t].v.size() / kv_heads;
    const size_t window = static_cast<size_t>(config_.Window(layer_));
    Row probability;
    double total = 0.0;
    const size_t first = window > 0 && t + 1 > window ? t + 1 - window : 0;
    for (size_t s = first; s <= t; ++s) {
      double score = 0.0;
      for (size_t d = 0; d < HeadDim(); ++d) {
        score +=
            tokens[t].q[head * HeadDim() + d] * tokens[s].k[kv * HeadDim() + d];
      }
      probability.push_back(std::exp(score * ScoreScale()));
      total += probability.back();
    }
    for (size_t d = 0; d < value_dim; ++d) {
      double sum = 0.0;
      for (size_t s = first; s <= t; ++s) {
        sum += probability[s - first] * tokens[s].v[kv * value_dim + d];
      }
      out.push_back(sum / total);
    }
  }

  void Attend(Matrix& hidden) const {
    std::vector<Projected> tokens;
    for (size_t t = 0; t < hidden.size(); ++t) {
      const Row x = Normalise(hidden[t], prefix_ + "input_layernorm.weight",
                              config_.rms_norm_eps);
      tokens.push_back(config_.latent ? ProjectLatent(x, t) : Project(x, t));
    }
    for (size_t t = 0; t < hidden.size(); ++t) {
      Row mixed;
      for (int64_t head = 0; head < config_.num_heads; ++head) {
        MixHead(tokens, t, static_cast<size_t>(head), mixed);
      }
      Add(Multiply(prefix_ + "self_attn.o_proj", mixed), hidden[t]);
    }
  }

  Row GatedMlp(const std::string& name, const Row& x) const {
    const Row gate = Multiply(name + ".gate_proj", x);
    Row inner = Multiply(name + ".up_proj", x);
    for (size_t i = 0; i < inner.size(); ++i) {
      inner[i] *= gate[i] / (1.0 + std::exp(-gate[i]));
    }
    return Multiply(name + ".down_proj", inner);
  }

  void Mlp(Matrix& hidden) const {
    for (Row& row : hidden) {
      const Row x = Normalise(row, prefix_ + "post_attention_layernorm.weight",
                              config_.rms_norm_eps);
      Add(config_.HasExperts(layer_) ? Mixture(x)
                                     : GatedMlp(prefix_ + "mlp", x),
          row);
    }
  }

  // Which experts may be chosen: those of the groups whose two best have the
  // largest sum. scores with the bias.
  std::vector<bool> OpenExperts(const Row& scores) const {
    const size_t groups = static_cast<size_t>(config_.experts->num_groups);
    const size_t size = scores.size() / groups;
    std::vector<std::pair<double, size_t>> order;
    for (size_t g = 0; g < groups; ++g) {
      Row group(scores.begin() + static_cast<std::ptrdiff_t>(g * size),
                scores.begin() + static_cast<std::ptrdiff_t>((g + 1) * size));
      std::sort(group.rbegin(), group.rend());
      order.emplace_back(-(group[0] + group[1]), g);
    }
    std::sort(order.begin(), order.end());
    std::vector<bool> open(scores.size(), false);
    for (int64_t i = 0; i < config_.experts->num_chosen_groups; ++i) {
      const size_t g = order[static_cast<size_t>(i)].second;
      for (size_t e = g * size; e < (g + 1) * size; ++e) open[e] = true;
    }
    return open;
  }

  // (DeepSeek-V3, equations 12 to 16.)
  Row Mixture(const Row& x) const {
    const ExpertMixture& mixture = *config_.experts;
    Row scores = Multiply(prefix_ + "mlp.gate", x);
    for (double& score : scores) score = 1.0 / (1.0 + std::exp(-score));
    Row biased = scores;
    Add(Weight(prefix_ + "mlp.gate.e_score_correction_bias"), biased);
    const std::vector<bool> open = OpenExperts(biased);
    std::vector<std::pair<double, size_t>> order;
    for (size_t e = 0; e < scores.size(); ++e) {
      if (open[e]) order.emplace_back(-biased[e], e);
    }
    std::sort(order.begin(), order.end());
    order.resize(static_cast<size_t>(mixture.num_chosen));
    double total = 0.0;
    for (const auto& [negative, e] : order) total += scores[e];
    Row y(x.size(), 0.0);
    for (const auto& [negative, e] : order) {
      const double share =
          mixture.scaling * scores[e] / (mixture.normalize ? total : 1.0);
      Row one = GatedMlp(prefix_ + "mlp.experts." + std::to_string(e), x);
      for (double& value : one) value *= share;
      Add(one, y);
    }
    if (mixture.num_shared > 0) {
      Add(GatedMlp(prefix_ + "mlp.shared_experts", x), y);
    }
    return y;
  }

  size_t HeadDim() const { return static_cast<size_t>(config_.head_dim); }

  static void Append(const Row& more, Row& to) {
    to.insert(to.end(), more.begin(), more.end());
  }

  static void Add(const Row& change, Row& to) {
    for (size_t i = 0; i < to.size(); ++i) to[i] += change[i];
  }

  Row HeadLogProbs(const Row& hidden) const {
    Row logits =
        Multiply(config_.tied_head ? "model.embed_tokens" : "lm_head",
                 Normalise(hidden, "model.norm.weight", config_.rms_norm_eps));
    const double largest = *std::max_element(logits.begin(), logits.end());
    double total = 0.0;
    for (const double logit : logits) total += std::exp(logit - largest);
    for (double& logit : logits) logit -= largest + std::log(total);
    return logits;
  }

  const ModelConfig& config_;
  const PlainWeights& weights_;
  const PlainRotary rotary_;
  int64_t layer_ = 0;
  std::string prefix_;
};

}  // namespace

PlainWeights PlainWeightsOf(const Model& model) {
  PlainWeights weights;
  for (const ParameterGroup& group : model.groups) {
    for (const WeightSlot& slot : group.slots) {
      const at::Tensor values =
          ViewSlot(group.flat, slot).to(at::kDouble).contiguous();
      const double* data = values.const_data_ptr<double>();
      weights[slot.name] = Row(data, data + values.numel());
    }
  }
  return weights;
}

Matrix PlainLogProbs(const ModelConfig& config, const PlainWeights& weights,
                     const std::vector<int64_t>& ids) {
  return PlainRun(config, weights).LogProbs(ids);
}

double PlainLoss(const ModelConfig& config, const PlainWeights& weights,
                 const std::vector<std::vector<int64_t>>& sequences) {
  double sum = 0.0;
  double count = 0.0;
  for (const std::vector<int64_t>& ids : sequences) {
    const Matrix logprobs = PlainLogProbs(config, weights, ids);
    for (size_t t = 0; t + 1 < ids.size(); ++t) {
      sum -= logprobs[t][static_cast<size_t>(ids[t + 1])];
      count += 1.0;
    }
  }
  return sum / count;
}

}  // namespace limbeck
