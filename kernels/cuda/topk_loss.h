// Distillation from a top-k teacher as a loss of SoftmaxRows: the list's
// columns and the label are set apart and worked with in double.
#ifndef LIMBECK_KERNELS_CUDA_TOPK_LOSS_H_
#define LIMBECK_KERNELS_CUDA_TOPK_LOSS_H_

#include <cmath>
#include <cstdint>

#include "kernels/cuda/block_sums.h"
#include "kernels/cuda/label_apart.h"
#include "kernels/cuda/topk_entries.h"
#include "kernels/topk_math.h"

namespace limbeck::kernels::cuda {

struct TopKArguments {
  DistillationRule rule;
  TopKDeviceLists lists;
  int32_t num_slots;  // of the table
};

// What a row's classes and columns share.
struct TopKRow {
  MergedSoftmax tempered;  // the whole row
  MergedSoftmax plain;     // without temperature
  SoftmaxStats rest;       // columns not set apart
  SoftmaxStats plain_rest;
  SoftmaxStats tail_class;  // rest, and a label outside the list
  TailMass tail;
  double log_list_mass;  // 0: p is not renormalised
  double mix;
};

// Gradients of the columns set apart.
struct TopKGradient {
  double factor;      // weight * divergence_scale / temperature
  double weight_sum;  // W
  double tail_total;  // of the tail class
  double label_factor;
  double others;  // plain probability of all columns but the label
};

// has_plain: cross entropy has a softmax of its own.
template <bool has_plain>
struct TopKOf {
  template <class Machine>
  class Loss {
   public:
    static constexpr SoftmaxParts kParts = {.plain = has_plain};
    using Arguments = TopKArguments;
    struct State {
      BlockSumState<Machine> sums;
      ListFlags flags;
      int32_t label;  // -1: none
      SliceStats stats;
      TopKRow row;
      TopKGradient entries_gradient;
      TailGradient gradient;
      // TopKEntries follow.
    };

    LIMBECK_DEVICE_CODE Loss(const Machine& machine,
                             const SoftmaxArguments<Arguments>& arguments,
                             State& state)
        : machine_(machine), arguments_(arguments), state_(state) {}

    LIMBECK_DEVICE_CODE void Begin(int i, int /*parity*/) {
      const RowLaunch& rows = arguments_.rows;
      const int64_t row = Place(rows, i).caller_row;
      const TopKEntries entries = Entries();
      for (int32_t slot = machine_.Thread(); slot < entries.num_slots;
           slot += Machine::kThreads) {
        entries.table[slot] = -1;
      }
      if (machine_.Thread() == 0) state_.flags = {0, 0};
      machine_.Sync();
      ReadList(machine_, arguments_.loss.lists, row,
               static_cast<int32_t>(rows.num_columns), entries, state_.flags);
      machine_.Sync();
      if (state_.flags.has_repeated) SumRepeated(machine_, entries);
      if (machine_.Thread() == 0) PlaceLabel(i, entries);
      machine_.Sync();
    }

    LIMBECK_DEVICE_CODE void SetApart(const TileCells& cells, int parity) {
      const TopKEntries entries = Entries();
      for (int32_t k = machine_.Thread(); k <= entries.num_entries;
           k += Machine::kThreads) {
        SetLabelApart(cells, arguments_.rows.logits.type, kMinusInfinityBits,
                      *entries.OwnLogit(parity, k), entries.column[k]);
      }
    }

    LIMBECK_DEVICE_CODE TailGradient Finish(int i, int parity,
                                            const SliceStats& stats) {
      if (machine_.Thread() == 0) state_.stats = stats;
      GatherLogits(parity);
      MergeSoftmaxes();
      MeasureTeacher(i);
      const Sums sums = SumClasses();
      if (machine_.Thread() == 0) FinishRow(i, sums);
      machine_.Sync();
      return state_.gradient;
    }

    LIMBECK_DEVICE_CODE void WriteApart(void* out, ColumnRange slice) {
      if (IsBad()) return;
      const TopKEntries entries = Entries();
      for (int32_t k = machine_.Thread(); k <= entries.num_entries;
           k += Machine::kThreads) {
        const int32_t column = entries.column[k];
        if (column < slice.begin || column >= slice.end) continue;
        StoreColumn(out, arguments_.rows.gradient.type, column,
                    static_cast<float>(EntryGradient(entries, k)));
      }
    }

