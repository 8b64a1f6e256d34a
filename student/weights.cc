// Lays the weights of a decoder out in flat groups and views them as matrices.
#include "student/weights.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

// One row of the table that fixes names, shapes and order of a group.
template <typename Weights>
struct SlotRow {
  std::function<at::Tensor&(Weights&)> weight;
  std::string name;
  std::vector<int64_t> shape;
};
using BlockRow = SlotRow<BlockWeights>;
using ModelRow = SlotRow<ModelWeights>;
using B = BlockWeights;

BlockRow Row(at::Tensor B::*member, absl::string_view name,
             std::vector<int64_t> shape) {
  return {std::mem_fn(member), std::string(name), std::move(shape)};
}

BlockRow LatentRow(at::Tensor LatentWeights::*member, absl::string_view name,
                   std::vector<int64_t> shape) {
  return {[member](B& block) -> at::Tensor& { return block.latent.*member; },
          absl::StrCat("self_attn.", name, ".weight"), std::move(shape)};
}

// q, k, v lie next to each other: the forward multiplies by all at once.
void AddGroupedAttention(const ModelConfig& config,
                         std::vector<BlockRow>& rows) {
  const int64_t q_rows = config.num_heads * config.head_dim;
  const int64_t kv_rows = config.num_kv_heads * config.head_dim;
  const int64_t hidden = config.hidden_size;
  rows.push_back(Row(&B::q, "self_attn.q_proj.weight", {q_rows, hidden}));
  rows.push_back(Row(&B::k, "self_attn.k_proj.weight", {kv_rows, hidden}));
  rows.push_back(Row(&B::v, "self_attn.v_proj.weight", {kv_rows, hidden}));
  if (config.qkv_bias) {
    rows.push_back(Row(&B::q_bias, "self_attn.q_proj.bias", {q_rows}));
    rows.push_back(Row(&B::k_bias, "self_attn.k_proj.bias", {kv_rows}));
    rows.push_back(Row(&B::v_bias, "self_attn.v_proj.bias", {kv_rows}));
  }
  if (config.qk_norm) {
    rows.push_back(
        Row(&B::q_norm, "self_attn.q_norm.weight", {config.head_dim}));
    rows.push_back(
        Row(&B::k_norm, "self_attn.k_norm.weight", {config.head_dim}));
  }
}

void AddLatentAttention(const ModelConfig& config,
                        std::vector<BlockRow>& rows) {
  using L = LatentWeights;
  const LatentAttention& latent = *config.latent;
  const int64_t hidden = config.hidden_size;
  const int64_t heads = config.num_heads;
  const int64_t q_rows = heads * config.head_dim;
  if (latent.q_rank > 0) {
    rows.push_back(LatentRow(&L::q_a, "q_a_proj", {latent.q_rank, hidden}));
    rows.push_back(LatentRow(&L::q_a_norm, "q_a_layernorm", {latent.q_rank}));
    rows.push_back(LatentRow(&L::q_b, "q_b_proj", {q_rows, latent.q_rank}));
  } else {
    rows.push_back(LatentRow(&L::q_b, "q_proj", {q_rows, hidden}));
  }
  rows.push_back(LatentRow(&L::kv_a, "kv_a_proj_with_mqa",
                           {latent.kv_rank + latent.rope_dim, hidden}));
  rows.push_back(LatentRow(&L::kv_a_norm, "kv_a_layernorm", {latent.kv_rank}));
  rows.push_back(LatentRow(
      &L::kv_b, "kv_b_proj",
      {heads * (latent.nope_dim + latent.value_dim), latent.kv_rank}));
}

// gate and up lie next to each other, as q, k and v.
void AddMlp(const std::function<MlpWeights&(B&)>& mlp, absl::string_view name,
            int64_t inner, int64_t hidden, std::vector<BlockRow>& rows) {
  const auto add = [&](at::Tensor MlpWeights::*member, absl::string_view part,
                       std::vector<int64_t> shape) {
    rows.push_back(
        {[mlp, member](B& block) -> at::Tensor& { return mlp(block).*member; },
         absl::StrCat(name, ".", part, "_proj.weight"), std::move(shape)});
  };
  add(&MlpWeights::gate, "gate", {inner, hidden});
  add(&MlpWeights::up, "up", {inner, hidden});
  add(&MlpWeights::down, "down", {hidden, inner});
}

void AddExperts(const ModelConfig& config, std::vector<BlockRow>& rows) {
  const ExpertMixture& mixture = *config.experts;
  const int64_t hidden = config.hidden_size;
  rows.push_back(
      Row(&B::router, "mlp.gate.weight", {mixture.num_experts, hidden}));
  for (int64_t i = 0; i < mixture.num_experts; ++i) {
    const size_t expert = static_cast<size_t>(i);
    AddMlp([expert](B& block) -> MlpWeights& { return block.experts[expert]; },
           absl::StrCat("mlp.experts.", i), mixture.intermediate_size, hidden,
           rows);
  }
  if (mixture.num_shared == 0) return;
  AddMlp(std::mem_fn(&B::mlp), "mlp.shared_experts",
         mixture.num_shared * mixture.intermediate_size, hidden, rows);
}

