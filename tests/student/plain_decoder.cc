// Plain loops, one token and one head at a time.
#include "tests/student/plain_decoder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace limbeck {
namespace {

using Row = std::vector<double>;

// One decoder run over one sequence.
class PlainRun {
 public:
  PlainRun(const ModelConfig& config, const PlainWeights& weights)
      : config_(config), weights_(weights) {}

  Matrix LogProbs(const std::vector<int64_t>& ids) {
    Matrix hidden;
    for (const int64_t id : ids) {
      hidden.push_back(
          RowOf("model.embed_tokens.weight", id, config_.hidden_size));
    }
    for (int64_t layer = 0; layer < config_.num_layers; ++layer) {
      prefix_ = "model.layers." + std::to_string(layer) + ".";
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

  Row Normalise(const Row& x, const std::string& name) const {
    double squares = 0.0;
    for (const double value : x) squares += value * value;
    const double rms = std::sqrt(squares / static_cast<double>(x.size()) +
                                 config_.rms_norm_eps);
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

  // Turns the pair (x_i, x_{i + d/2}) of every head as a complex number.
  void Rotate(Row& x, int64_t position) const {
    const int64_t dim = config_.head_dim;
    for (size_t head = 0; head < x.size(); head += static_cast<size_t>(dim)) {
      for (int64_t i = 0; i < dim / 2; ++i) {
        const double angle =
            static_cast<double>(position) *
            std::pow(config_.rope_theta,
                     -2.0 * static_cast<double>(i) / static_cast<double>(dim));
        double& real = x[head + static_cast<size_t>(i)];
        double& imaginary = x[head + static_cast<size_t>(i + dim / 2)];
        const double a = real;
        const double b = imaginary;
        real = a * std::cos(angle) - b * std::sin(angle);
        imaginary = a * std::sin(angle) + b * std::cos(angle);
      }
    }
  }

  // The mix of values that query token t of one head sees.
  void MixHead(const Matrix& q, const Matrix& k, const Matrix& v, size_t t,
               int64_t head, Row& out) const {
    const int64_t dim = config_.head_dim;
    const int64_t kv = head / (config_.num_heads / config_.num_kv_heads);
    Row probability;
    double total = 0.0;
    for (size_t s = 0; s <= t; ++s) {
      double score = 0.0;
      for (int64_t d = 0; d < dim; ++d) {
        score += q[t][static_cast<size_t>(head * dim + d)] *
                 k[s][static_cast<size_t>(kv * dim + d)];
      }
      probability.push_back(
          std::exp(score / std::sqrt(static_cast<double>(dim))));
      total += probability.back();
    }
    for (int64_t d = 0; d < dim; ++d) {
      double sum = 0.0;
      for (size_t s = 0; s <= t; ++s) {
        sum += probability[s] * v[s][static_cast<size_t>(kv * dim + d)];
      }
      out.push_back(sum / total);
    }
  }

  void Attend(Matrix& hidden) const {
    Matrix q, k, v;
    for (size_t t = 0; t < hidden.size(); ++t) {
      const Row x = Normalise(hidden[t], prefix_ + "input_layernorm.weight");
      q.push_back(Multiply(prefix_ + "self_attn.q_proj", x));
      k.push_back(Multiply(prefix_ + "self_attn.k_proj", x));
      v.push_back(Multiply(prefix_ + "self_attn.v_proj", x));
      Rotate(q.back(), static_cast<int64_t>(t));
      Rotate(k.back(), static_cast<int64_t>(t));
    }
    for (size_t t = 0; t < hidden.size(); ++t) {
      Row mixed;
      for (int64_t head = 0; head < config_.num_heads; ++head) {
        MixHead(q, k, v, t, head, mixed);
      }
      Add(Multiply(prefix_ + "self_attn.o_proj", mixed), hidden[t]);
    }
  }

  void Mlp(Matrix& hidden) const {
    for (Row& row : hidden) {
      const Row x = Normalise(row, prefix_ + "post_attention_layernorm.weight");
      const Row gate = Multiply(prefix_ + "mlp.gate_proj", x);
      Row inner = Multiply(prefix_ + "mlp.up_proj", x);
      for (size_t i = 0; i < inner.size(); ++i) {
        inner[i] *= gate[i] / (1.0 + std::exp(-gate[i]));
      }
      Add(Multiply(prefix_ + "mlp.down_proj", inner), row);
    }
  }

  static void Add(const Row& change, Row& to) {
    for (size_t i = 0; i < to.size(); ++i) to[i] += change[i];
  }

  Row HeadLogProbs(const Row& hidden) const {
    Row logits = Multiply(config_.tied_head ? "model.embed_tokens" : "lm_head",
                          Normalise(hidden, "model.norm.weight"));
    const double largest = *std::max_element(logits.begin(), logits.end());
    double total = 0.0;
    for (const double logit : logits) total += std::exp(logit - largest);
    for (double& logit : logits) logit -= largest + std::log(total);
    return logits;
  }

  const ModelConfig& config_;
  const PlainWeights& weights_;
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
