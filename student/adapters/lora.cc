// Puts an adapter into a copy of the base and checks that the forward computes
// what it computed with the adapter beside the base.
//
// Suffixes: T tokens, V columns of the head, D width of the hidden states.
#include "student/adapters/lora.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"
#include "kernels/layers/rms_norm.h"
#include "student/forward.h"
#include "student/low_rank.h"

namespace limbeck {
namespace {

constexpr int64_t kCheckSequence = 128;  // tokens; two of them
constexpr absl::string_view kRouter = ".mlp.gate";
constexpr char kEmbeddingWeight[] = "model.embed_tokens.weight";
constexpr char kHeadWeight[] = "lm_head.weight";
constexpr uint64_t kCheckSeed = 20260731;

using WeightMap = std::map<std::string, at::Tensor>;

std::string WeightOf(absl::string_view module) {
  return absl::StrCat(module, ".weight");
}

const LoraModule* FindModule(const LoraAdapter& adapter,
                             absl::string_view name) {
  for (const LoraModule& module : adapter.modules) {
    if (module.name == name) return &module;
  }
  return nullptr;
}

bool Touches(const LoraAdapter& adapter, absl::string_view module) {
  const std::string weight = WeightOf(module);
  return FindModule(adapter, module) != nullptr ||
         adapter.saved.count(weight) > 0 ||
         adapter.base_weights.count(weight) > 0;
}

// What is said of one of two tied weights holds for the other.
absl::Status ShareTiedWeights(LoraAdapter& adapter) {
  const auto embedding = adapter.base_weights.find(kEmbeddingWeight);
  const auto head = adapter.base_weights.find(kHeadWeight);
  const auto end = adapter.base_weights.end();
  if (embedding != end && head == end) {
    adapter.base_weights[kHeadWeight] = embedding->second;
  } else if (head != end && embedding == end) {
    adapter.base_weights[kEmbeddingWeight] = head->second;
  } else if (head != end && !head->second.equal(embedding->second)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the adapter holds two different base weights, ", kEmbeddingWeight,
        " and ", kHeadWeight, ", the base ties them"));
  }
  if (!adapter.ties_embeddings) return absl::OkStatus();
  for (const auto& [from, to] : {std::pair(kEmbeddingModule, kHeadModule),
                                 std::pair(kHeadModule, kEmbeddingModule)}) {
    const LoraModule* module = FindModule(adapter, from);
    if (module != nullptr && FindModule(adapter, to) == nullptr) {
      LoraModule twin = *module;
      twin.name = to;
      adapter.modules.push_back(std::move(twin));
    }
    const auto saved = adapter.saved.find(WeightOf(from));
    if (saved != adapter.saved.end()) {
      adapter.saved.emplace(WeightOf(to), saved->second);
    }
  }
  return absl::OkStatus();
}

absl::Status NoPlace(absl::string_view name, absl::string_view hint) {
  return absl::InvalidArgumentError(
      absl::StrCat("the adapter changes \"", name,
                   "\", which the base does not have", hint));
}

absl::Status CheckModule(const LoraModule& module, const WeightMap& weights) {
  const auto found = weights.find(WeightOf(module.name));
  if (found == weights.end() || found->second.dim() != 2) {
    return NoPlace(WeightOf(module.name), " as a matrix");
  }
  if (absl::EndsWith(module.name, kRouter)) {
    return absl::UnimplementedError(absl::StrCat(
        "the adapter changes the router \"", module.name,
        "\" by factors, supported are full copies (modules_to_save)"));
  }
  const at::Tensor& weight = found->second;
  if (weight.size(0) != module.b.size(0) ||
      weight.size(1) != module.a.size(1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the adapter changes \"", found->first, "\" as [", module.b.size(0),
        ", ", module.a.size(1), "], the base has [", weight.size(0), ", ",
        weight.size(1), "]"));
  }
  if (!module.magnitude.defined()) return absl::OkStatus();
  const int64_t lengths = weight.size(module.name == kEmbeddingModule ? 1 : 0);
  if (module.magnitude.dim() != 1 || module.magnitude.size(0) != lengths) {
    return absl::InvalidArgumentError(absl::StrCat(
        "lora_magnitude_vector of \"", module.name, "\" has ",
        module.magnitude.numel(), " numbers, the weight needs ", lengths));
  }
  return absl::OkStatus();
}

