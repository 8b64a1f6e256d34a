// All of it in double: k is small, and 1 - sum p must not cancel further.
#include "kernels/topk_classes.h"

#include <algorithm>
#include <cmath>

#include "kernels/row_math.h"

namespace limbeck::kernels {

TopKClasses::TopKClasses(const TopKLists& lists, Tail tail, int64_t num_columns)
    : lists_(lists),
      mode_(tail),
      num_columns_(num_columns),
      slot_(static_cast<size_t>(num_columns), -1) {}

bool TopKClasses::Collect(int64_t row, int64_t label) {
  entries_.clear();
  tail_ = {};
  const bool valid = AddTeacher(row);
  const int64_t num_classes = static_cast<int64_t>(entries_.size());
  if (valid && label >= 0 && label < num_columns_ &&
      slot_[static_cast<size_t>(label)] < 0) {
    entries_.push_back({label, false, 0.0, 0.0, 0.0, 0.0});
  }
  for (const TopKEntry& entry : entries_) {
    slot_[static_cast<size_t>(entry.column)] = -1;
  }
  if (!valid || label >= num_columns_ || label < -1) return false;
  const TailFacts facts = FactsOf(row, num_classes);
  if (mode_ == Tail::kRenormalized) Renormalize(facts.list_mass);
  tail_ = MeasureTail(facts);
  return true;
}

bool TopKClasses::AddTeacher(int64_t row) {
  const int64_t* ids = lists_.ids + row * lists_.num_entries;
  const double* logprobs = lists_.logprobs + row * lists_.num_entries;
  for (int64_t k = 0; k < lists_.num_entries; ++k) {
    if (ids[k] == -1) continue;
    if (ids[k] < 0 || ids[k] >= num_columns_) return false;
    int32_t& slot = slot_[static_cast<size_t>(ids[k])];
    const double p = std::exp(logprobs[k]);
    if (slot < 0) {
      slot = static_cast<int32_t>(entries_.size());
      entries_.push_back({ids[k], true, p, FloorLog(logprobs[k]), 0.0, 0.0});
    } else {
      TopKEntry& entry = entries_[static_cast<size_t>(slot)];
      entry.p += p;
      entry.log_p = FloorLog(std::log(entry.p));
    }
  }
  return true;
}

TailFacts TopKClasses::FactsOf(int64_t row, int64_t num_classes) const {
  TailFacts facts;
  facts.mode = mode_;
  facts.list_mass = 0.0;
  for (const TopKEntry& entry : entries_) facts.list_mass += entry.p;
  facts.list_is_empty = num_classes == 0;
  facts.covers_all = num_classes == num_columns_;
  facts.is_given = lists_.tail_logprob != nullptr;
  facts.given_log_p = facts.is_given ? lists_.tail_logprob[row] : -INFINITY;
  facts.smallest_tail = lists_.smallest_tail;
  return facts;
}

void TopKClasses::Renormalize(double total) {
  const double log_total = std::log(total);
  for (TopKEntry& entry : entries_) {
    if (!entry.in_teacher) continue;
    entry.p /= total;
    entry.log_p = FloorLog(entry.log_p - log_total);
  }
}

}  // namespace limbeck::kernels
