// Truncated singular value decompositions of weight differences.
#include "student/adapters/lora_extract.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/random.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr int64_t kRowsAtATime = 8192;  // widened to double
// Up to so many columns all singular vectors are computed; beyond, that would
// take minutes for a matrix.
constexpr int64_t kExactColumns = 512;
constexpr int64_t kOversampling = 16;
constexpr int kRounds = 8;
constexpr absl::string_view kWeightSuffix = ".weight";
constexpr absl::string_view kMlp = ".mlp.";
constexpr absl::string_view kExperts = ".mlp.experts.";
constexpr absl::string_view kRouterWeight = ".mlp.gate.weight";
constexpr absl::string_view kRouterBias = ".mlp.gate.e_score_correction_bias";

using WeightMap = std::map<std::string, at::Tensor>;

// With the head under its own name also where it is the embedding.
WeightMap AllWeights(const Model& model) {
  WeightMap weights = NamedWeights(model);
  weights[absl::StrCat(kHeadModule, kWeightSuffix)] = model.weights.head;
  return weights;
}

absl::Status CheckSameShapes(const WeightMap& tuned, const WeightMap& base) {
  for (const auto& [name, weight] : tuned) {
    const auto found = base.find(name);
    if (found == base.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the tuned model has \"", name, "\", the base does not"));
    }
    if (found->second.sizes() != weight.sizes()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" has shape ", c10::str(weight.sizes()),
                       " in the tuned model, ", c10::str(found->second.sizes()),
                       " in the base"));
    }
  }
  if (tuned.size() == base.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the tuned model has ", tuned.size(),
                   " weights, the base has ", base.size()));
}

// difference^T difference in double, [columns, columns].
at::Tensor Gram(const at::Tensor& difference) {
  const int64_t columns = difference.size(1);
  at::Tensor gram =
      at::zeros({columns, columns}, at::TensorOptions().dtype(at::kDouble));
  for (int64_t row = 0; row < difference.size(0); row += kRowsAtATime) {
    const int64_t rows = std::min(kRowsAtATime, difference.size(0) - row);
    const at::Tensor piece = difference.narrow(0, row, rows).to(at::kDouble);
    gram.addmm_(piece.t(), piece);
  }
  return gram;
}

struct Factors {
  at::Tensor a;  // [rank, in]
  at::Tensor b;  // [out, rank]
};

struct RightVectors {
  at::Tensor values;   // [rank] singular values, double
  at::Tensor vectors;  // [columns, rank] double
};

// The first `rank` of all eigenvectors of the Gram matrix (ascending there).
RightVectors Largest(const at::Tensor& gram, int64_t rank) {
  const auto [squares, vectors] = at::linalg_eigh(gram);
  const int64_t first = gram.size(0) - rank;
  return {squares.narrow(0, first, rank).clamp_min(0.0).sqrt(),
          vectors.narrow(1, first, rank)};
}

at::Tensor Orthonormal(const at::Tensor& columns) {
  return std::get<0>(at::linalg_qr(columns));
}

// Subspace iteration (Halko, Martinsson and Tropp 2011, arXiv:0909.4061,
// algorithm 4.4) on a wider space than asked for, from a fixed start.
RightVectors Iterate(const at::Tensor& difference, int64_t rank) {
  const int64_t columns = difference.size(1);
  const uint64_t key = RandomKey(0, RandomPurpose::kInitialWeights);
  at::Tensor space = at::empty({columns, rank + kOversampling});
  float* start = space.mutable_data_ptr<float>();
  for (int64_t i = 0; i < space.numel(); ++i) {
    start[i] =
        static_cast<float>(RandomUniform(key, static_cast<uint64_t>(i)) - 0.5);
  }
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor left = Orthonormal(at::mm(difference, space));
    space = Orthonormal(at::mm(difference.t(), left));
  }
  const RightVectors inside = Largest(Gram(at::mm(difference, space)), rank);
  return {inside.values, at::mm(space.to(at::kDouble), inside.vectors)};
}

// The projection of `difference` [out, in], out >= in, on its first right
// singular vectors v: (difference v)(v^T), the best approximation of this rank
// (Eckart and Young 1936). Both factors get the square root of the singular
// value, so that they are of one size.
Factors TallFactors(const at::Tensor& difference, int64_t rank) {
  const int64_t columns = difference.size(1);
  const bool small =
      columns <= kExactColumns || 2 * (rank + kOversampling) > columns;
  const RightVectors right =
      small ? Largest(Gram(difference), rank) : Iterate(difference, rank);
  const at::Tensor root = right.values.sqrt();
  const at::Tensor inverse =
      at::where(root > 0.0, root.reciprocal(), at::zeros_like(root));
  const at::Tensor a = (right.vectors * root).t().to(at::kFloat).contiguous();
  return {a, at::mm(difference, (right.vectors * inverse).to(at::kFloat))};
}

Factors BestFactors(const at::Tensor& difference, int64_t rank) {
  if (difference.size(0) >= difference.size(1)) {
    return TallFactors(difference, rank);
  }
  const Factors turned = TallFactors(difference.t().contiguous(), rank);
  return {turned.b.t().contiguous(), turned.a.t().contiguous()};
}

class Extractor {
 public:
  Extractor(const WeightMap& tuned, const WeightMap& base, int64_t rank)
      : tuned_(tuned), base_(base), rank_(rank) {
    for (const auto& [name, weight] : tuned_) {
      if (!IsExpert(name)) continue;
      has_experts_ = true;
      experts_changed_ = experts_changed_ || !weight.equal(base_.at(name));
    }
  }

