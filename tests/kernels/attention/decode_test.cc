// The fused decoder on raw memory: grouping changes no bit, and workspaces are
// as large as they must be. That the numbers are right is tested with whole
// models in tests/student.
#include "kernels/decode/decode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>

#include "data/base/random.h"
#include "tests/kernels/attention/instruction_sets.h"

namespace limbeck::kernels {
namespace {

constexpr int64_t kRows = 40;
constexpr int64_t kCapacity = 32;

DecodeModel PlainSizes() {
  return {.hidden = 22,
          .heads = 6,
          .kv_heads = 2,
          .head_dim = 10,
          .rotary_dim = 10,
          .key_dim = 10,
          .value_dim = 10,
          .output_dim = 10,
          .normed_dim = 10,
          .inner = 35,
          .vocab = 101,
          .num_blocks = 2,
          .capacity = kCapacity,
          .epsilon = 1e-5f,
          .inner_epsilon = 1e-6f,
          .scale = 0.3f};
}

// Latent vectors of 13 numbers and a mixture of experts.
DecodeModel LatentSizes() {
  DecodeModel model = PlainSizes();
  model.kv_heads = 1;
  model.head_dim = 9;
  model.rotary_dim = 4;
  model.rotary_interleaved = true;
  model.key_dim = 17;
  model.value_dim = 13;
  model.output_dim = 7;
  model.normed_dim = 13;
  model.q_rank = 11;
  model.latent = true;
  model.choice = {.num_experts = 6,
                  .num_chosen = 2,
                  .num_groups = 3,
                  .num_chosen_groups = 2,
                  .normalize = true,
                  .scaling = 2.5f};
  return model;
}

// A decoder of two blocks with weights of its own and an empty cache. The
// second block has a window, and experts where the sizes have.
struct RawDecoder {
  explicit RawDecoder(const DecodeModel& sizes) : model(sizes) {
    for (DecodeBlock& block : blocks) {
      block = {.input_norm = Weights(model.hidden),
               .o = Weights(model.hidden * model.heads * model.output_dim),
               .o_bias = Weights(model.hidden),
               .post_norm = Weights(model.hidden),
               .mlp = Mlp(model.inner),
               .keys = Cache(model.key_dim),
               .values = Cache(model.value_dim)};
      if (model.latent) {
        AddLatent(block);
      } else {
        AddGrouped(block);
      }
    }
    blocks[1].window = 5;
    if (model.choice.num_experts > 0) AddExperts(blocks[1]);
    model.embedding = Weights(model.vocab * model.hidden);
    model.final_norm = Weights(model.hidden);
    model.head = Weights(model.vocab * model.hidden);
    model.cosine = Weights(kCapacity * model.rotary_dim);
    model.sine = Weights(kCapacity * model.rotary_dim);
    model.blocks = blocks;
  }

  float* Weights(int64_t count) {
    const uint64_t key = RandomKey(memory.size(), RandomPurpose::kTest);
    std::vector<float>& values = memory.emplace_back();
    for (int64_t i = 0; i < count; ++i) {
      values.push_back(static_cast<float>(
          RandomUniform(key, static_cast<uint64_t>(i)) - 0.5));
    }
    return values.data();
  }

  float* Cache(int64_t dim) {
    return Weights(kRows * model.kv_heads * dim * kCapacity);
  }

  DecodeMlp Mlp(int64_t inner) {
    return {Weights(inner * model.hidden), Weights(inner * model.hidden),
            Weights(model.hidden * inner), inner};
  }

  void AddGrouped(DecodeBlock& block) {
    const int64_t q = model.heads * model.head_dim;
    const int64_t kv = model.kv_heads * model.head_dim;
    block.q = Weights(q * model.hidden);
    block.k = Weights(kv * model.hidden);
    block.v = Weights(kv * model.hidden);
    block.q_bias = Weights(q);
    block.k_bias = Weights(kv);
    block.v_bias = Weights(kv);
    block.q_norm = Weights(model.head_dim);
    block.k_norm = Weights(model.head_dim);
  }

