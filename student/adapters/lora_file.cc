// Reads and writes the two files of a PEFT adapter folder.
#include "student/adapters/lora_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/atomic_directory.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "student/adapters/lora_settings.h"
#include "student/checkpoint/dtype.h"
#include "student/checkpoint/safetensors.h"

namespace limbeck {
namespace {

constexpr absl::string_view kPickleFile = "adapter_model.bin";
constexpr absl::string_view kPrefix = "base_model.model.";
constexpr uint64_t kMaxSettingsBytes = uint64_t{1} << 24;

constexpr absl::string_view kA = ".lora_A.weight";
constexpr absl::string_view kB = ".lora_B.weight";
constexpr absl::string_view kEmbeddingA = ".lora_embedding_A";
constexpr absl::string_view kEmbeddingB = ".lora_embedding_B";
constexpr absl::string_view kMagnitude = ".lora_magnitude_vector";
constexpr absl::string_view kBaseLayer = ".base_layer.";
constexpr absl::string_view kSavedCopy = ".modules_to_save.";
constexpr absl::string_view kOriginal = ".original_module.";

// The tensors of one module as stored.
struct Factors {
  at::Tensor a;            // [rank, in]
  at::Tensor b;            // [out, rank]
  at::Tensor embedding_a;  // [rank, vocab]
  at::Tensor embedding_b;  // [hidden, rank]
  at::Tensor magnitude;    // [out], of an embedding [hidden]
};

struct StoredAdapter {
  std::map<std::string, Factors> factors;  // by module
  // By weight name, without what PEFT puts in.
  std::map<std::string, at::Tensor> base_weights;
  std::map<std::string, at::Tensor> saved_copies;
  std::map<std::string, at::Tensor> originals;
  std::map<std::string, at::Tensor> others;
};

absl::StatusOr<at::Tensor> ToFloat(absl::string_view name,
                                   const at::Tensor& stored) {
  if (!ParseDtype(DtypeName(stored.scalar_type())).ok() &&
      stored.scalar_type() != at::kDouble) {
    return absl::UnimplementedError(absl::StrCat(
        "tensor \"", name, "\" is stored as ", DtypeName(stored.scalar_type()),
        ", expected float32, bfloat16, float16 or float64"));
  }
  const at::Tensor values = stored.to(at::kFloat, /*non_blocking=*/false,
                                      /*copy=*/true);
  if (!at::isfinite(values).all().item<bool>()) {
    return absl::DataLossError(
        absl::StrCat("tensor \"", name, "\" holds a value that is not finite"));
  }
  return values;
}

absl::Status Keep(absl::string_view name, at::Tensor values, at::Tensor& at) {
  if (at.defined()) {
    return absl::DataLossError(
        absl::StrCat("tensor \"", name, "\" is there twice"));
  }
  at = std::move(values);
  return absl::OkStatus();
}

// A tensor as the base has it, by its own name or by that of PEFT's wrapper.
absl::Status AddFullWeight(absl::string_view name, at::Tensor values,
                           StoredAdapter& adapter) {
  const std::pair<absl::string_view,
                  std::map<std::string, at::Tensor> StoredAdapter::*>
      wrappers[] = {{kBaseLayer, &StoredAdapter::base_weights},
                    {kSavedCopy, &StoredAdapter::saved_copies},
                    {kOriginal, &StoredAdapter::originals}};
  for (const auto& [infix, member] : wrappers) {
    const size_t at = name.rfind(infix);
    if (at == absl::string_view::npos) continue;
    const std::string weight =
        absl::StrCat(name.substr(0, at), ".", name.substr(at + infix.size()));
    return Keep(name, std::move(values), (adapter.*member)[weight]);
  }
  return Keep(name, std::move(values), adapter.others[std::string(name)]);
}

absl::Status AddTensor(absl::string_view stored_name, at::Tensor values,
                       StoredAdapter& adapter) {
  absl::string_view name = stored_name;
  if (!absl::ConsumePrefix(&name, kPrefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor \"", name, "\" does not begin with \"", kPrefix,
                     "\", as the names of PEFT do"));
  }
  // Written with and without ".weight" by different versions of PEFT.
  absl::string_view module = name;
  absl::ConsumeSuffix(&module, ".weight");
  if (absl::ConsumeSuffix(&module, kMagnitude)) {
    return Keep(name, std::move(values),
                adapter.factors[std::string(module)].magnitude);
  }
  const std::pair<absl::string_view, at::Tensor Factors::*> places[] = {
      {kA, &Factors::a},
      {kB, &Factors::b},
      {kEmbeddingA, &Factors::embedding_a},
      {kEmbeddingB, &Factors::embedding_b}};
  for (const auto& [suffix, member] : places) {
    module = name;
    if (!absl::ConsumeSuffix(&module, suffix)) continue;
    return Keep(name, std::move(values),
                adapter.factors[std::string(module)].*member);
  }
  if (absl::StrContains(name, ".lora_")) {
    return absl::UnimplementedError(absl::StrCat(
        "tensor \"", name,
        "\" is of a kind not known here (known: lora_A.weight, lora_B.weight, "
        "lora_embedding_A, lora_embedding_B, lora_magnitude_vector)"));
  }
  return AddFullWeight(name, std::move(values), adapter);
}

absl::StatusOr<StoredAdapter> ReadTensors(const std::string& directory) {
  const std::string path = JoinPath(directory, kAdapterWeightsFile);
  if (!FileExists(path) && FileExists(JoinPath(directory, kPickleFile))) {
    return absl::UnimplementedError(absl::StrCat(
        directory, ": only ", kPickleFile,
        ", a pickle, which can run code: save it as ", kAdapterWeightsFile));
  }
  LIMBECK_ASSIGN_OR_RETURN(const SafetensorsFile file,
                           SafetensorsFile::Open(path));
  StoredAdapter adapter;
  for (const std::string& name : file.names()) {
    LIMBECK_ASSIGN_OR_RETURN(const at::Tensor stored, file.Get(name));
    absl::StatusOr<at::Tensor> values = ToFloat(name, stored);
    if (!values.ok()) return values.status();
    LIMBECK_RETURN_IF_ERROR(AddTensor(name, *std::move(values), adapter));
  }
  return adapter;
}

absl::Status CheckFactors(absl::string_view module, const Factors& factors,
                          bool dora) {
  const bool linear = factors.a.defined() && factors.b.defined();
  const bool embedding =
      factors.embedding_a.defined() && factors.embedding_b.defined();
  const bool any_linear = factors.a.defined() || factors.b.defined();
  const bool any_embedding =
      factors.embedding_a.defined() || factors.embedding_b.defined();
  if (linear == embedding || linear != any_linear ||
      embedding != any_embedding) {
    return absl::DataLossError(
        absl::StrCat(module,
                     " needs lora_A and lora_B, or lora_embedding_A and "
                     "lora_embedding_B, and exactly one of the pairs"));
  }
  if (factors.magnitude.defined() != dora) {
    return absl::DataLossError(absl::StrCat(module, dora ? " has no" : " has a",
                                            " lora_magnitude_vector, use_dora "
                                            "is ",
                                            dora ? "true" : "false"));
  }
  const at::Tensor& a = linear ? factors.a : factors.embedding_a;
  const at::Tensor& b = linear ? factors.b : factors.embedding_b;
  if (a.dim() != 2 || b.dim() != 2 || a.size(0) != b.size(1)) {
    return absl::DataLossError(absl::StrCat(
        module, ": shapes ", c10::str(a.sizes()), " and ", c10::str(b.sizes()),
        " are no [rank, in] and [out, rank]"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoraModule> MakeModule(const std::string& name,
                                      const Factors& factors,
                                      const LoraSettings& settings) {
  LIMBECK_RETURN_IF_ERROR(CheckFactors(name, factors, settings.dora));
  LIMBECK_ASSIGN_OR_RETURN(const bool target, IsTarget(settings, name));
  if (!target) {
    return absl::InvalidArgumentError(
        absl::StrCat("module \"", name,
                     "\" has tensors, but target_modules does not name "
                     "it: PEFT would leave them out"));
  }
  LoraModule module;
  module.name = name;
  const bool embedding = factors.embedding_a.defined();
  // The rows of an embedding are looked up, not multiplied: PEFT stores its
  // factors the other way round.
  module.a = embedding ? factors.embedding_b.t().contiguous() : factors.a;
  module.b = embedding ? factors.embedding_a.t().contiguous() : factors.b;
  if (factors.magnitude.defined()) {
    module.magnitude = factors.magnitude.reshape({-1});
  }
  LIMBECK_ASSIGN_OR_RETURN(const int64_t rank, RankOf(settings, name));
  if (module.a.size(0) != rank) {
    return absl::InvalidArgumentError(absl::StrCat(
        "module \"", name, "\" has factors of rank ", module.a.size(0),
        ", adapter_config.json gives it rank ", rank));
  }
  LIMBECK_ASSIGN_OR_RETURN(module.scale, ScaleOf(settings, name, rank));
  return module;
}

std::string ModuleOf(absl::string_view weight) {
  return std::string(weight.substr(0, weight.rfind('.')));
}

// Of embeddings with another number of rows than before PEFT stores its whole
// wrapper: the trained copy a second time, and the module that the copy
// replaces, which no result depends on.
absl::Status Unwrap(const LoraSettings& settings, StoredAdapter& stored) {
  for (auto& [name, values] : stored.saved_copies) {
    if (!IsSaved(settings, ModuleOf(name))) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" is stored with \"", kSavedCopy,
                       "\", but modules_to_save does not name its module"));
    }
    const auto [plain, added] = stored.others.emplace(name, values);
    if (!added && !at::equal(plain->second, values)) {
      return absl::DataLossError(
          absl::StrCat("\"", name,
                       "\" is stored twice, by its own name and "
                       "with \"",
                       kSavedCopy, "\", with different values"));
    }
  }
  for (const auto& [name, values] : stored.originals) {
    const auto copy = stored.others.find(name);
    if (copy == stored.others.end() || !IsSaved(settings, ModuleOf(name))) {
      return absl::DataLossError(
          absl::StrCat("\"", name, "\" is stored with \"", kOriginal,
                       "\", but not the copy that replaces it"));
    }
    if (copy->second.sizes() != values.sizes()) {
      return absl::DataLossError(absl::StrCat(
          "\"", name, "\" has shape ", c10::str(copy->second.sizes()),
          ", with \"", kOriginal, "\" ", c10::str(values.sizes())));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LoraAdapter> MakeAdapter(const LoraSettings& settings,
                                        StoredAdapter stored) {
  LIMBECK_RETURN_IF_ERROR(Unwrap(settings, stored));
  LoraAdapter adapter;
  for (const auto& [name, factors] : stored.factors) {
    LIMBECK_ASSIGN_OR_RETURN(LoraModule module,
                             MakeModule(name, factors, settings));
    adapter.modules.push_back(std::move(module));
  }
  adapter.base_weights = std::move(stored.base_weights);
  for (auto& [name, values] : stored.others) {
    // What modules_to_save does not name PEFT loads into the base itself.
    const bool saved = IsSaved(settings, ModuleOf(name));
    (saved ? adapter.saved : adapter.base_weights)[name] = std::move(values);
  }
  adapter.ties_embeddings = settings.ties_embeddings;
  adapter.rank_stabilized = settings.rank_stabilized;
  adapter.target_modules = settings.target_modules;
  adapter.base_model = settings.base_model;
  if (settings.ties_embeddings && settings.dora) {
    return absl::UnimplementedError(
        "ensure_weight_tying and use_dora are both true: an embedding's "
        "magnitudes are of columns, a head's of rows, they cannot be tied");
  }
  return adapter;
}

int64_t RankOf(const LoraModule& module) { return module.a.size(0); }

double AlphaOf(const LoraModule& module, bool rank_stabilized) {
  const double rank = static_cast<double>(RankOf(module));
  return module.scale * (rank_stabilized ? std::sqrt(rank) : rank);
}

Json Number(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15
             ? Json(static_cast<int64_t>(value))
             : Json(value);
}

// The most frequent value: the fewest entries in the pattern.
template <typename Number>
Number MostFrequent(const std::map<Number, int>& counts, Number none) {
  Number best = none;
  int most = 0;
  for (const auto& [value, count] : counts) {
    if (count > most) best = value;
    most = std::max(most, count);
  }
  return best;
}

void SetRanks(const LoraAdapter& adapter, Json& json) {
  std::map<int64_t, int> ranks;
  std::map<double, int> alphas;
  for (const LoraModule& module : adapter.modules) {
    ++ranks[RankOf(module)];
    ++alphas[AlphaOf(module, adapter.rank_stabilized)];
  }
  const int64_t rank = MostFrequent<int64_t>(ranks, 1);
  const double alpha = MostFrequent<double>(alphas, 1.0);
  Json rank_pattern = Json::Object();
  Json alpha_pattern = Json::Object();
  for (const LoraModule& module : adapter.modules) {
    const double own = AlphaOf(module, adapter.rank_stabilized);
    if (RankOf(module) != rank) rank_pattern.Set(module.name, RankOf(module));
    if (own != alpha) alpha_pattern.Set(module.name, Number(own));
  }
  json.Set("r", rank);
  json.Set("lora_alpha", Number(alpha));
  json.Set("rank_pattern", std::move(rank_pattern));
  json.Set("alpha_pattern", std::move(alpha_pattern));
}

Json Names(const std::vector<std::string>& names) {
  Json list = Json::Array();
  for (const std::string& name : names) list.Push(name);
  return list;
}

Json SettingsToJson(const LoraAdapter& adapter) {
  std::vector<std::string> targets = adapter.target_modules;
  bool dora = false;
  for (const LoraModule& module : adapter.modules) {
    if (adapter.target_modules.empty()) targets.push_back(module.name);
    dora = dora || module.magnitude.defined();
  }
  std::vector<std::string> saved;
  for (const auto& [name, values] : adapter.saved) {
    const std::string module = ModuleOf(name);
    if (saved.empty() || saved.back() != module) saved.push_back(module);
  }
  const bool has_bias = std::any_of(
      adapter.base_weights.begin(), adapter.base_weights.end(),
      [](const auto& weight) { return absl::EndsWith(weight.first, "bias"); });
  Json json = Json::Object();
  json.Set("peft_type", "LORA");
  json.Set("task_type", "CAUSAL_LM");
  json.Set("base_model_name_or_path", adapter.base_model);
  json.Set("inference_mode", true);
  SetRanks(adapter, json);
  json.Set("lora_dropout", 0.0);
  json.Set("bias", has_bias ? "all" : "none");
  json.Set("fan_in_fan_out", false);
  json.Set("init_lora_weights", true);
  json.Set("target_modules", Names(targets));
  json.Set("modules_to_save", saved.empty() ? Json() : Names(saved));
  json.Set("use_rslora", adapter.rank_stabilized);
  json.Set("use_dora", dora);
  json.Set("ensure_weight_tying", adapter.ties_embeddings);
  return json;
}

std::vector<std::pair<std::string, at::Tensor>> TensorsOf(
    const LoraAdapter& adapter) {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, bool> adapted;
  const auto add = [&](absl::string_view name, const at::Tensor& values) {
    tensors[absl::StrCat(kPrefix, name)] = values.to(at::kFloat).contiguous();
  };
  for (const LoraModule& module : adapter.modules) {
    const bool embedding = module.name == kEmbeddingModule;
    adapted[module.name] = true;
    add(absl::StrCat(module.name, embedding ? kEmbeddingB : kA),
        embedding ? module.a.t() : module.a);
    add(absl::StrCat(module.name, embedding ? kEmbeddingA : kB),
        embedding ? module.b.t() : module.b);
    if (module.magnitude.defined()) {
      add(absl::StrCat(module.name, kMagnitude), module.magnitude);
    }
  }
  for (const auto& [name, values] : adapter.saved) add(name, values);
  for (const auto& [name, values] : adapter.base_weights) {
    // PEFT puts a layer of its own around a module that it adapts.
    const std::string module = ModuleOf(name);
    add(adapted.count(module) == 0
            ? name
            : absl::StrCat(module, kBaseLayer, name.substr(module.size() + 1)),
        values);
  }
  return {tensors.begin(), tensors.end()};
}

absl::Status WriteFiles(const LoraAdapter& adapter, const std::string& folder) {
  LIMBECK_RETURN_IF_ERROR(
      WriteSafetensors(JoinPath(folder, kAdapterWeightsFile),
                       TensorsOf(adapter), {{"format", "pt"}}));
  return WriteFileAtomically(JoinPath(folder, kAdapterSettingsFile),
                             WriteJsonIndented(SettingsToJson(adapter)) + "\n");
}

template <typename T>
absl::StatusOr<T> In(absl::string_view place, absl::StatusOr<T> result) {
  if (result.ok()) return result;
  return absl::Status(result.status().code(),
                      absl::StrCat(place, ": ", result.status().message()));
}

}  // namespace

absl::StatusOr<LoraSettings> ReadLoraSettings(const std::string& directory) {
  const std::string path = JoinPath(directory, kAdapterSettingsFile);
  LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(path, kMaxSettingsBytes));
  LIMBECK_ASSIGN_OR_RETURN(const Json json, In(path, ParseJson(text)));
  if (!json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " holds a JSON ", JsonKindName(json.kind()), ", not an object"));
  }
  return In(path, ParseLoraSettings(json));
}

absl::StatusOr<LoraAdapter> ReadLoraAdapter(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const LoraSettings settings,
                           ReadLoraSettings(directory));
  LIMBECK_ASSIGN_OR_RETURN(StoredAdapter stored,
                           In(directory, ReadTensors(directory)));
  return In(directory, MakeAdapter(settings, std::move(stored)));
}

absl::Status WriteLoraAdapter(const LoraAdapter& adapter,
                              const std::string& directory) {
  if (FileExists(directory)) {
    return absl::AlreadyExistsError(
        absl::StrCat(directory, " exists; name a folder that does not"));
  }
  return WriteDirectoryAtomically(directory, [&](const std::string& folder) {
    return WriteFiles(adapter, folder);
  });
}

}  // namespace limbeck
