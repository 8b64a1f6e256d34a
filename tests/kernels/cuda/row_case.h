// Rows in memory as a GPU kernel finds them, and what came of them.
#ifndef LIMBECK_TESTS_KERNELS_CUDA_ROW_CASE_H_
#define LIMBECK_TESTS_KERNELS_CUDA_ROW_CASE_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/cuda/row_plan.h"
#include "kernels/row_launch.h"
#include "tests/kernels/cuda/host_machine.h"

namespace limbeck::kernels::cuda {

// Threads of an emulated block; everything else scales with it.
inline constexpr int kHostThreads = 64;
using BulkMachine = HostMachine<kHostThreads, true>;
using PlainMachine = HostMachine<kHostThreads, false>;  // no bulk copies

enum class GradientPlace {
  kInsideLogits,  // bfloat16 in the first half of a float32 row
  kOverLogits,    // same type, same place
  kApart,
};

struct RowLayout {
  int32_t columns = 67;
  LogitType logits = LogitType::kFloat32;
  LogitType teacher = LogitType::kFloat32;
  LogitType gradient = LogitType::kFloat32;
  GradientPlace place = GradientPlace::kApart;
  int32_t padding = 5;    // columns between rows, of which the gradient has 2
  int32_t misplaced = 0;  // elements by which the matrices begin late
  bool given = true;      // the caller's rows, else those of a chunk
  int32_t largest_cluster = 16;
  double closeness = 0.0;  // teacher = student + this much noise; 0: unrelated
  double scale = 3.0;      // of the logits
};

std::ostream& operator<<(std::ostream& out, const RowLayout& layout);

// Layouts that differ in everything above, for one kind of loss.
std::vector<RowLayout> Layouts();

// Six rows of the caller: 1 and 4 are skipped and full of NaN, and the
// selection also has an entry that is no row.
class RowCase {
 public:
  static constexpr int64_t kRows = 6;
  static constexpr int64_t kEntries = 7;
  static constexpr int64_t kKept = 4;

  RowCase(const RowLayout& layout, uint64_t seed, bool with_teacher);
  RowCase(const RowCase&) = delete;
  RowCase& operator=(const RowCase&) = delete;

  const RowLaunch& launch() const { return launch_; }
  RowLaunch& launch() { return launch_; }
  static bool IsKept(int64_t row) { return row != 1 && row != 4; }

  // The values as the kernel reads them. [columns]
  const std::vector<double>& Student(int64_t row) const {
    return student_[static_cast<size_t>(row)];
  }
  const std::vector<double>& Teacher(int64_t row) const {
    return teacher_[static_cast<size_t>(row)];
  }
  int64_t Target(int64_t row) const {
    return target_[static_cast<size_t>(row)];
  }
  void SetTarget(int64_t row, int64_t target) {
    target_[static_cast<size_t>(row)] = target;
  }
  float Weight(int64_t row) const { return weight_[static_cast<size_t>(row)]; }
  // Changes the logits of a kept row before the launch.
  void SetStudent(int64_t row, const std::vector<double>& values);
  void SetTeacher(int64_t row, const std::vector<double>& values);

  // After the launch. [columns]
  std::vector<double> Gradient(int64_t row) const;
  double TokenLoss(int64_t row) const {
    return token_loss_[static_cast<size_t>(row)];
  }
  // Everything the launch may write, for comparisons of bits.
  std::string Bytes() const;
  // Empty, or what is wrong with places that are no kept row's gradient.
  std::string WhatElseChanged() const;

  // Runs Rows on the host; empty, or what went wrong.
  template <class Rows, class Machine>
  static std::string Run(const typename Rows::Arguments& arguments,
                         int64_t state_bytes, uint64_t seed, bool late_copies) {
    HostLaunch launch;
    launch.num_clusters = 2;
    launch.cluster_size = arguments.pipe.slices.cluster_size;
    launch.shared_bytes = arguments.pipe.StateOffset() + state_bytes;
    launch.seed = seed;
    launch.late_copies = late_copies;
    return RunOnHost<Rows, Machine>(launch, arguments);
  }

 private:
  int64_t MatrixRow(int64_t row) const;
  void Fill(bool with_teacher, uint64_t seed);

  RowLayout layout_;
  int64_t stride_;
  std::vector<std::vector<double>> student_;
  std::vector<std::vector<double>> teacher_;
  std::vector<uint64_t> logit_memory_;
  std::vector<uint64_t> teacher_memory_;
  std::vector<uint64_t> gradient_memory_;
  std::vector<int64_t> row_index_;
  int64_t kept_count_ = kKept;
  std::vector<int64_t> target_;
  std::vector<float> weight_;
  std::vector<double> token_loss_;
  RowLaunch launch_;
};

// |ours - reference| / max(|reference|, smallest) in the L2 norm.
double RelativeError(const std::vector<double>& ours,
                     const std::vector<double>& reference,
                     double smallest = 1e-30);

// Gradient bound of the layout, from the project's table.
double GradientTolerance(const RowLayout& layout);

// A standard normal number.
double NormalNumber(uint64_t seed, uint64_t counter);

}  // namespace limbeck::kernels::cuda

#endif  // LIMBECK_TESTS_KERNELS_CUDA_ROW_CASE_H_
