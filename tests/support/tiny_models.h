// The small random models of all tests, and sequences for them.
#ifndef LIMBECK_TESTS_SUPPORT_TINY_MODELS_H_
#define LIMBECK_TESTS_SUPPORT_TINY_MODELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "student/weights.h"

namespace limbeck {

struct ModelVariant {
  std::string name;
  ModelConfig config;
};

// Two layers, width 16, 37 columns, 128 positions: the shape that all others
// change a part of.
ModelConfig TinyConfig();
// llama and qwen2, tied and not, grouped and full heads, odd widths.
std::vector<ModelVariant> TinyVariants();
// 264 columns for the 262 tokens of MakeByteTokenizer, width 32, 160 positions.
// Weights are large enough that the next token is far from uniform.
ModelConfig TinyTeacherConfig();
// 29 columns, 64 positions, odd sizes where they may be odd: trains in
// milliseconds.
inline constexpr int64_t kTinyVocab = 29;
ModelConfig TinyTrainingConfig(bool tied_head);

// As a training run begins: norms are 1, biases 0.
Model FreshModel(const ModelConfig& config, uint64_t seed);
// Weights large enough that every part matters, also norms and biases.
Model TinyModel(const ModelConfig& config, uint64_t seed = 1);

// `length` ids below the vocabulary, different for every `seed`.
std::vector<int64_t> TinyIds(const ModelConfig& config, int64_t length,
                             uint64_t seed);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_SUPPORT_TINY_MODELS_H_