   private:
    LIMBECK_DEVICE_CODE const DistillationRule& Rule() const {
      return arguments_.loss.rule;
    }
    LIMBECK_DEVICE_CODE TopKEntries Entries() const {
      return EntriesAt(reinterpret_cast<char*>(&state_ + 1),
                       static_cast<int32_t>(arguments_.loss.lists.num_entries),
                       arguments_.loss.num_slots);
    }
    LIMBECK_DEVICE_CODE bool IsBad() const { return state_.flags.is_bad != 0; }

    // By thread 0: where the label is set apart.
    LIMBECK_DEVICE_CODE void PlaceLabel(int i, const TopKEntries& entries) {
      entries.column[entries.num_entries] = -1;
      state_.label = -1;
      if (Rule().cross_entropy_share == 0.0) return;
      state_.label = LabelOf(arguments_.rows, i);
      if (state_.label < 0) {
        state_.flags.is_bad = 1;
      } else if (!Contains(entries, state_.label)) {
        entries.column[entries.num_entries] = state_.label;
      }
    }

    LIMBECK_DEVICE_CODE void GatherLogits(int parity) {
      const TopKEntries entries = Entries();
      for (int32_t k = machine_.Thread(); k <= entries.num_entries;
           k += Machine::kThreads) {
        if (entries.column[k] < 0) continue;
        const int owner = arguments_.pipe.slices.Owner(entries.column[k]);
        entries.logit[k] = *machine_.Remote(entries.OwnLogit(parity, k), owner);
      }
    }

    // Rest and columns set apart to one softmax; all threads.
    LIMBECK_DEVICE_CODE void MergeSoftmaxes() {
      const TopKEntries entries = Entries();
      float own_max = -kInfinity;
      for (int32_t k = machine_.Thread(); k <= entries.num_entries;
           k += Machine::kThreads) {
        if (entries.column[k] >= 0) own_max = fmaxf(own_max, entries.logit[k]);
      }
      const double max = BlockMax(machine_, state_.sums, own_max);
      const double scale =
          EffectiveInverseTemperature(arguments_.scales.exponent);
      const double plain_scale = EffectiveInverseTemperature(kLog2E);
      const double base = max == -INFINITY ? 0.0 : max;
      Sums own;
      for (int32_t k = machine_.Thread(); k <= entries.num_entries;
           k += Machine::kThreads) {
        if (entries.column[k] < 0) continue;
        const double above = static_cast<double>(entries.logit[k]) - base;
        own.sum[0] += std::exp(above * scale);
        if constexpr (has_plain) own.sum[1] += std::exp(above * plain_scale);
      }
      const Sums sums = BlockSum(machine_, state_.sums, own);
      if (machine_.Thread() == 0) Merge({max, sums.sum[0]}, {max, sums.sum[1]});
    }

    // By thread 0.
    LIMBECK_DEVICE_CODE void Merge(const SoftmaxStats& apart,
                                   const SoftmaxStats& plain_apart) {
      TopKRow& row = state_.row;
      const double scale =
          EffectiveInverseTemperature(arguments_.scales.exponent);
      row.rest = InLogits(state_.stats.tempered, arguments_.scales.exponent);
      row.tempered = Merged(row.rest, apart, scale);
      row.plain_rest = row.rest;
      row.plain = row.tempered;
      if constexpr (has_plain) {
        row.plain_rest = InLogits(state_.stats.plain, kLog2E);
        row.plain = Merged(row.plain_rest, plain_apart,
                           EffectiveInverseTemperature(kLog2E));
      }
      row.tail_class = row.rest;
      const TopKEntries entries = Entries();
      if (entries.column[entries.num_entries] >= 0) {
        const double logit = entries.logit[entries.num_entries];
        row.tail_class = kernels::Merge(row.rest, {logit, 1.0}, scale);
      }
    }

