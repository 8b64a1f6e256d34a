#include "tests/kernels/cuda/row_case.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "data/base/random.h"
#include "kernels/cuda/columns.h"

namespace limbeck::kernels::cuda {
namespace {

constexpr unsigned char kUntouched = 0x5A;

double Rounded(LogitType type, double value) {
  const float single = static_cast<float>(value);
  if (type == LogitType::kFloat32) return single;
  return FloatOf(PackBfloat16(single, 0.0f) << 16);
}

std::vector<uint64_t> Memory(int64_t bytes) {
  std::vector<uint64_t> memory(static_cast<size_t>(bytes / 8 + 4));
  std::memset(memory.data(), kUntouched, memory.size() * 8);
  return memory;
}

// Its first element, 16-byte aligned but for `misplaced` elements.
char* Start(std::vector<uint64_t>& memory, int64_t misplaced_bytes) {
  const uintptr_t start = reinterpret_cast<uintptr_t>(memory.data());
  return reinterpret_cast<char*>(memory.data()) + (16 - start % 16) % 16 +
         misplaced_bytes;
}

std::vector<double> RandomRow(int32_t columns, double scale, uint64_t seed,
                              LogitType type) {
  std::vector<double> row(static_cast<size_t>(columns));
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = Rounded(type, scale * NormalNumber(seed, i));
  }
  return row;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const RowLayout& layout) {
  const auto name = [](LogitType type) {
    return type == LogitType::kFloat32 ? "f32" : "bf16";
  };
  return out << layout.columns << " columns, " << name(layout.logits) << ' '
             << name(layout.teacher) << " -> " << name(layout.gradient)
             << ", place " << static_cast<int>(layout.place) << ", padding "
             << layout.padding << ", misplaced " << layout.misplaced
             << (layout.given ? ", given" : ", chunk") << ", cluster "
             << layout.largest_cluster;
}

std::vector<RowLayout> Layouts() {
  constexpr LogitType kSingle = LogitType::kFloat32;
  constexpr LogitType kHalf = LogitType::kBfloat16;
  constexpr GradientPlace kInside = GradientPlace::kInsideLogits;
  constexpr GradientPlace kOver = GradientPlace::kOverLogits;
  constexpr GradientPlace kApart = GradientPlace::kApart;
  return {
      {1, kSingle, kSingle, kSingle, kApart, 7, 0, true},
      {3, kHalf, kSingle, kHalf, kApart, 2, 0, true},
      {67, kSingle, kSingle, kHalf, kInside, 5, 0, false},
      {2560, kSingle, kSingle, kHalf, kInside, 0, 0, false},
      {2568, kSingle, kHalf, kSingle, kOver, 8, 0, false},
      {5001, kSingle, kSingle, kHalf, kInside, 7, 0, false},
      {5001, kHalf, kHalf, kHalf, kOver, 7, 0, true},
      {4999, kHalf, kSingle, kSingle, kApart, 2, 1, true},
      {4999, kSingle, kHalf, kHalf, kApart, 3, 0, true},
      {9000, kSingle, kSingle, kHalf, kInside, 8, 0, false},
      // Longer than a cluster's memory: tile by tile.
      {6001, kSingle, kSingle, kHalf, kInside, 7, 0, false, 1},
      {6001, kSingle, kHalf, kSingle, kOver, 2, 1, false, 1},
      {6400, kHalf, kHalf, kHalf, kOver, 0, 0, true, 2},
  };
}

RowCase::RowCase(const RowLayout& layout, uint64_t seed, bool with_teacher)
    : layout_(layout), stride_(layout.columns + layout.padding) {
  const int64_t logit_bytes = BytesOf(layout.logits);
  const int64_t rows = kEntries;
  logit_memory_ = Memory(rows * stride_ * logit_bytes + 64);
  teacher_memory_ = Memory(rows * stride_ * BytesOf(layout.teacher) + 64);
  gradient_memory_ = Memory(rows * stride_ * 4 + 64);
  row_index_ = {0, 2, 3, 5, 1, -1, 4};
  target_.assign(kRows, -100);
  weight_.assign(kRows, 0.0f);
  token_loss_.assign(kRows, 0.0);
  const int64_t misplaced = layout.misplaced;
  launch_.logits = {Start(logit_memory_, misplaced * logit_bytes),
                    layout.logits, stride_};
  if (with_teacher) {
    launch_.teacher = {
        Start(teacher_memory_, misplaced * BytesOf(layout.teacher)),
        layout.teacher, stride_};
  }
  char* logits = Start(logit_memory_, misplaced * logit_bytes);
  char* apart = Start(gradient_memory_, misplaced * BytesOf(layout.gradient));
  switch (layout.place) {
    case GradientPlace::kInsideLogits:
      launch_.gradient = {logits, layout.gradient, 2 * stride_};
      break;
    case GradientPlace::kOverLogits:
      launch_.gradient = {logits, layout.gradient, stride_};
      break;
    case GradientPlace::kApart:
      launch_.gradient = {apart, layout.gradient, stride_};
      break;
  }
  launch_.num_columns = layout.columns;
  launch_.gradient_columns =
      layout.columns +
      (layout.place == GradientPlace::kApart ? std::min(2, layout.padding) : 0);
  launch_.num_rows = kEntries;
  launch_.row_index = row_index_.data();
  launch_.kept_count = &kept_count_;
  launch_.given = layout.given;
  launch_.target = target_.data();
  launch_.weight = weight_.data();
  launch_.token_loss = token_loss_.data();
  Fill(with_teacher, seed);
}

int64_t RowCase::MatrixRow(int64_t row) const {
  if (layout_.given) return row;
  for (int64_t entry = 0; entry < kEntries; ++entry) {
    if (row_index_[static_cast<size_t>(entry)] == row) return entry;
  }
  return -1;
}

void RowCase::Fill(bool with_teacher, uint64_t seed) {
  student_.resize(kRows);
  teacher_.resize(kRows);
  for (int64_t row = 0; row < kRows; ++row) {
    const uint64_t key = seed * 100 + static_cast<uint64_t>(row);
    std::vector<double> student =
        RandomRow(layout_.columns, layout_.scale, key, layout_.logits);
    std::vector<double> teacher =
        RandomRow(layout_.columns, layout_.scale, key + 50, layout_.teacher);
    if (layout_.closeness > 0.0) {
      for (size_t i = 0; i < student.size(); ++i) {
        teacher[i] =
            student[i] + layout_.closeness / layout_.scale * teacher[i];
      }
    }
    if (!IsKept(row)) {
      student.assign(student.size(), std::nan(""));
      teacher = student;
    } else {
      weight_[static_cast<size_t>(row)] =
          0.5f + static_cast<float>(RandomUniform(key, 1));
      target_[static_cast<size_t>(row)] = static_cast<int64_t>(
          RandomBelow(static_cast<uint64_t>(layout_.columns), key, 2));
    }
    SetStudent(row, student);
    if (with_teacher) SetTeacher(row, teacher);
  }
}

void RowCase::SetStudent(int64_t row, const std::vector<double>& values) {
  std::vector<double>& stored = student_[static_cast<size_t>(row)];
  stored = values;
  for (double& value : stored) value = Rounded(layout_.logits, value);
  char* matrix =
      Start(logit_memory_, layout_.misplaced * BytesOf(layout_.logits));
  void* place = matrix + MatrixRow(row) * stride_ * BytesOf(layout_.logits);
  for (size_t i = 0; i < stored.size(); ++i) {
    StoreColumn(place, layout_.logits, static_cast<int32_t>(i),
                static_cast<float>(stored[i]));
  }
}

void RowCase::SetTeacher(int64_t row, const std::vector<double>& values) {
  std::vector<double>& stored = teacher_[static_cast<size_t>(row)];
  stored = values;
  for (double& value : stored) value = Rounded(layout_.teacher, value);
  char* matrix =
      Start(teacher_memory_, layout_.misplaced * BytesOf(layout_.teacher));
  void* place = matrix + MatrixRow(row) * stride_ * BytesOf(layout_.teacher);
  for (size_t i = 0; i < stored.size(); ++i) {
    StoreColumn(place, layout_.teacher, static_cast<int32_t>(i),
                static_cast<float>(stored[i]));
  }
}

std::vector<double> RowCase::Gradient(int64_t row) const {
  const char* place =
      static_cast<const char*>(launch_.gradient.data) +
      MatrixRow(row) * launch_.gradient.stride * BytesOf(launch_.gradient.type);
  std::vector<double> gradient(static_cast<size_t>(layout_.columns));
  for (size_t i = 0; i < gradient.size(); ++i) {
    gradient[i] =
        LoadColumn(place, launch_.gradient.type, static_cast<int32_t>(i));
  }
  return gradient;
}

std::string RowCase::Bytes() const {
  std::string bytes;
  for (int64_t row = 0; row < kRows; ++row) {
    const std::vector<double> gradient = Gradient(row);
    bytes.append(reinterpret_cast<const char*>(gradient.data()),
                 gradient.size() * sizeof(double));
  }
  bytes.append(reinterpret_cast<const char*>(token_loss_.data()),
               token_loss_.size() * sizeof(double));
  return bytes;
}

std::string RowCase::WhatElseChanged() const {
  for (int64_t row = 0; row < kRows; ++row) {
    if (IsKept(row)) continue;
    if (TokenLoss(row) != 0.0) return "loss of a skipped row";
    for (const double value : Gradient(row)) {
      if (value != 0.0) return "gradient of a skipped row is not 0";
    }
  }
  const int64_t bytes = BytesOf(launch_.gradient.type);
  if (layout_.place != GradientPlace::kApart) return "";
  const int64_t used = layout_.given ? kRows : kEntries;
  for (int64_t row = 0; row < used; ++row) {
    const char* place = static_cast<const char*>(launch_.gradient.data) +
                        row * launch_.gradient.stride * bytes;
    for (int64_t i = layout_.columns; i < stride_; ++i) {
      const bool padded = i < launch_.gradient_columns;
      for (int64_t k = i * bytes; k < (i + 1) * bytes; ++k) {
        if (static_cast<unsigned char>(place[k]) != (padded ? 0 : kUntouched)) {
          return padded ? "padding is not 0" : "wrote between rows";
        }
      }
    }
  }
  return "";
}

double RelativeError(const std::vector<double>& ours,
                     const std::vector<double>& reference, double smallest) {
  double difference = 0.0;
  double size = 0.0;
  for (size_t i = 0; i < reference.size(); ++i) {
    difference += (ours[i] - reference[i]) * (ours[i] - reference[i]);
    size += reference[i] * reference[i];
  }
  return std::sqrt(difference) / std::max(std::sqrt(size), smallest);
}

double GradientTolerance(const RowLayout& layout) {
  // Half an ulp of bfloat16: a row may be little more than one value.
  return layout.gradient == LogitType::kFloat32 ? 2e-5 : 0x1.02p-8;
}

double NormalNumber(uint64_t seed, uint64_t counter) {
  const uint64_t key = RandomKey(seed, RandomPurpose::kTest);
  const double radius =
      std::sqrt(-2.0 * std::log(RandomUniform(key, counter, 0)));
  return radius *
         std::cos(2.0 * std::numbers::pi * RandomUniform(key, counter, 1));
}

}  // namespace limbeck::kernels::cuda
