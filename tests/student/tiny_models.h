// Small random models of every supported shape, and sequences for them.
#ifndef LIMBECK_TESTS_STUDENT_TINY_MODELS_H_
#define LIMBECK_TESTS_STUDENT_TINY_MODELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "student/weights.h"

namespace limbeck {

struct ModelVariant {
  std::string name;
  ModelConfig config;
};

// llama and qwen2, tied and not, grouped and full heads, odd widths.
std::vector<ModelVariant> TinyVariants();
ModelConfig TinyConfig();

// Weights large enough that every part matters, also norms and biases.
Model TinyModel(const ModelConfig& config, uint64_t seed = 1);

// `length` ids below the vocabulary, different for every `seed`.
std::vector<int64_t> TinyIds(const ModelConfig& config, int64_t length,
                             uint64_t seed);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_STUDENT_TINY_MODELS_H_