absl::Status CheckCopies(const WeightMap& copies, const WeightMap& weights) {
  for (const auto& [name, values] : copies) {
    const auto found = weights.find(name);
    if (found == weights.end()) return NoPlace(name, "");
    if (found->second.sizes() == values.sizes()) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the adapter's \"", name, "\" has shape ", c10::str(values.sizes()),
        ", the base has ", c10::str(found->second.sizes()),
        ": an adapter of a resized vocabulary needs its base resized first"));
  }
  return absl::OkStatus();
}

// `model` in float32, its head tied to the embedding or apart. To tie is
// lossless only where both are equal.
absl::StatusOr<Model> WithHead(const Model& model, bool tied) {
  ModelConfig config = model.config;
  config.tied_head = tied;
  LIMBECK_ASSIGN_OR_RETURN(Model changed, MakeModel(config, at::kFloat));
  const WeightMap from = NamedWeights(model);
  for (const auto& [name, weight] : NamedWeights(changed)) {
    const bool new_head = name == kHeadWeight && model.config.tied_head;
    weight.copy_(from.at(new_head ? kEmbeddingWeight : name));
  }
  return changed;
}

// The base as the adapter's factors see it, float32.
absl::StatusOr<Model> PrepareBase(const Model& base, const LoraAdapter& adapter,
                                  bool untie) {
  Model model;
  if (untie) {
    LIMBECK_ASSIGN_OR_RETURN(model, WithHead(base, /*tied=*/false));
  } else {
    LIMBECK_ASSIGN_OR_RETURN(model, CastModel(base, at::kFloat));
  }
  const WeightMap weights = NamedWeights(model);
  LIMBECK_RETURN_IF_ERROR(CheckCopies(adapter.base_weights, weights));
  LIMBECK_RETURN_IF_ERROR(CheckCopies(adapter.saved, weights));
  for (const LoraModule& module : adapter.modules) {
    LIMBECK_RETURN_IF_ERROR(CheckModule(module, weights));
  }
  for (const WeightMap* copies : {&adapter.base_weights, &adapter.saved}) {
    for (const auto& [name, values] : *copies) weights.at(name).copy_(values);
  }
  return model;
}

at::Tensor PlainSum(const LoraModule& module, const at::Tensor& weight) {
  return at::addmm(weight, module.b, module.a, 1.0, module.scale);
}

// What the rows (of an embedding: columns) are multiplied by; undefined: 1.
at::Tensor LengthFactor(const LoraModule& module, const at::Tensor& weight) {
  if (!module.magnitude.defined()) return {};
  const int64_t along = module.name == kEmbeddingModule ? 0 : 1;
  return module.magnitude /
         at::linalg_vector_norm(PlainSum(module, weight), 2, {along});
}

at::Tensor Merged(const LoraModule& module, const at::Tensor& weight) {
  const at::Tensor sum = PlainSum(module, weight);
  const at::Tensor factor = LengthFactor(module, weight);
  if (!factor.defined()) return sum;
  return sum * (module.name == kEmbeddingModule ? factor : factor.unsqueeze(1));
}

// The adapter beside the base.
struct Beside {
  LowRankChanges changes;  // all but the embedding
  const LoraModule* embedding = nullptr;
  at::Tensor embedding_factor;  // [hidden]; undefined: 1
};

Beside PutBeside(const LoraAdapter& adapter, const WeightMap& weights) {
  Beside beside;
  for (const LoraModule& module : adapter.modules) {
    const at::Tensor& weight = weights.at(WeightOf(module.name));
    const at::Tensor factor = LengthFactor(module, weight);
    if (module.name == kEmbeddingModule) {
      beside.embedding = &module;
      beside.embedding_factor = factor;
      continue;
    }
    beside.changes[weight.const_data_ptr()] = {module.a, module.b, module.scale,
                                               factor};
  }
  return beside;
}

at::Tensor Embed(const Model& model, const Beside& beside,
                 const at::Tensor& ids) {
  at::Tensor hidden_TD = at::embedding(model.weights.embedding, ids);
  if (beside.embedding == nullptr) return hidden_TD;
  const LoraModule& module = *beside.embedding;
  hidden_TD =
      hidden_TD + at::mm(at::embedding(module.b, ids), module.a) * module.scale;
  return beside.embedding_factor.defined() ? hidden_TD * beside.embedding_factor
                                           : hidden_TD;
}

struct CheckInput {
  std::vector<int64_t> starts;
  at::Tensor ids;  // [tokens]
};

