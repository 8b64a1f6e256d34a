// A top-k teacher's list for one row in shared memory: its columns, each once,
// and the label when the teacher left it out.
#ifndef LIMBECK_KERNELS_CUDA_TOPK_ENTRIES_H_
#define LIMBECK_KERNELS_CUDA_TOPK_ENTRIES_H_

#include <cmath>
#include <cstdint>

#include "kernels/cuda/architecture.h"
#include "kernels/cuda/row_slices.h"
#include "kernels/row_math.h"
#include "kernels/topk_distillation_launch.h"

namespace limbeck::kernels::cuda {

// Slots of the table that finds repeated ids: at least twice the entries.
constexpr int32_t TableSlots(int64_t num_entries) {
  int32_t slots = 64;
  while (slots < 2 * num_entries) slots *= 2;
  return slots;
}

// Arrays of num_entries + 1, the last entry being the label if it is not in the
// list; doubles first, so that all are aligned.
struct TopKEntries {
  double* p;
  double* log_p;
  double* weight;     // w of the divergence
  float* logit;       // of this row, gathered from the cluster
  float* own_logits;  // twice, by parity, of columns in the block's own slice
  int32_t* column;    // -1: padding, repeated, or no label
  int32_t* table;
  int32_t num_entries;
  int32_t num_slots;

  LIMBECK_DEVICE_CODE float* OwnLogit(int parity, int32_t entry) const {
    return own_logits + parity * (num_entries + 1) + entry;
  }
};

constexpr int64_t TopKEntryBytes(int64_t num_entries) {
  return (num_entries + 1) * (3 * 8 + 4 * 4) + TableSlots(num_entries) * 4;
}

LIMBECK_DEVICE_CODE TopKEntries EntriesAt(char* memory, int32_t num_entries,
                                          int32_t num_slots) {
  const int32_t length = num_entries + 1;
  TopKEntries entries;
  entries.p = reinterpret_cast<double*>(memory);
  entries.log_p = entries.p + length;
  entries.weight = entries.log_p + length;
  entries.logit = reinterpret_cast<float*>(entries.weight + length);
  entries.own_logits = entries.logit + length;
  entries.column = reinterpret_cast<int32_t*>(entries.own_logits + 2 * length);
  entries.table = entries.column + length;
  entries.num_entries = num_entries;
  entries.num_slots = num_slots;
  return entries;
}

LIMBECK_DEVICE_CODE int64_t ListedId(const TopKDeviceLists& lists, int64_t row,
                                     int32_t entry) {
  const int64_t place = row * lists.num_entries + entry;
  return lists.ids_are_int32 ? static_cast<const int32_t*>(lists.ids)[place]
                             : static_cast<const int64_t*>(lists.ids)[place];
}

LIMBECK_DEVICE_CODE uint32_t FirstSlot(int32_t column, int32_t num_slots) {
  return static_cast<uint32_t>(column) * 0x9E3779B1u >> 7 &
         static_cast<uint32_t>(num_slots - 1);
}

// False: the column was in the table before.
template <class Machine>
LIMBECK_DEVICE_CODE bool Insert(const Machine& machine,
                                const TopKEntries& entries, int32_t column) {
  const uint32_t mask = static_cast<uint32_t>(entries.num_slots - 1);
  for (uint32_t slot = FirstSlot(column, entries.num_slots);;
       slot = (slot + 1) & mask) {
    const int32_t before =
        machine.CompareAndSwap(&entries.table[slot], -1, column);
    if (before == -1) return true;
    if (before == column) return false;
  }
}

LIMBECK_DEVICE_CODE bool Contains(const TopKEntries& entries, int32_t column) {
  const uint32_t mask = static_cast<uint32_t>(entries.num_slots - 1);
  for (uint32_t slot = FirstSlot(column, entries.num_slots);;
       slot = (slot + 1) & mask) {
    if (entries.table[slot] == column) return true;
    if (entries.table[slot] == -1) return false;
  }
}

// What reading a list may find.
struct ListFlags {
  int32_t is_bad;        // an id out of range
  int32_t has_repeated;  // ids
};

// Fills column, p and log_p from the caller's row. All threads; flags are set
// to 0 before. A Sync must follow.
template <class Machine>
LIMBECK_DEVICE_CODE void ReadList(const Machine& machine,
                                  const TopKDeviceLists& lists, int64_t row,
                                  int32_t num_columns,
                                  const TopKEntries& entries,
                                  ListFlags& flags) {
  for (int32_t k = machine.Thread(); k < entries.num_entries;
       k += Machine::kThreads) {
    const int64_t id = ListedId(lists, row, k);
    const bool is_column = id >= 0 && id < num_columns;
    if (!is_column && id != -1) flags.is_bad = 1;
    const double log_p = lists.logprobs[row * lists.num_entries + k];
    entries.column[k] = is_column ? static_cast<int32_t>(id) : -1;
    entries.p[k] = std::exp(log_p);
    entries.log_p[k] = FloorLog(log_p);
    if (is_column && !Insert(machine, entries, static_cast<int32_t>(id))) {
      flags.has_repeated = 1;
    }
  }
}

// Sums the probabilities of repeated ids into their first entry and drops the
// others. All threads; begins and ends with a Sync.
template <class Machine>
LIMBECK_DEVICE_CODE void SumRepeated(const Machine& machine,
                                     const TopKEntries& entries) {
  machine.Sync();
  for (int32_t k = machine.Thread(); k < entries.num_entries;
       k += Machine::kThreads) {
    const int32_t column = entries.column[k];
    bool is_first = true;
    for (int32_t j = 0; j < k; ++j) is_first &= entries.column[j] != column;
    entries.weight[k] = is_first ? 1.0 : 0.0;  // lent until w is known
    if (!is_first || column < 0) continue;
    double sum = entries.p[k];
    for (int32_t j = k + 1; j < entries.num_entries; ++j) {
      if (entries.column[j] == column) sum += entries.p[j];
    }
    entries.p[k] = sum;
    entries.log_p[k] = FloorLog(std::log(sum));
  }
  machine.Sync();
  for (int32_t k = machine.Thread(); k < entries.num_entries;
       k += Machine::kThreads) {
    if (entries.weight[k] == 0.0) entries.column[k] = -1;
  }
  machine.Sync();
}

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_KERNELS_CUDA_TOPK_ENTRIES_H_