    // The teacher's own sums; all threads. Ends with a Sync.
    LIMBECK_DEVICE_CODE void MeasureTeacher(int i) {
      const TopKEntries entries = Entries();
      Sums own;
      for (int32_t k = machine_.Thread(); k < entries.num_entries;
           k += Machine::kThreads) {
        if (entries.column[k] < 0) continue;
        own.sum[0] += entries.p[k];
        own.sum[1] += 1.0;
      }
      const Sums sums = BlockSum(machine_, state_.sums, own);
      if (machine_.Thread() == 0) {
        const TopKDeviceLists& lists = arguments_.loss.lists;
        const bool is_given = lists.tail_logprob != nullptr;
        const int64_t row = Place(arguments_.rows, i).caller_row;
        const double num_columns =
            static_cast<double>(arguments_.rows.num_columns);
        state_.row.tail = MeasureTail(
            {Rule().tail, sums.sum[0], sums.sum[1] == 0.0,
             sums.sum[1] == num_columns, is_given,
             is_given ? lists.tail_logprob[row] : 0.0, lists.smallest_tail});
        state_.row.log_list_mass =
            Rule().tail == Tail::kRenormalized ? std::log(sums.sum[0]) : 0.0;
      }
      machine_.Sync();
      if (Rule().kind == Divergence::kAdaptiveKl) MeasureMix();
      if (machine_.Thread() == 0 && Rule().kind != Divergence::kAdaptiveKl) {
        state_.row.mix = Rule().mix;
      }
      machine_.Sync();
    }

    // Adaptive KL: the head are the largest p, ties by place in the list, the
    // tail last. All threads.
    LIMBECK_DEVICE_CODE void MeasureMix() {
      const TopKEntries entries = Entries();
      const TopKRow& row = state_.row;
      Sums own;
      for (int32_t k = machine_.Thread(); k <= entries.num_entries;
           k += Machine::kThreads) {
        const bool is_tail = k == entries.num_entries;
        if (is_tail ? !row.tail.exists : entries.column[k] < 0) continue;
        const double p = is_tail ? row.tail.p : entries.p[k];
        const double q = is_tail ? row.tempered.Share(row.tail_class)
                                 : row.tempered.Prob(entries.logit[k]);
        const double gap = p > q ? p - q : q - p;
        own.sum[1] += gap;
        if (IsInHead(entries, k, p)) own.sum[0] += gap;
      }
      const Sums sums = BlockSum(machine_, state_.sums, own);
      if (machine_.Thread() == 0) {
        state_.row.mix = 1.0 - ForwardShare(sums.sum[0], sums.sum[1]);
      }
    }

    LIMBECK_DEVICE_CODE bool IsInHead(const TopKEntries& entries, int32_t k,
                                      double p) const {
      double mass = p;
      bool is_first = true;
      for (int32_t j = 0; j <= entries.num_entries; ++j) {
        const bool is_tail = j == entries.num_entries;
        if (j == k ||
            (is_tail ? !state_.row.tail.exists : entries.column[j] < 0)) {
          continue;
        }
        const double other = is_tail ? state_.row.tail.p : entries.p[j];
        if (other > p || (other == p && j < k)) {
          is_first = false;
          mass += other;
        }
      }
      return is_first || mass <= Rule().mix;
    }

    // Fills w of the list; sums of loss, w, and plain q but the label's.
    LIMBECK_DEVICE_CODE Sums SumClasses() {
      const TopKEntries entries = Entries();
      const TopKRow& row = state_.row;
      Sums own;
      for (int32_t k = machine_.Thread(); k <= entries.num_entries;
           k += Machine::kThreads) {
        if (entries.column[k] < 0) continue;
        const double logit = entries.logit[k];
        if (entries.column[k] != state_.label) {
          own.sum[2] += row.plain.Prob(logit);
        }
        if (k == entries.num_entries || !row.tail.has_teacher) continue;
        const PairTerm<double> term = ClassTerm(
            Rule(), entries.p[k] * std::exp(-row.log_list_mass),
            FloorLog(entries.log_p[k] - row.log_list_mass),
            row.tempered.Prob(logit), row.tempered.LogProb(logit), row.mix);
        entries.weight[k] = term.weight;
        own.sum[0] += term.loss;
        own.sum[1] += term.weight;
      }
      return BlockSum(machine_, state_.sums, own);
    }

