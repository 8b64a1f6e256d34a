// The weights as plain structs of tensors over flat parameter groups.
//
// One group per transformer block, one for the embedding and one for final
// norm and head. A group is one flat tensor; the named weights are views of it,
// so the optimizer, gradient clipping and (later) sharding see flat memory and
// the model sees matrices.
#ifndef LIMBECK_STUDENT_WEIGHTS_H_
#define LIMBECK_STUDENT_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "student/config/config.h"
#include "student/low_rank.h"

namespace limbeck {

// A gated MLP: down(silu(gate x) * up x).
struct MlpWeights {
  at::Tensor gate;  // [inner, hidden]
  at::Tensor up;    // [inner, hidden]
  at::Tensor down;  // [hidden, inner]
};

// Latent attention has its own projections in place of q, k and v.
struct LatentWeights {
  at::Tensor q_a;        // [q_rank, hidden], undefined without q_rank
  at::Tensor q_a_norm;   // [q_rank]
  at::Tensor q_b;        // [heads * (nope + rope), q_rank or hidden]
  at::Tensor kv_a;       // [kv_rank + rope, hidden]
  at::Tensor kv_a_norm;  // [kv_rank]
  at::Tensor kv_b;       // [heads * (nope + value_dim), kv_rank]
};

// What does not exist in a configuration is undefined (or empty).
struct BlockWeights {
  at::Tensor input_norm;  // [hidden]
  at::Tensor q;           // [heads * head_dim, hidden]
  at::Tensor k;           // [kv_heads * head_dim, hidden]
  at::Tensor v;           // [kv_heads * head_dim, hidden]
  at::Tensor q_bias;      // [heads * head_dim], undefined without bias
  at::Tensor k_bias;      // [kv_heads * head_dim]
  at::Tensor v_bias;      // [kv_heads * head_dim]
  at::Tensor q_norm;      // [head_dim], with qk_norm
  at::Tensor k_norm;      // [head_dim]
  LatentWeights latent;
  at::Tensor o;          // [hidden, heads * value_dim]
  at::Tensor o_bias;     // [hidden]
  at::Tensor post_norm;  // [hidden]
  MlpWeights mlp;        // of dense layers; of expert layers the shared expert
  at::Tensor router;     // [experts, hidden]
  at::Tensor router_bias;  // [experts] float32 always; only for choosing
  std::vector<MlpWeights> experts;
  // Added beside the weights by the training forward; null: nothing. Not owned.
  const LowRankChanges* changes = nullptr;
};

struct ModelWeights {
  at::Tensor embedding;  // [vocab, hidden]
  std::vector<BlockWeights> blocks;
  at::Tensor final_norm;  // [hidden]
  at::Tensor head;        // [vocab, hidden]; the embedding itself when tied
};

// One named weight inside a group.
struct WeightSlot {
  std::string name;  // Hugging Face name, "model.layers.0.mlp.up_proj.weight"
  std::vector<int64_t> shape;
  int64_t offset = 0;   // elements from the start of the group
  bool decays = false;  // matrices decay, norms and biases do not
};

struct ParameterGroup {
  std::string name;  // "embedding", "block.0", "head"
  at::Tensor flat;   // [elements], contiguous
  std::vector<WeightSlot> slots;
};

// A model: configuration, groups, and the weights as views of the groups.
struct Model {
  ModelConfig config;
  // Embedding, blocks in order, head; with experts one more, "router_bias",
  // that is float32 whatever the model's type.
  std::vector<ParameterGroup> groups;
  ModelWeights weights;
};

// The one group that is float32 in models and files of any type.
inline constexpr char kRouterBiasGroup[] = "router_bias";

// The groups of a configuration without memory: names, shapes and places.
std::vector<ParameterGroup> LayOutModel(const ModelConfig& config);
// Groups for a configuration, filled with zeros; or with whatever was in the
// memory, for readers that fill all of it.
absl::StatusOr<Model> MakeUnfilledModel(const ModelConfig& config,
                                        at::ScalarType dtype);
absl::StatusOr<Model> MakeModel(const ModelConfig& config,
                                at::ScalarType dtype);
// Normal(0, initializer_range) matrices, ones in norms, zeros in biases; value
// = function(seed, weight name, element), independent of device and order.
absl::StatusOr<Model> MakeRandomModel(const ModelConfig& config, uint64_t seed);
// The same model in another dtype (copy).
absl::StatusOr<Model> CastModel(const Model& model, at::ScalarType dtype);

// Weights as views of other flat tensors with the same slots (gradients,
// leaves of autograd): flat[i] belongs to groups[i].
ModelWeights ViewWeights(const Model& model,
                         const std::vector<at::Tensor>& flat);
at::Tensor ViewSlot(const at::Tensor& flat, const WeightSlot& slot);
// Weights from tensors of their own, taken as they are (leaves stay leaves):
// pieces[i][j] has the shape of slots[j] of groups[i].
ModelWeights PlaceWeights(const Model& model,
                          const std::vector<std::vector<at::Tensor>>& pieces);

// Every weight by its Hugging Face name, as views of the model's groups.
std::map<std::string, at::Tensor> NamedWeights(const Model& model);

// Gives out the parameters of one block at a time. Here whole groups stay on
// one device; a sharded implementation gathers in Acquire and frees in Release.
class ParameterStore {
 public:
  explicit ParameterStore(const ModelWeights& weights) : weights_(weights) {}

  int64_t num_blocks() const {
    return static_cast<int64_t>(weights_.blocks.size());
  }
  const BlockWeights& Acquire(int64_t block) const {
    return weights_.blocks[static_cast<size_t>(block)];
  }
  void Release(int64_t) const {}
  const ModelWeights& weights() const { return weights_; }

 private:
  const ModelWeights& weights_;
};

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_WEIGHTS_H_
