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

// A decoder of two blocks with weights of its own and an empty cache.
struct RawDecoder {
  RawDecoder() {
    for (DecodeBlock& block : blocks) {
      block = {.input_norm = Weights(model.hidden),
               .q = Weights(q * model.hidden),
               .k = Weights(kv * model.hidden),
               .v = Weights(kv * model.hidden),
               .q_bias = Weights(q),
               .k_bias = Weights(kv),
               .v_bias = Weights(kv),
               .o = Weights(model.hidden * q),
               .post_norm = Weights(model.hidden),
               .mlp = {Weights(model.inner * model.hidden),
                       Weights(model.inner * model.hidden),
                       Weights(model.hidden * model.inner), model.inner},
               .keys = Weights(kRows * kv * kCapacity),
               .values = Weights(kRows * kv * kCapacity)};
    }
    model.embedding = Weights(model.vocab * model.hidden);
    model.final_norm = Weights(model.hidden);
    model.head = Weights(model.vocab * model.hidden);
    model.cosine = Weights(kCapacity * model.head_dim);
    model.sine = Weights(kCapacity * model.head_dim);
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

  DecodeModel model = {.hidden = 22,
                       .heads = 6,
                       .kv_heads = 2,
                       .head_dim = 10,
                       .rotary_dim = 10,
                       .key_dim = 10,
                       .value_dim = 10,
                       .output_dim = 10,
                       .inner = 35,
                       .vocab = 101,
                       .num_blocks = 2,
                       .capacity = kCapacity,
                       .epsilon = 1e-5f,
                       .scale = 0.3f};
  const int64_t q = model.heads * model.head_dim;
  const int64_t kv = model.kv_heads * model.head_dim;
  std::deque<std::vector<float>> memory;  // stays in place while growing
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

TEST_P(RawDecode, TogetherOrAloneGivesTheSameBytes) {
  const std::vector<DecodeToken> tokens = Tokens();
  RawDecoder together;
  RawDecoder alone;
  std::vector<std::vector<float>> logits(kRows, std::vector<float>(101));
  std::vector<float*> results;
  for (std::vector<float>& row : logits) results.push_back(row.data());
  DecodeTokens(together.model, tokens, results, *GetParam());
  for (size_t i = 0; i < tokens.size(); ++i) {
    std::vector<float> single(101);
    DecodeTokens(alone.model, {tokens[i]}, {single.data()}, *GetParam());
    EXPECT_EQ(single, logits[i]) << "row " << i;
    EXPECT_TRUE(std::isfinite(single[100]));
  }
  EXPECT_EQ(together.memory, alone.memory);  // the caches among it
}

// Every loop on exactly the workspace that is promised, with bytes behind it
// that nobody may touch.
TEST_P(RawDecode, StaysInsideItsWorkspace) {
  constexpr float kCanary = 12345.0f;
  RawDecoder decoder;
  const size_t floats = static_cast<size_t>(DecodeWorkspace(decoder.model));
  std::vector<float> workspace(floats + 64, kCanary);
  const std::vector<DecodeToken> tokens = Tokens();
  std::vector<float> logits(101);
  const std::vector<float*> results(tokens.size(), logits.data());
  const DecodeGroup group = {.tokens = tokens.data(),
                             .count = GetParam()->lanes,
                             .workspace = workspace.data(),
                             .results = results.data(),
                             .chosen = nullptr};
  GetParam()->decode_embed(decoder.model, group);
  for (int64_t layer = 0; layer < 2; ++layer) {
    GetParam()->decode_keys_and_values(decoder.model, group, layer);
    GetParam()->decode_mix(decoder.model, group, layer);
  }
  GetParam()->decode_logits(decoder.model, group);
  for (size_t i = floats; i < workspace.size(); ++i) {
    ASSERT_EQ(workspace[i], kCanary) << i - floats;
  }
}

}  // namespace
}  // namespace limbeck::kernels