    // By thread 0: the tail class, the loss, and what the gradient needs.
    LIMBECK_DEVICE_CODE void FinishRow(int i, const Sums& list) {
      const RowLaunch& rows = arguments_.rows;
      const int64_t caller_row = Place(rows, i).caller_row;
      TopKRow& row = state_.row;
      double loss = list.sum[0];
      double weight_sum = list.sum[1];
      double tail_weight = 0.0;
      if (row.tail.exists && row.tail.has_teacher) {
        const PairTerm<double> term =
            ClassTerm(Rule(), row.tail.p, row.tail.log_p,
                      row.tempered.Share(row.tail_class),
                      row.tempered.LogShare(row.tail_class), row.mix);
        loss += term.loss;
        weight_sum += term.weight;
        tail_weight = term.weight;
      }
      loss *= Rule().divergence_scale;
      if (state_.label >= 0) {
        loss -= Rule().cross_entropy_share * row.plain.LogProb(LabelLogit());
      }
      if (machine_.Rank() == 0) {
        rows.token_loss[caller_row] = IsBad() ? NAN : loss;
      }
      const double weight = WeightOf(rows, caller_row);
      const double factor =
          weight * Rule().divergence_scale / Rule().temperature;
      state_.entries_gradient = {
          factor, weight_sum,
          factor *
              (tail_weight - row.tempered.Share(row.tail_class) * weight_sum),
          weight * Rule().cross_entropy_share,
          list.sum[2] + row.plain.Share(row.plain_rest)};
      SetTailGradient();
    }

    LIMBECK_DEVICE_CODE double LabelLogit() const {
      const TopKEntries entries = Entries();
      for (int32_t k = 0; k <= entries.num_entries; ++k) {
        if (entries.column[k] == state_.label) return entries.logit[k];
      }
      return NAN;
    }

    // The tail class's gradient at a column of it.
    LIMBECK_DEVICE_CODE double TailGradientAt(double logit) const {
      const SoftmaxStats& tail = state_.row.tail_class;
      if (tail.sum == 0.0) return 0.0;
      return state_.entries_gradient.tail_total *
             std::exp((logit - tail.max) *
                      EffectiveInverseTemperature(arguments_.scales.exponent)) /
             tail.sum;
    }

    LIMBECK_DEVICE_CODE void SetTailGradient() {
      const TopKRow& row = state_.row;
      TailGradient& gradient = state_.gradient;
      gradient.subtrahend = Subtrahend(state_.stats.tempered.max);
      gradient.plain_subtrahend = Subtrahend(state_.stats.plain.max);
      const double constant =
          row.rest.sum == 0.0 ? 0.0 : TailGradientAt(row.rest.max);
      const double plain = row.plain_rest.sum == 0.0
                               ? 0.0
                               : state_.entries_gradient.label_factor *
                                     row.plain.Share(row.plain_rest) /
                                     row.plain_rest.sum;
      gradient.constant = static_cast<float>(IsBad()     ? NAN
                                             : has_plain ? constant
                                                         : constant + plain);
      gradient.plain = static_cast<float>(has_plain ? plain : 0.0);
    }

    LIMBECK_DEVICE_CODE double EntryGradient(const TopKEntries& entries,
                                             int32_t k) const {
      const TopKGradient& row = state_.entries_gradient;
      const double logit = entries.logit[k];
      const double w = state_.row.tail.has_teacher ? entries.weight[k] : 0.0;
      const double divergence =
          k == entries.num_entries
              ? TailGradientAt(logit)
              : row.factor *
                    (w - state_.row.tempered.Prob(logit) * row.weight_sum);
      if (state_.label < 0) return divergence;
      if (entries.column[k] == state_.label) {
        return divergence - row.label_factor * row.others;
      }
      return divergence + row.label_factor * state_.row.plain.Prob(logit);
    }

    const Machine& machine_;
    const SoftmaxArguments<Arguments>& arguments_;
    State& state_;
  };
};

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_TOPK_LOSS_H_