std::vector<BlockRow> BlockRows(const ModelConfig& config, int64_t layer) {
  const int64_t hidden = config.hidden_size;
  std::vector<BlockRow> rows = {
      Row(&B::input_norm, "input_layernorm.weight", {hidden})};
  if (config.latent) {
    AddLatentAttention(config, rows);
  } else {
    AddGroupedAttention(config, rows);
  }
  rows.push_back(Row(&B::o, "self_attn.o_proj.weight",
                     {hidden, config.num_heads * config.ValueDim()}));
  if (config.o_bias) {
    rows.push_back(Row(&B::o_bias, "self_attn.o_proj.bias", {hidden}));
  }
  rows.push_back(
      Row(&B::post_norm, "post_attention_layernorm.weight", {hidden}));
  if (config.HasExperts(layer)) {
    AddExperts(config, rows);
  } else {
    AddMlp(std::mem_fn(&B::mlp), "mlp", config.intermediate_size, hidden, rows);
  }
  return rows;
}

std::vector<ModelRow> EmbeddingRows(const ModelConfig& config) {
  return {{std::mem_fn(&ModelWeights::embedding),
           "model.embed_tokens.weight",
           {config.vocab_size, config.hidden_size}}};
}

std::vector<ModelRow> HeadRows(const ModelConfig& config) {
  std::vector<ModelRow> rows = {{std::mem_fn(&ModelWeights::final_norm),
                                 "model.norm.weight",
                                 {config.hidden_size}}};
  if (!config.tied_head) {
    rows.push_back({std::mem_fn(&ModelWeights::head),
                    "lm_head.weight",
                    {config.vocab_size, config.hidden_size}});
  }
  return rows;
}

// One bias for each expert layer.
std::vector<ModelRow> RouterBiasRows(const ModelConfig& config) {
  std::vector<ModelRow> rows;
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    if (!config.HasExperts(layer)) continue;
    const size_t block = static_cast<size_t>(layer);
    rows.push_back({[block](ModelWeights& weights) -> at::Tensor& {
                      return weights.blocks[block].router_bias;
                    },
                    absl::StrCat("model.layers.", layer,
                                 ".mlp.gate.e_score_correction_bias"),
                    {config.experts->num_experts}});
  }
  return rows;
}

int64_t NumElements(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

template <typename Weights>
ParameterGroup MakeGroup(std::string name, absl::string_view prefix,
                         const std::vector<SlotRow<Weights>>& rows) {
  ParameterGroup group;
  group.name = std::move(name);
  int64_t offset = 0;
  for (const SlotRow<Weights>& row : rows) {
    const bool is_matrix = row.shape.size() > 1;
    group.slots.push_back(
        {absl::StrCat(prefix, row.name), row.shape, offset, is_matrix});
    offset += NumElements(row.shape);
  }
  return group;
}

// One piece for each row of a group's table.
template <typename Weights>
void PlacePieces(const std::vector<SlotRow<Weights>>& rows,
                 const std::vector<at::Tensor>& pieces, Weights& weights) {
  LIMBECK_CHECK_EQ(rows.size(), pieces.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    LIMBECK_CHECK(pieces[i].sizes() == at::IntArrayRef(rows[i].shape));
    rows[i].weight(weights) = pieces[i];
  }
}

// One split for the whole group: its backward is one concatenation, where a
// slice for each slot would add as many tensors of the group's size.
std::vector<at::Tensor> SplitGroup(const ParameterGroup& group,
                                   const at::Tensor& flat) {
  LIMBECK_CHECK_EQ(flat.numel(), group.flat.numel());
  std::vector<int64_t> sizes;
  for (const WeightSlot& slot : group.slots) {
    sizes.push_back(NumElements(slot.shape));
  }
  std::vector<at::Tensor> pieces = flat.split_with_sizes(sizes);
  for (size_t i = 0; i < pieces.size(); ++i) {
    pieces[i] = pieces[i].view(group.slots[i].shape);
  }
  return pieces;
}

// FNV-1a; part of the definition of a random model.
uint64_t NameHash(absl::string_view name) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  }
  return hash;
}

// Box-Muller: two independent normals from two uniforms.
void FillNormal(uint64_t key, double deviation, at::Tensor& values) {
  float* out = values.data_ptr<float>();
  const int64_t count = values.numel();
  for (int64_t i = 0; i < count; i += 2) {
    const uint64_t counter = static_cast<uint64_t>(i);
    const double radius =
        deviation * std::sqrt(-2.0 * std::log(RandomUniform(key, counter)));
    const double angle =
        2.0 * std::numbers::pi * RandomUniform(key, counter + 1);
    out[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < count) {
      out[i + 1] = static_cast<float>(radius * std::sin(angle));
    }
  }
}

void FillSlot(uint64_t seed, double deviation, const WeightSlot& slot,
              const at::Tensor& flat) {
  at::Tensor values = ViewSlot(flat, slot);
  if (slot.decays) {
    FillNormal(
        RandomKey(seed, RandomPurpose::kInitialWeights, NameHash(slot.name)),
        deviation, values);
  } else if (absl::EndsWith(slot.name, "bias")) {
    values.zero_();
  } else {
    values.fill_(1.0);
  }
}

}  // namespace

