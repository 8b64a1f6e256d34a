// A top-k teacher's list for one row as classes: its columns, each once, and
// the tail that stands for all other columns.
#ifndef LIMBECK_KERNELS_TOPK_CLASSES_H_
#define LIMBECK_KERNELS_TOPK_CLASSES_H_

#include <cstdint>
#include <vector>

#include "kernels/row_kernels.h"
#include "kernels/topk_math.h"

namespace limbeck::kernels {

// A column set apart: the teacher's, or the label when the teacher left it out
// (then it belongs to the tail).
struct TopKEntry {
  int64_t column;
  bool in_teacher;
  double p;
  double log_p;
  double logit;   // student's, filled by the row kernel
  double weight;  // w of the row's divergence, filled by the row kernel
};

// Reuses its buffers from row to row.
class TopKClasses {
 public:
  TopKClasses(const TopKLists& lists, Tail tail, int64_t num_columns);

  // Reads row `row` of the lists; label -1: none. False when an id or the label
  // lies outside [0, columns); -1 among the ids is padding.
  bool Collect(int64_t row, int64_t label);

  std::vector<TopKEntry>& entries() { return entries_; }
  const TailMass& tail() const { return tail_; }

 private:
  bool AddTeacher(int64_t row);
  TailFacts FactsOf(int64_t row, int64_t num_classes) const;
  void Renormalize(double total);

  TopKLists lists_;
  Tail mode_;
  int64_t num_columns_;
  std::vector<int32_t> slot_;  // column -> entry, -1: none
  std::vector<TopKEntry> entries_;
  TailMass tail_ = {};
};

}  // namespace limbeck::kernels

#endif  // LIMBECK_KERNELS_TOPK_CLASSES_H_
