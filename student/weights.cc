// Lays the weights of a decoder out in flat groups and views them as matrices.
#include "student/weights.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

using BlockMember = at::Tensor BlockWeights::*;
using ModelMember = at::Tensor ModelWeights::*;

// One row of the table that fixes names, shapes and order of a group.
template <typename Member>
struct SlotRow {
  Member member;
  const char* name;
  std::vector<int64_t> shape;
};

// q, k, v and gate, up lie next to each other: the forward multiplies by each
// bundle at once.
std::vector<SlotRow<BlockMember>> BlockRows(const ModelConfig& config) {
  const int64_t q_rows = config.num_heads * config.head_dim;
  const int64_t kv_rows = config.num_kv_heads * config.head_dim;
  const int64_t hidden = config.hidden_size;
  const int64_t inner = config.intermediate_size;
  using B = BlockWeights;
  std::vector<SlotRow<BlockMember>> rows = {
      {&B::input_norm, "input_layernorm.weight", {hidden}},
      {&B::q, "self_attn.q_proj.weight", {q_rows, hidden}},
      {&B::k, "self_attn.k_proj.weight", {kv_rows, hidden}},
      {&B::v, "self_attn.v_proj.weight", {kv_rows, hidden}}};
  if (config.qkv_bias) {
    rows.push_back({&B::q_bias, "self_attn.q_proj.bias", {q_rows}});
    rows.push_back({&B::k_bias, "self_attn.k_proj.bias", {kv_rows}});
    rows.push_back({&B::v_bias, "self_attn.v_proj.bias", {kv_rows}});
  }
  rows.push_back({&B::o, "self_attn.o_proj.weight", {hidden, q_rows}});
  rows.push_back({&B::post_norm, "post_attention_layernorm.weight", {hidden}});
  rows.push_back({&B::gate, "mlp.gate_proj.weight", {inner, hidden}});
  rows.push_back({&B::up, "mlp.up_proj.weight", {inner, hidden}});
  rows.push_back({&B::down, "mlp.down_proj.weight", {hidden, inner}});
  return rows;
}

std::vector<SlotRow<ModelMember>> EmbeddingRows(const ModelConfig& config) {
  return {{&ModelWeights::embedding,
           "model.embed_tokens.weight",
           {config.vocab_size, config.hidden_size}}};
}

std::vector<SlotRow<ModelMember>> HeadRows(const ModelConfig& config) {
  std::vector<SlotRow<ModelMember>> rows = {
      {&ModelWeights::final_norm, "model.norm.weight", {config.hidden_size}}};
  if (!config.tied_head) {
    rows.push_back({&ModelWeights::head,
                    "lm_head.weight",
                    {config.vocab_size, config.hidden_size}});
  }
  return rows;
}

int64_t NumElements(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

template <typename Member>
ParameterGroup MakeGroup(std::string name, absl::string_view prefix,
                         const std::vector<SlotRow<Member>>& rows,
                         at::ScalarType dtype) {
  ParameterGroup group;
  group.name = std::move(name);
  int64_t offset = 0;
  for (const SlotRow<Member>& row : rows) {
    const bool is_matrix = row.shape.size() > 1;
    group.slots.push_back(
        {absl::StrCat(prefix, row.name), row.shape, offset, is_matrix});
    offset += NumElements(row.shape);
  }
  group.flat = at::zeros({offset}, at::TensorOptions().dtype(dtype));
  return group;
}

// One split for the whole group: its backward is one concatenation, where a
// slice for each slot would add as many tensors of the group's size.
template <typename Member, typename Weights>
void ViewGroup(const ParameterGroup& group, const at::Tensor& flat,
               const std::vector<SlotRow<Member>>& rows, Weights& weights) {
  LIMBECK_CHECK_EQ(flat.numel(), group.flat.numel());
  LIMBECK_CHECK_EQ(rows.size(), group.slots.size());
  std::vector<int64_t> sizes;
  for (const SlotRow<Member>& row : rows) {
    sizes.push_back(NumElements(row.shape));
  }
  const std::vector<at::Tensor> pieces = flat.split_with_sizes(sizes);
  for (size_t i = 0; i < rows.size(); ++i) {
    weights.*(rows[i].member) = pieces[i].view(rows[i].shape);
  }
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
  } else if (absl::EndsWith(slot.name, ".bias")) {
    values.zero_();
  } else {
    values.fill_(1.0);
  }
}

}  // namespace

absl::StatusOr<Model> MakeModel(const ModelConfig& config,
                                at::ScalarType dtype) {
  LIMBECK_RETURN_IF_ERROR(ValidateConfig(config));
  Model model;
  model.config = config;
  model.groups.push_back(
      MakeGroup("embedding", "", EmbeddingRows(config), dtype));
  const std::vector<SlotRow<BlockMember>> block_rows = BlockRows(config);
  for (int64_t layer = 0; layer < config.num_layers; ++layer) {
    model.groups.push_back(MakeGroup(absl::StrCat("block.", layer),
                                     absl::StrCat("model.layers.", layer, "."),
                                     block_rows, dtype));
  }
  model.groups.push_back(MakeGroup("head", "", HeadRows(config), dtype));
  std::vector<at::Tensor> flat;
  for (const ParameterGroup& group : model.groups) flat.push_back(group.flat);
  model.weights = ViewWeights(model, flat);
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
    flat.push_back(group.flat.detach().to(dtype, /*non_blocking=*/false,
                                          /*copy=*/true));
    cast.groups.push_back({group.name, flat.back(), group.slots});
  }
  cast.weights = ViewWeights(model, flat);
  return cast;
}

ModelWeights ViewWeights(const Model& model,
                         const std::vector<at::Tensor>& flat) {
  LIMBECK_CHECK_EQ(flat.size(), model.groups.size());
  const ModelConfig& config = model.config;
  ModelWeights weights;
  ViewGroup(model.groups.front(), flat.front(), EmbeddingRows(config), weights);
  const std::vector<SlotRow<BlockMember>> block_rows = BlockRows(config);
  weights.blocks.resize(static_cast<size_t>(config.num_layers));
  for (size_t i = 0; i < weights.blocks.size(); ++i) {
    ViewGroup(model.groups[i + 1], flat[i + 1], block_rows, weights.blocks[i]);
  }
  ViewGroup(model.groups.back(), flat.back(), HeadRows(config), weights);
  if (config.tied_head) weights.head = weights.embedding;
  return weights;
}

at::Tensor ViewSlot(const at::Tensor& flat, const WeightSlot& slot) {
  return flat.narrow(0, slot.offset, NumElements(slot.shape)).view(slot.shape);
}

}  // namespace limbeck