std::vector<ParameterGroup> LayOutModel(const ModelConfig& config) {
  std::vector<ParameterGroup> groups = {
      MakeGroup("embedding", "", EmbeddingRows(config))};
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    groups.push_back(MakeGroup(absl::StrCat("block.", layer),
                               absl::StrCat("model.layers.", layer, "."),
                               BlockRows(config, layer)));
  }
  groups.push_back(MakeGroup("head", "", HeadRows(config)));
  const std::vector<ModelRow> router_biases = RouterBiasRows(config);
  if (!router_biases.empty()) {
    groups.push_back(MakeGroup(kRouterBiasGroup, "", router_biases));
  }
  return groups;
}

absl::StatusOr<Model> MakeUnfilledModel(const ModelConfig& config,
                                        at::ScalarType dtype) {
  LIMBECK_RETURN_IF_ERROR(ValidateConfig(config));
  Model model;
  model.config = config;
  model.groups = LayOutModel(config);
  std::vector<at::Tensor> flat;
  for (ParameterGroup& group : model.groups) {
    const WeightSlot& last = group.slots.back();
    // Rounded, a router's bias would choose other experts.
    group.flat =
        at::empty({last.offset + NumElements(last.shape)},
                  at::TensorOptions().dtype(
                      group.name == kRouterBiasGroup ? at::kFloat : dtype));
    flat.push_back(group.flat);
  }
  model.weights = ViewWeights(model, flat);
  return model;
}

absl::StatusOr<Model> MakeModel(const ModelConfig& config,
                                at::ScalarType dtype) {
  LIMBECK_ASSIGN_OR_RETURN(Model model, MakeUnfilledModel(config, dtype));
  for (const ParameterGroup& group : model.groups) group.flat.zero_();
  return model;
}

absl::StatusOr<Model> MakeRandomModel(const ModelConfig& config,
                                      uint64_t seed) {
  LIMBECK_ASSIGN_OR_RETURN(Model model, MakeModel(config, at::kFloat));
  for (const ParameterGroup& group : model.groups) {
    for (const WeightSlot& slot : group.slots) {
      FillSlot(seed, config.initializer_range, slot, group.flat);
    }
  }
  return model;
}

absl::StatusOr<Model> CastModel(const Model& model, at::ScalarType dtype) {
  Model cast;
  cast.config = model.config;
  std::vector<at::Tensor> flat;
  for (const ParameterGroup& group : model.groups) {
    const at::ScalarType type =
        group.name == kRouterBiasGroup ? at::kFloat : dtype;
    flat.push_back(group.flat.detach().to(type, /*non_blocking=*/false,
                                          /*copy=*/true));
    cast.groups.push_back({group.name, flat.back(), group.slots});
  }
  cast.weights = ViewWeights(model, flat);
  return cast;
}

ModelWeights ViewWeights(const Model& model,
                         const std::vector<at::Tensor>& flat) {
  LIMBECK_CHECK_EQ(flat.size(), model.groups.size());
  std::vector<std::vector<at::Tensor>> pieces;
  for (size_t i = 0; i < flat.size(); ++i) {
    pieces.push_back(SplitGroup(model.groups[i], flat[i]));
  }
  return PlaceWeights(model, pieces);
}

ModelWeights PlaceWeights(const Model& model,
                          const std::vector<std::vector<at::Tensor>>& pieces) {
  LIMBECK_CHECK_EQ(pieces.size(), model.groups.size());
  const ModelConfig& config = model.config;
  ModelWeights weights;
  PlacePieces(EmbeddingRows(config), pieces.front(), weights);
  weights.blocks.resize(static_cast<size_t>(config.num_layers));
  size_t group = 1;
  for (int64_t layer = 0; layer < config.num_layers; ++layer, ++group) {
    BlockWeights& block = weights.blocks[static_cast<size_t>(layer)];
    if (config.HasExperts(layer)) {
      block.experts.resize(static_cast<size_t>(config.experts->num_experts));
    }
    PlacePieces(BlockRows(config, layer), pieces[group], block);
  }
  PlacePieces(HeadRows(config), pieces[group], weights);
  if (++group < model.groups.size()) {
    PlacePieces(RouterBiasRows(config), pieces[group], weights);
  }
  if (config.tied_head) weights.head = weights.embedding;
  return weights;
}

at::Tensor ViewSlot(const at::Tensor& flat, const WeightSlot& slot) {
  return flat.narrow(0, slot.offset, NumElements(slot.shape)).view(slot.shape);
}

std::map<std::string, at::Tensor> NamedWeights(const Model& model) {
  std::map<std::string, at::Tensor> weights;
  for (const ParameterGroup& group : model.groups) {
    for (const WeightSlot& slot : group.slots) {
      weights[slot.name] = ViewSlot(group.flat, slot);
    }
  }
  return weights;
}

}  // namespace limbeck