  LoraExtraction Run(bool tied) {
    const std::string head = absl::StrCat(kHeadModule, kWeightSuffix);
    for (const auto& [name, weight] : tuned_) {
      if (tied && name == head) continue;
      Add(name, weight.to(at::kFloat), base_.at(name).to(at::kFloat));
    }
    if (tied) TieHead();
    Finish();
    return std::move(result_);
  }

 private:
  static std::string ModuleOf(absl::string_view weight) {
    return std::string(weight.substr(0, weight.rfind('.')));
  }
  static std::string Leaf(absl::string_view module) {
    return std::string(module.substr(module.rfind('.') + 1));
  }

  static bool IsExpert(absl::string_view name) {
    return absl::StrContains(name, kExperts);
  }
  // PEFT (0.21 with transformers 5) takes the projections of any MLP in a model
  // with experts for those of routed experts: the others are kept whole.
  bool HasFactors(absl::string_view name, const at::Tensor& weight) const {
    if (weight.dim() != 2 || absl::EndsWith(name, kRouterWeight)) return false;
    return !has_experts_ || IsExpert(name) || !absl::StrContains(name, kMlp);
  }

  void Add(const std::string& name, const at::Tensor& after,
           const at::Tensor& before) {
    const bool factors = HasFactors(name, after);
    if (factors) ++matrices_[Leaf(ModuleOf(name))];
    // PEFT stacks the factors of all experts: none may be missing.
    const bool stacked = experts_changed_ && IsExpert(name);
    if (after.equal(before) && !stacked) return;
    if (factors) {
      AddFactors(ModuleOf(name), after - before);
    } else {
      AddCopy(name, after);
    }
  }

  void AddFactors(const std::string& module, const at::Tensor& difference) {
    const int64_t rank =
        std::min({rank_, difference.size(0), difference.size(1)});
    const Factors factors = BestFactors(difference, rank);
    const at::Tensor left = at::addmm(difference, factors.b, factors.a, 1, -1);
    ++changed_[Leaf(module)];
    result_.adapter.modules.push_back(
        {.name = module, .a = factors.a, .b = factors.b});
    result_.modules.push_back({module, rank, Norm(difference), Norm(left)});
  }

  static double Norm(const at::Tensor& values) {
    return at::linalg_vector_norm(values, 2, {}, false, at::kDouble)
        .item<double>();
  }

  // A module that PEFT keeps whole needs all of its tensors.
  void AddCopy(const std::string& name, const at::Tensor& values) {
    LoraAdapter& adapter = result_.adapter;
    for (const auto& [part, other] : {std::pair(kRouterWeight, kRouterBias),
                                      std::pair(kRouterBias, kRouterWeight)}) {
      if (!absl::EndsWith(name, part)) continue;
      const std::string twin =
          absl::StrCat(name.substr(0, name.size() - part.size()), other);
      adapter.saved[twin] = tuned_.at(twin).to(at::kFloat);
    }
    const bool bias = absl::EndsWith(name, ".bias");
    (bias ? adapter.base_weights : adapter.saved)[name] = values;
  }

  // The one change of a tied weight, said of both modules.
  void TieHead() {
    LoraAdapter& adapter = result_.adapter;
    const auto embedding =
        std::find_if(adapter.modules.begin(), adapter.modules.end(),
                     [](const LoraModule& module) {
                       return module.name == kEmbeddingModule;
                     });
    if (embedding == adapter.modules.end()) return;
    adapter.ties_embeddings = true;
    LoraModule head = *embedding;
    head.name = kHeadModule;
    adapter.modules.insert(adapter.modules.begin(), std::move(head));
    ++changed_[kHeadModule];
    ++matrices_[kHeadModule];
  }

  void Finish() {
    double change = 0.0;
    double lost = 0.0;
    for (const ExtractedModule& module : result_.modules) {
      change += module.change * module.change;
      lost += module.lost * module.lost;
    }
    result_.lost_share = change > 0.0 ? std::sqrt(lost / change) : 0.0;
    LoraAdapter& adapter = result_.adapter;
    result_.full_copies = static_cast<int64_t>(adapter.saved.size() +
                                               adapter.base_weights.size());
    // Short names where a name means all modules that have it.
    std::map<std::string, bool> targets;
    for (const LoraModule& module : adapter.modules) {
      const std::string leaf = Leaf(module.name);
      targets[changed_[leaf] == matrices_[leaf] ? leaf : module.name] = true;
    }
    for (const auto& [name, unused] : targets) {
      adapter.target_modules.push_back(name);
    }
  }

  const WeightMap& tuned_;
  const WeightMap& base_;
  const int64_t rank_;
  bool has_experts_ = false;
  bool experts_changed_ = false;
  std::map<std::string, int> matrices_;  // by the last word of the module
  std::map<std::string, int> changed_;
  LoraExtraction result_;
};

}  // namespace

absl::StatusOr<LoraExtraction> ExtractLora(const Model& tuned,
                                           const Model& base, int64_t rank) {
  const c10::NoGradGuard no_gradients;
  if (rank < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("rank is ", rank, ", expected at least 1"));
  }
  const WeightMap after = AllWeights(tuned);
  const WeightMap before = AllWeights(base);
  LIMBECK_RETURN_IF_ERROR(CheckSameShapes(after, before));
  const bool tied = tuned.config.tied_head && base.config.tied_head;
  LoraExtraction extraction = Extractor(after, before, rank).Run(tied);
  if (extraction.modules.empty() && extraction.full_copies == 0) {
    return absl::InvalidArgumentError(
        "the tuned model has the same weights as the base: there is nothing to "
        "extract");
  }
  return extraction;
}

}  // namespace limbeck
