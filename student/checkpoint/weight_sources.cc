// Matches the tensors of a folder with the weights of a configuration.
#include "student/checkpoint/weight_sources.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "data/base/status_macros.h"
#include "student/checkpoint/dtype.h"
#include "student/checkpoint/tied_head.h"

namespace limbeck {
namespace {

constexpr absl::string_view kHeadName = "lm_head.weight";
constexpr absl::string_view kFactorSuffix = "_scale_inv";
constexpr absl::string_view kExperts = ".mlp.experts.";
constexpr size_t kNamesInErrors = 4;

std::string ShapeText(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

std::string FileOf(const StoredTensor& tensor) {
  return BaseName(tensor.file->path());
}

// What does not fit, by kind.
struct Misfits {
  std::vector<std::string> missing;
  std::vector<std::string> misshapen;
  std::vector<std::string> unreadable;
  std::vector<std::string> extra;
};

void AppendMisfits(const std::vector<std::string>& list, absl::string_view kind,
                   std::vector<std::string>& parts) {
  if (list.empty()) return;
  const size_t shown = std::min(list.size(), kNamesInErrors);
  parts.push_back(absl::StrCat(
      list.size(), " ", kind, ": ",
      absl::StrJoin(list.begin(), list.begin() + static_cast<int64_t>(shown),
                    ", "),
      list.size() > shown ? ", ..." : ""));
}

absl::Status MisfitError(const std::string& directory, const Misfits& misfits) {
  std::vector<std::string> parts;
  AppendMisfits(misfits.missing, "missing", parts);
  AppendMisfits(misfits.misshapen, "of another shape", parts);
  AppendMisfits(misfits.unreadable, "in a format that weights cannot have",
                parts);
  AppendMisfits(misfits.extra, "without a place", parts);
  if (parts.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(directory, ": the tensors are not those of config.json; ",
                   absl::StrJoin(parts, "; ")));
}

// Where a weight of an expert lies in the fused tensor of its layer: gate_up
// [experts, 2 * inner, hidden] or down [experts, hidden, inner].
struct FusedPlace {
  std::string name;
  std::vector<int64_t> shape;
  int64_t first = 0;
};

std::optional<FusedPlace> FindFusedPlace(const WeightSlot& slot,
                                         int64_t num_experts) {
  const size_t at = absl::string_view(slot.name).find(kExperts);
  if (at == absl::string_view::npos) return std::nullopt;
  const std::string prefix = slot.name.substr(0, at + kExperts.size());
  const std::vector<std::string> rest =
      absl::StrSplit(slot.name.substr(prefix.size()), '.');
  int64_t expert = 0;
  if (rest.size() != 3 || !absl::SimpleAtoi(rest[0], &expert)) {
    return std::nullopt;
  }
  const int64_t elements = slot.shape[0] * slot.shape[1];
  if (rest[1] == "down_proj") {
    return FusedPlace{prefix + "down_proj",
                      {num_experts, slot.shape[0], slot.shape[1]},
                      expert * elements};
  }
  return FusedPlace{prefix + "gate_up_proj",
                    {num_experts, 2 * slot.shape[0], slot.shape[1]},
                    (2 * expert + (rest[1] == "up_proj" ? 1 : 0)) * elements};
}

class SourceFinder {
 public:
  SourceFinder(const ModelConfig& config, const TensorFolder& folder)
      : config_(config), folder_(folder), used_(folder.tensors().size()) {}

  absl::StatusOr<ModelSources> Find() {
    ModelSources sources;
    sources.layout = LayOutModel(config_);
    for (const ParameterGroup& group : sources.layout) {
      std::vector<WeightSource>& found = sources.weights.emplace_back();
      for (const WeightSlot& slot : group.slots) {
        found.push_back(FindSlot(slot, group.name == kRouterBiasGroup));
      }
    }
    sources.dtype = common_.value_or(at::kFloat);
    PassOver(sources.remarks);
    LIMBECK_RETURN_IF_ERROR(MisfitError(folder_.directory(), misfits_));
    return sources;
  }

 private:
  const StoredTensor* Take(absl::string_view name) {
    const StoredTensor* tensor = folder_.Find(name);
    if (tensor != nullptr) {
      used_[static_cast<size_t>(tensor - folder_.tensors().data())] = true;
    }
    return tensor;
  }

  bool HasShape(const StoredTensor& tensor, const std::vector<int64_t>& shape) {
    if (tensor.shape() == shape) return true;
    const std::string text = absl::StrCat(
        "\"", tensor.name, "\" is ", ShapeText(tensor.shape()), " in ",
        FileOf(tensor), " and ", ShapeText(shape), " by config.json");
    // A fused tensor is met once for each expert.
    if (misfits_.misshapen.empty() || misfits_.misshapen.back() != text) {
      misfits_.misshapen.push_back(text);
    }
    return false;
  }

  WeightSource FindSlot(const WeightSlot& slot, bool is_router_bias) {
    WeightSource source;
    std::vector<int64_t> shape = slot.shape;
    source.tensor = Take(slot.name);
    if (source.tensor == nullptr && config_.experts) {
      const std::optional<FusedPlace> fused =
          FindFusedPlace(slot, config_.experts->num_experts);
      if (fused) {
        source.tensor = Take(fused->name);
        source.first = fused->first;
        shape = fused->shape;
      }
    }
    if (source.tensor == nullptr) {
      misfits_.missing.push_back(
          absl::StrCat("\"", slot.name, "\" ", ShapeText(slot.shape)));
    } else if (HasShape(*source.tensor, shape)) {
      SetType(is_router_bias, source);
    }
    return source;
  }

  void SetType(bool is_router_bias, WeightSource& source) {
    const std::string& stored = source.tensor->entry->dtype;
    const SafetensorsDtype* dtype = FindSafetensorsDtype(stored);
    const bool is_plain = IsWeightFormat(*source.tensor);
    if (is_plain) {
      source.type = *dtype->type;
      if (source.type == at::kDouble) ++wide_;
    } else if (dtype == nullptr || dtype->type != at::kFloat8_e4m3fn ||
               source.tensor->shape().size() != 2 || !config_.fp8_blocks) {
      misfits_.unreadable.push_back(
          absl::StrCat("\"", source.tensor->name, "\" is stored as ", stored,
                       " in ", FileOf(*source.tensor),
                       dtype != nullptr && dtype->type == at::kFloat8_e4m3fn
                           ? (config_.fp8_blocks
                                  ? ", which only matrices may be"
                                  : ", but config.json has no blocks of float8")
                           : ""));
      return;
    } else {
      FindFactors(source);
    }
    if (is_router_bias) return;
    const at::ScalarType type = !is_plain                    ? at::kBFloat16
                                : source.type == at::kDouble ? at::kFloat
                                                             : source.type;
    common_ = common_ ? at::promote_types(*common_, type) : type;
  }

  void FindFactors(WeightSource& source) {
    const std::string name = absl::StrCat(source.tensor->name, kFactorSuffix);
    source.block = *config_.fp8_blocks;
    source.factors = Take(name);
    const Fp8Matrix matrix{nullptr, source.tensor->shape()[0],
                           source.tensor->shape()[1], nullptr, source.block};
    const std::vector<int64_t> shape = {matrix.FactorRows(),
                                        matrix.FactorColumns()};
    if (source.factors == nullptr) {
      misfits_.missing.push_back(
          absl::StrCat("\"", name, "\" ", ShapeText(shape)));
    } else if (HasShape(*source.factors, shape) &&
               source.factors->entry->dtype != "F32") {
      misfits_.unreadable.push_back(absl::StrCat("\"", name, "\" is stored as ",
                                                 source.factors->entry->dtype,
                                                 ", expected F32"));
    }
  }

  // Layers after the last one predict further tokens in training only.
  bool IsOfPredictionLayer(absl::string_view name) const {
    for (int64_t i = 0; i < config_.num_prediction_layers; ++i) {
      if (absl::StartsWith(name, absl::StrCat("model.layers.",
                                              config_.num_layers + i, "."))) {
        return true;
      }
    }
    return false;
  }

  // What no weight took, and what is read otherwise than it is stored.
  void PassOver(std::vector<std::string>& remarks) {
    int64_t frequencies = 0;
    int64_t predictions = 0;
    for (size_t i = 0; i < used_.size(); ++i) {
      const StoredTensor& tensor = folder_.tensors()[i];
      if (used_[i]) continue;
      if (absl::EndsWith(tensor.name, ".rotary_emb.inv_freq")) {
        ++frequencies;
      } else if (IsOfPredictionLayer(tensor.name)) {
        ++predictions;
      } else if (!config_.tied_head || tensor.name != kHeadName) {
        misfits_.extra.push_back(absl::StrCat("\"", tensor.name, "\" ",
                                              ShapeText(tensor.shape()), " in ",
                                              FileOf(tensor)));
      }
    }
    if (wide_ > 0) {
      remarks.push_back(absl::StrCat(
          wide_, " weights are stored as float64 and read as float32"));
    }
    if (frequencies > 0) {
      remarks.push_back(absl::StrCat(
          frequencies,
          " tensors rotary_emb.inv_freq passed over: config.json gives them"));
    }
    if (predictions > 0) {
      remarks.push_back(absl::StrCat(
          predictions, " tensors of layers for further tokens passed over"));
    }
  }

  const ModelConfig& config_;
  const TensorFolder& folder_;
  std::vector<bool> used_;  // of folder_.tensors()
  Misfits misfits_;
  std::optional<at::ScalarType> common_;
  int64_t wide_ = 0;  // weights in float64
};

// A handful of bytes of config.json must not make us name billions of weights.
absl::Status CheckCount(const ModelConfig& config, const TensorFolder& folder) {
  int64_t elements = 0;
  for (const StoredTensor& tensor : folder.tensors()) {
    elements += tensor.NumElements();
  }
  const int64_t num_tensors = static_cast<int64_t>(folder.tensors().size());
  if (config.num_layers > num_tensors) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder.directory(), ": config.json has ", config.num_layers,
        " layers, the weights only ", num_tensors, " tensors"));
  }
  const int64_t experts = config.experts ? config.experts->num_experts : 0;
  if (experts > elements / std::max<int64_t>(1, config.num_layers)) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder.directory(), ": config.json has ", experts,
                     " experts in each of ", config.num_layers,
                     " layers, the weights only ", elements, " numbers"));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsWeightFormat(const StoredTensor& tensor) {
  const SafetensorsDtype* dtype = FindSafetensorsDtype(tensor.entry->dtype);
  return dtype != nullptr && dtype->type &&
         (*dtype->type == at::kDouble ||
          ParseDtype(DtypeName(*dtype->type)).ok());
}

absl::StatusOr<ModelSources> FindSources(const ModelConfig& config,
                                         const TensorFolder& folder) {
  LIMBECK_RETURN_IF_ERROR(ValidateConfig(config));
  LIMBECK_RETURN_IF_ERROR(CheckCount(config, folder));
  LIMBECK_ASSIGN_OR_RETURN(ModelSources sources,
                           SourceFinder(config, folder).Find());
  LIMBECK_RETURN_IF_ERROR(CheckTiedHead(config, folder));
  return sources;
}

}  // namespace limbeck
