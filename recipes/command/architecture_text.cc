#include "recipes/command/architecture_text.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "student/config/config_json.h"
#include "student/config/config_rope.h"

namespace limbeck {
namespace {

std::string ParametersText(const ModelConfig& config) {
  std::string text =
      absl::StrFormat("%s, %d parameters stored as %s", config.model_type,
                      config.NumParameters(), config.dtype);
  if (config.experts) {
    absl::StrAppend(&text, ", ", config.NumActiveParameters(),
                    " of them for each token");
  }
  if (config.fp8_blocks) {
    absl::StrAppend(&text, "\nmatrices as float8 e4m3 in blocks of ",
                    config.fp8_blocks->rows, " x ", config.fp8_blocks->columns);
  }
  if (config.num_prediction_layers > 0) {
    absl::StrAppend(&text, "\n", config.num_prediction_layers,
                    config.num_prediction_layers == 1 ? " layer" : " layers",
                    " for predicting further tokens, not used");
  }
  return absl::StrCat(text, "\n");
}

std::string SizesText(const ModelConfig& config) {
  return absl::StrFormat(
      "%d layers, hidden %d, heads %d (%d for keys), head size %d, "
      "feed-forward %d, vocabulary %d%s\n",
      config.num_layers, config.hidden_size, config.num_heads,
      config.num_kv_heads, config.head_dim, config.intermediate_size,
      config.vocab_size, config.tied_head ? ", tied head" : "");
}

std::string LatentText(const ModelConfig& config) {
  if (!config.latent) return "";
  const LatentAttention& latent = *config.latent;
  return absl::StrCat(
      "latent attention: keys and values from ", latent.kv_rank,
      " numbers, queries from ",
      latent.q_rank > 0 ? absl::StrCat(latent.q_rank) : "the hidden state",
      "; of each head ", latent.nope_dim, " channels as they are and ",
      latent.rope_dim, " rotated ",
      config.rope_interleaved ? "in neighbouring pairs" : "in halves",
      ", values ", latent.value_dim, "\n");
}

std::string ExpertsText(const ModelConfig& config) {
  if (!config.experts) return "";
  const ExpertMixture& experts = *config.experts;
  if (experts.first_layer >= config.num_layers) {
    return "experts: in no layer\n";
  }
  std::string text = absl::StrCat("experts: ", experts.num_experts,
                                  " of width ", experts.intermediate_size,
                                  " from layer ", experts.first_layer,
                                  " on, for each token ", experts.num_chosen);
  if (experts.num_groups > 1) {
    absl::StrAppend(&text, " out of ", experts.num_chosen_groups, " of ",
                    experts.num_groups, " groups");
  }
  absl::StrAppend(&text, " and ", experts.num_shared, " shared; weights ",
                  experts.normalize ? "that sum to " : "times ",
                  experts.scaling);
  return absl::StrCat(text, "\n");
}

std::string AttentionText(const ModelConfig& config) {
  std::vector<std::string> parts;
  if (config.qkv_bias) {
    parts.emplace_back(config.o_bias ? "biases of q, k, v and o"
                                     : "biases of q, k and v");
  }
  if (config.qk_norm) parts.emplace_back("norms of the heads of q and k");
  if (config.sliding_window > 0) {
    parts.push_back(absl::StrCat(
        "a token sees the last ", config.sliding_window, " in ",
        config.first_sliding_layer > 0
            ? absl::StrCat("layers from ", config.first_sliding_layer, " on")
            : "all layers"));
  }
  return parts.empty() ? "" : absl::StrCat(absl::StrJoin(parts, ", "), "\n");
}

std::string ScalingText(const RopeScaling& scaling) {
  if (scaling.type == RopeType::kDefault) return "";
  std::string text = absl::StrCat(", ", RopeTypeName(scaling.type),
                                  " scaling by ", scaling.factor);
  const auto add = [&](absl::string_view name,
                       const std::optional<double>& value) {
    if (value) absl::StrAppend(&text, ", ", name, " ", *value);
  };
  if (scaling.type == RopeType::kLinear) {
    add("mscale_all_dim", scaling.mscale_all_dim);
    return text;
  }
  absl::StrAppend(&text, " of ", scaling.original_max_positions, " positions");
  if (scaling.type == RopeType::kLlama3) {
    absl::StrAppend(&text, " (low ", scaling.low_freq_factor, ", high ",
                    scaling.high_freq_factor);
    add("mscale_all_dim", scaling.mscale_all_dim);
    return absl::StrCat(text, ")");
  }
  absl::StrAppend(&text, " (beta ", scaling.beta_fast, " to ",
                  scaling.beta_slow, scaling.truncate ? "" : ", not truncated");
  add("attention factor", scaling.attention_factor);
  add("mscale", scaling.mscale);
  add("mscale_all_dim", scaling.mscale_all_dim);
  return absl::StrCat(text, ")");
}

std::string PositionsText(const ModelConfig& config) {
  return absl::StrFormat(
      "%d positions, rope theta %.10g%s%s, %s\n", config.max_positions,
      config.rope_theta, ScalingText(config.rope_scaling),
      config.bos_id < 0 ? "" : absl::StrCat(", begins ", config.bos_id),
      config.eos_ids.empty()
          ? "no ends"
          : absl::StrCat("ends ", absl::StrJoin(config.eos_ids, ", ")));
}

bool IsSamplingSetting(const JsonMember& member) {
  const std::string& key = member.first;
  return !absl::EndsWith(key, "_token_id") && !absl::StartsWith(key, "_") &&
         key != "transformers_version" && !member.second.is_null();
}

// Other programs sample with these settings unless they are told otherwise.
std::string GenerationText(const ModelConfig& config) {
  if (!config.original_generation.is_object()) return "";
  std::vector<std::string> settings;
  for (const JsonMember& member : config.original_generation.object()) {
    if (!IsSamplingSetting(member)) continue;
    settings.push_back(absl::StrCat(ShownSetting(member.first), " ",
                                    ShownSetting(WriteJson(member.second))));
  }
  if (settings.empty()) return "";
  std::string text =
      absl::StrCat("generation_config.json: ", absl::StrJoin(settings, ", "),
                   "\n  transformers and vLLM take these by default; here "
                   "options alone decide\n");
  const Json* penalty = config.original_generation.Find("repetition_penalty");
  if (penalty != nullptr && penalty->is_number() && penalty->number() != 1.0) {
    absl::StrAppend(&text,
                    "  repetition_penalty is not applied: the model's own "
                    "probabilities are sampled and stored\n");
  }
  return text;
}

}  // namespace

std::string ArchitectureText(const ModelConfig& config) {
  return absl::StrCat(ParametersText(config), SizesText(config),
                      LatentText(config), ExpertsText(config),
                      AttentionText(config), PositionsText(config),
                      GenerationText(config));
}

}  // namespace limbeck