  void AddLatent(DecodeBlock& block) {
    const int64_t nope = model.head_dim - model.rotary_dim;
    block.q_a = Weights(model.q_rank * model.hidden);
    block.q_a_norm = Weights(model.q_rank);
    block.q = Weights(model.heads * model.head_dim * model.q_rank);
    block.k = Weights(model.key_dim * model.hidden);
    block.k_norm = Weights(model.value_dim);
    block.kv_b =
        Weights(model.heads * (nope + model.output_dim) * model.value_dim);
  }

  void AddExperts(DecodeBlock& block) {
    const int64_t count = model.choice.num_experts;
    block.router = Weights(count * model.hidden);
    block.router_bias = Weights(count);
    for (int64_t i = 0; i < count; ++i) experts.push_back(Mlp(12));
    block.experts = experts.data();
  }

  DecodeModel model;
  std::deque<std::vector<float>> memory;  // stays in place while growing
  std::vector<DecodeMlp> experts;
  DecodeBlock blocks[2];
};

std::vector<DecodeToken> Tokens() {
  std::vector<DecodeToken> tokens;
  for (int64_t row = 0; row < kRows; ++row) {
    tokens.push_back({(row * 7) % 101, (row * 5) % kCapacity, row});
  }
  return tokens;
}

class RawDecode : public ::testing::TestWithParam<const CpuKernels*> {};

INSTANTIATE_TEST_SUITE_P(InstructionSets, RawDecode,
                         ::testing::ValuesIn(RunnableKernels()), KernelsName);

void ExpectSameBytesTogetherAndAlone(const DecodeModel& sizes,
                                     const CpuKernels& kernels) {
  const std::vector<DecodeToken> tokens = Tokens();
  RawDecoder together(sizes);
  RawDecoder alone(sizes);
  std::vector<std::vector<float>> logits(kRows, std::vector<float>(101));
  std::vector<float*> results;
  for (std::vector<float>& row : logits) results.push_back(row.data());
  DecodeTokens(together.model, tokens, results, kernels);
  for (size_t i = 0; i < tokens.size(); ++i) {
    std::vector<float> single(101);
    DecodeTokens(alone.model, {tokens[i]}, {single.data()}, kernels);
    EXPECT_EQ(single, logits[i]) << "row " << i;
    EXPECT_TRUE(std::isfinite(single[100]));
  }
  EXPECT_EQ(together.memory, alone.memory);  // the caches among it
}

TEST_P(RawDecode, TogetherOrAloneGivesTheSameBytes) {
  ExpectSameBytesTogetherAndAlone(PlainSizes(), *GetParam());
  ExpectSameBytesTogetherAndAlone(LatentSizes(), *GetParam());
}

// Every loop on exactly the workspace that is promised, with bytes behind it
// that nobody may touch.
void ExpectToStayInside(const DecodeModel& sizes, const CpuKernels& kernels) {
  constexpr float kCanary = 12345.0f;
  RawDecoder decoder(sizes);
  std::vector<int64_t> chosen(16, -1);
  const size_t floats = static_cast<size_t>(DecodeWorkspace(decoder.model));
  std::vector<float> workspace(floats + 64, kCanary);
  const std::vector<DecodeToken> tokens = Tokens();
  std::vector<float> logits(101);
  const std::vector<float*> results(tokens.size(), logits.data());
  const DecodeGroup group = {.tokens = tokens.data(),
                             .count = kernels.lanes,
                             .workspace = workspace.data(),
                             .results = results.data(),
                             .chosen = chosen.data()};
  kernels.decode_embed(decoder.model, group);
  for (int64_t layer = 0; layer < 2; ++layer) {
    kernels.decode_keys_and_values(decoder.model, group, layer);
    kernels.decode_mix(decoder.model, group, layer);
  }
  kernels.decode_logits(decoder.model, group);
  for (size_t i = floats; i < workspace.size(); ++i) {
    ASSERT_EQ(workspace[i], kCanary) << i - floats;
  }
  for (size_t i = static_cast<size_t>(sizes.choice.num_chosen); i < 16; ++i) {
    EXPECT_EQ(chosen[i], -1);
  }
}

TEST_P(RawDecode, StaysInsideItsWorkspace) {
  ExpectToStayInside(PlainSizes(), *GetParam());
  ExpectToStayInside(LatentSizes(), *GetParam());
}

}  // namespace
}  // namespace limbeck::kernels
