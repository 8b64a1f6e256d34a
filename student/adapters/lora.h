// LoRA adapters: what they change in a model, and merging them into it.
//
// (Hu et al. 2021, arXiv:2106.09685; DoRA: Liu et al. 2024, arXiv:2402.09353;
// rank stabilisation: Kalajdzievski 2023, arXiv:2312.03732.)
#ifndef LIMBECK_STUDENT_ADAPTERS_LORA_H_
#define LIMBECK_STUDENT_ADAPTERS_LORA_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "student/weights.h"

namespace limbeck {

inline constexpr char kEmbeddingModule[] = "model.embed_tokens";
inline constexpr char kHeadModule[] = "lm_head";

// The weight of one module becomes weight + scale b a; with a magnitude each of
// its rows (of an embedding: columns) is then stretched to that length.
struct LoraModule {
  std::string name;  // "model.layers.0.mlp.up_proj", without ".weight"
  at::Tensor a;      // [rank, in] float32
  at::Tensor b;      // [out, rank] float32; embedding: out = vocab, in = hidden
  double scale = 1.0;  // alpha / rank, or alpha / sqrt(rank)
  // DoRA: [out], of an embedding [in]; else undefined.
  at::Tensor magnitude = {};
};

struct LoraAdapter {
  std::vector<LoraModule> modules;  // by name
  // Weights trained in full, by weight name: PEFT's modules_to_save. On a tied
  // model they replace the embedding or the head alone.
  std::map<std::string, at::Tensor> saved;
  // Copies of base weights that the adapter was trained on (a resized
  // embedding, biases); on a tied model they replace both.
  std::map<std::string, at::Tensor> base_weights;
  // The head goes on sharing the embedding's changes (ensure_weight_tying).
  bool ties_embeddings = false;
  bool rank_stabilized = false;  // scale is alpha / sqrt(rank)
  // As PEFT matches them (whole names, or ends after a dot), for writing;
  // empty: the names of `modules`.
  std::vector<std::string> target_modules;
  std::string base_model;  // shown, never opened
};

// How far the merged model is from the base with the adapter beside it: per
// token the largest difference of log-probabilities, both in float32.
struct LoraCheck {
  int64_t tokens = 0;
  double largest = 0.0;
  double median = 0.0;  // over the tokens
};

struct LoraMerge {
  Model model;                  // float32
  int64_t merged = 0;           // modules
  int64_t replaced = 0;         // weights
  std::string most_changed;     // module of the largest change
  double largest_change = 0.0;  // |change| / |weight|, Frobenius norms
  bool untied = false;          // head and embedding were tied and now differ
  LoraCheck check;
};

// Largest allowed difference of the check, in nats: float32 products summed in
// two orders through all layers.
inline constexpr double kLoraTolerance = 1e-3;

// Merges in float32. An adapter tensor without a place in the model and shapes
// that do not fit are errors that name both. A tied model whose embedding or
// head is changed alone comes back untied, so that it computes what the
// adapter computed. Above kLoraTolerance the merge is refused; with experts the
// median counts, since a router may break a tie another way.
absl::StatusOr<LoraMerge> MergeLora(const Model& base,
                                    const LoraAdapter& adapter);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_ADAPTERS_LORA_H_
