// Spreads groups of tokens over threads.

#include <algorithm>

#include "kernels/cpu/lanes_math.h"
#include "kernels/decode/decode.h"
#include "kernels/decode/decode_workspace.h"
#include "kernels/parallel/parallel_for.h"

namespace limbeck::kernels {
namespace {

// The groups of a run with their memory.
struct GroupSet {
  std::vector<float> workspace;
  std::vector<int64_t> chosen;
  std::vector<DecodeGroup> groups;
};

GroupSet MakeGroups(const DecodeModel& model,
                    const std::vector<DecodeToken>& tokens,
                    const std::vector<float*>& results, int64_t lanes) {
  const int64_t count = static_cast<int64_t>(tokens.size());
  const int64_t num_groups = (count + lanes - 1) / lanes;
  const int64_t floats = DecodeWorkspace(model);
  GroupSet set;
  const int64_t experts = model.choice.num_chosen;
  set.workspace.resize(static_cast<size_t>(num_groups * floats));
  set.chosen.resize(static_cast<size_t>(num_groups * experts));
  for (int64_t g = 0; g < num_groups; ++g) {
    const int64_t first = g * lanes;
    set.groups.push_back({.tokens = tokens.data() + first,
                          .count = std::min(lanes, count - first),
                          .workspace = set.workspace.data() + g * floats,
                          .results = results.data() + first,
                          .chosen = set.chosen.data() + g * experts});
  }
  return set;
}

template <typename Body>
void ForEachGroup(const GroupSet& set, const Body& body) {
  ParallelFor(0, static_cast<int64_t>(set.groups.size()), 1,
              [&](int64_t begin, int64_t end) {
                for (int64_t g = begin; g < end; ++g) {
                  body(set.groups[static_cast<size_t>(g)]);
                }
              });
}

}  // namespace

int64_t DecodeWorkspace(const DecodeModel& model) {
  return RoundUp(LaneFloats(model) * kScratchPadding + TokenFloats(model),
                 kScratchPadding);
}

void DecodeTokens(const DecodeModel& model,
                  const std::vector<DecodeToken>& tokens,
                  const std::vector<float*>& results,
                  const CpuKernels& kernels) {
  const GroupSet set = MakeGroups(model, tokens, results, kernels.lanes);
  ForEachGroup(set, [&](const DecodeGroup& group) {
    kernels.decode_embed(model, group);
    for (int64_t layer = 0; layer < model.num_blocks; ++layer) {
      kernels.decode_keys_and_values(model, group, layer);
      kernels.decode_mix(model, group, layer);
    }
    kernels.decode_logits(model, group);
  });
}

void PrefillTokens(const DecodeModel& model,
                   const std::vector<DecodeToken>& tokens, float* final_hidden,
                   const CpuKernels& kernels) {
  std::vector<float*> results(tokens.size(), nullptr);
  results.back() = final_hidden;
  const GroupSet set = MakeGroups(model, tokens, results, kernels.lanes);
  ForEachGroup(set, [&](const DecodeGroup& group) {
    kernels.decode_embed(model, group);
    kernels.decode_keys_and_values(model, group, 0);
  });
  // Each round ends for all groups before the next begins: a block reads the
  // keys and values that all earlier tokens have in that block.
  for (int64_t layer = 0; layer < model.num_blocks; ++layer) {
    ForEachGroup(set, [&](const DecodeGroup& group) {
      kernels.decode_mix(model, group, layer);
      if (layer + 1 == model.num_blocks) return;
      kernels.decode_keys_and_values(model, group, layer + 1);
    });
  }
  kernels.decode_final_hidden(model, set.groups.back());
}

}  // namespace limbeck::kernels