CheckInput MakeCheckInput(const ModelConfig& config) {
  const int64_t length = std::min(kCheckSequence, config.max_positions);
  const uint64_t key = RandomKey(kCheckSeed, RandomPurpose::kSampling);
  CheckInput input{{0, length, 2 * length}, at::empty({2 * length}, at::kLong)};
  int64_t* ids = input.ids.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < input.ids.numel(); ++i) {
    ids[i] = static_cast<int64_t>(
        RandomBelow(static_cast<uint64_t>(config.vocab_size), key,
                    static_cast<uint64_t>(i)));
  }
  return input;
}

at::Tensor LogProbs(const Model& model, const Beside& beside,
                    const CheckInput& input) {
  const c10::NoGradGuard no_gradients;
  const PackedLayout layout =
      MakePackedLayout(model.config, input.starts, at::kFloat);
  at::Tensor hidden_TD = Embed(model, beside, input.ids);
  for (int64_t layer = 0; layer < model.config.num_layers; ++layer) {
    BlockWeights block = model.weights.blocks[static_cast<size_t>(layer)];
    block.changes = &beside.changes;
    hidden_TD = ForwardBlock(model.config, layer, block, layout, hidden_TD);
  }
  hidden_TD = kernels::RmsNorm(hidden_TD, model.weights.final_norm,
                               model.config.rms_norm_eps);
  const at::Tensor logits_TV =
      WithChanges(&beside.changes, hidden_TD, {model.weights.head},
                  at::linear(hidden_TD, model.weights.head));
  return at::log_softmax(logits_TV, -1);
}

LoraCheck Compare(const at::Tensor& before_TV, const at::Tensor& after_TV) {
  const at::Tensor worst_T = (before_TV - after_TV).abs().amax(-1);
  return {worst_T.size(0), worst_T.max().item<double>(),
          worst_T.median().item<double>()};
}

absl::Status JudgeCheck(const ModelConfig& config, const LoraCheck& check) {
  const double judged = config.experts ? check.median : check.largest;
  // A NaN is not below the tolerance either.
  if (judged <= kLoraTolerance) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "the merged model is not the base with the adapter beside it: "
      "log-probabilities of ",
      check.tokens, " tokens differ by up to ", check.largest, " (median ",
      check.median, "), allowed is ", kLoraTolerance));
}

void MergeInPlace(const LoraAdapter& adapter, const WeightMap& weights,
                  LoraMerge& merge) {
  for (const LoraModule& module : adapter.modules) {
    const at::Tensor& weight = weights.at(WeightOf(module.name));
    const at::Tensor merged = Merged(module, weight);
    const double change = (merged - weight).norm().item<double>();
    const double relative =
        change == 0.0 ? 0.0 : change / weight.norm().item<double>();
    if (relative >= merge.largest_change) {
      merge.largest_change = relative;
      merge.most_changed = module.name;
    }
    weight.copy_(merged);
    ++merge.merged;
  }
}

}  // namespace

absl::StatusOr<LoraMerge> MergeLora(const Model& base,
                                    const LoraAdapter& stored) {
  const c10::NoGradGuard no_gradients;
  LoraAdapter adapter = stored;
  const bool tied = base.config.tied_head;
  if (tied) LIMBECK_RETURN_IF_ERROR(ShareTiedWeights(adapter));
  const bool untie = tied && (Touches(adapter, kEmbeddingModule) ||
                              Touches(adapter, kHeadModule));
  LoraMerge merge;
  LIMBECK_ASSIGN_OR_RETURN(merge.model, PrepareBase(base, adapter, untie));
  const WeightMap weights = NamedWeights(merge.model);
  const CheckInput input = MakeCheckInput(merge.model.config);
  const at::Tensor before_TV =
      LogProbs(merge.model, PutBeside(adapter, weights), input);
  MergeInPlace(adapter, weights, merge);
  merge.replaced =
      static_cast<int64_t>(adapter.saved.size() + adapter.base_weights.size());
  merge.check = Compare(before_TV, LogProbs(merge.model, {}, input));
  LIMBECK_RETURN_IF_ERROR(JudgeCheck(merge.model.config, merge.check));
  merge.untied =
      untie && !merge.model.weights.head.equal(merge.model.weights.embedding);
  if (untie && !merge.untied) {
    LIMBECK_ASSIGN_OR_RETURN(merge.model, WithHead(merge.model, /*tied=*/true));
  }
  return merge;
}

}  // namespace limbeck
